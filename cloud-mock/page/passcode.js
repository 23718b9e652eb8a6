/* passcode.js - the code on a label as a person types it, and the label's link.
 *
 * Ten digits, the last of them Damm's check digit: a slip is found here, before
 * one of the device's few tries is used up.  docs/label.md has the rules, and
 * agent/identity/passcode.h the factory's side. */

const DIGITS = 10;

/* A totally anti-symmetric quasigroup with zeros on its diagonal. */
const TABLE = ["0317598642", "7092154863", "4206871359", "1750983426",
  "6123045978", "3674209581", "5869720134", "8945362017", "9438617205",
  "2581436790"];

/** The digit to put behind these digits; "0" when the last is already right. */
export function checkDigit(digits) {
  return [...digits].reduce((interim, d) => TABLE[interim][d], "0");
}

/** "2718281828" as "271 828 182 8"; also while it is being typed. */
export function grouped(code) {
  return code.replace(/(\d{3})(?=\d)/g, "$1 ");
}

/** What a person typed: {code}, or {fault}: words that say what to do.  Spaces,
 * dashes and dots between the digits are fine. */
export function parse(text) {
  const code = text.normalize("NFKC").replace(/[\s.\-\u2010-\u2015]/g, "");
  const foreign = code.match(/[^0-9]/u);
  if (foreign) {
    return { fault: `“${foreign[0]}” is not a digit; the code has digits only` };
  }
  if (code.length !== DIGITS) {
    return { fault: code.length === 0
      ? "type the ten digits that stand on the label"
      : `that is ${code.length} digit${code.length === 1 ? "" : "s"}; the ` +
        `code on the label has ${DIGITS}` };
  }
  if (checkDigit(code) !== "0") {
    return { fault: "one digit is wrong, or two have changed places; compare " +
      "it with the label once more (no try was used up)" };
  }
  return { code };
}

const THING = /^[a-zA-Z0-9_:-]{1,128}$/;
const HIT = /^2001002[0-9a-f]{25}$/;

/** What a label's link says behind its "#": {thing, hit, code}, or null.  It
 * stays in the browser: fragments are never sent to a server. */
export function readFragment(fragment) {
  const said = new URLSearchParams(fragment.replace(/^#/, ""));
  const thing = said.get("t"), hit = said.get("h"), code = said.get("c");
  const fine = THING.test(thing ?? "") && HIT.test(hit ?? "") &&
    parse(code ?? "").code === code;
  return fine ? { thing, hit, code } : null;
}
