/* test_passcode.mjs - a code as people type it, by the values that the
 * factory's tests use; and the link of a label. */

import fs from "node:fs";
import path from "node:path";
import { checkDigit, grouped, parse, readFragment }
  from "../../cloud-mock/page/passcode.js";
import { assert, main, test } from "./tap.mjs";
import { TOP } from "./world.mjs";

const header = fs.readFileSync(
  path.join(TOP, "tests/unit/passcode_vectors.h"), "utf8");
const codes = (name) => header.match(
  new RegExp(`#define PASSCODE_${name}\\b[^{]*{([^}]*)}`))[1].match(/\d{10}/g);
const RIGHT = [...codes("RIGHT"), ...codes("TRIVIAL"), ...codes("NEARLY")];

test("the check digit is the factory's", () => {
  assert.equal(checkDigit("572"), "4");
  assert.ok(RIGHT.length > 20);
  for (const code of RIGHT) {
    assert.equal(checkDigit(code.slice(0, 9)), code[9]);
    assert.deepEqual(parse(code), { code });
  }
});

test("every wrong digit and every swap is told before a try is used", () => {
  for (const code of RIGHT) {
    for (let at = 0; at < 10; at++) {
      for (const c of "0123456789") {
        const typed = code.slice(0, at) + c + code.slice(at + 1);
        if (c === code[at]) continue;
        assert.match(parse(typed).fault, /one digit is wrong/);
      }
      if (at === 9 || code[at] === code[at + 1]) continue;
      const swapped = code.slice(0, at) + code[at + 1] + code[at] +
        code.slice(at + 2);
      assert.match(parse(swapped).fault, /changed places/);
    }
  }
});

test("spaces, dashes and dots are fine, and so are other keyboards", () => {
  for (const text of [" 271 828 182 5 ", "271-828-182-5", "271.828.182.5",
    "271\u2011828\u2013182\u20145", "271\u00a0828\u2009182\n5",
    "２７１８２８１８２５"]) {
    const { code } = parse(text.replaceAll("5", RIGHT[0][9])
      .replaceAll("５", RIGHT[0][9]));
    assert.equal(code, RIGHT[0], text);
  }
});

test("what is no code is told in words", () => {
  assert.match(parse("").fault, /ten digits/);
  assert.match(parse("  ").fault, /ten digits/);
  assert.match(parse("1").fault, /that is 1 digit;/);
  assert.match(parse("271 828 182").fault, /that is 9 digits;/);
  assert.match(parse("271 828 182 50").fault, /that is 11 digits;/);
  assert.match(parse("27I8281825").fault, /“I” is not a digit/);
  assert.match(parse("271828182😀").fault, /“😀” is not a digit/);
});

test("a code is shown in groups, also half of it", () => {
  assert.equal(grouped("2718281825"), "271 828 182 5");
  assert.equal(grouped("2718"), "271 8");
  assert.equal(grouped("271"), "271");
  assert.equal(grouped(""), "");
});

test("a label's link says which device, whose key, and its code", () => {
  const hit = "20010022d8d1235bc0eecd63fe8dd1df";
  const thing = "acme:thermo-1:S-1_2fa";
  const link = `#t=${thing}&h=${hit}&c=${RIGHT[0]}`;
  assert.deepEqual(readFragment(link), { thing, hit, code: RIGHT[0] });
  for (const bad of ["", "#", "#/things", link.replace("&h", "&x"),
    link.replace("2001002", "2001003"), link.replace(RIGHT[0], "2718281820"),
    link.replace(thing, "a/b"), link.replace(thing, "x".repeat(129)),
    link.replace(RIGHT[0], RIGHT[0].slice(1)), link.toUpperCase()]) {
    assert.equal(readFragment(bad), null, bad);
  }
});

await main();
