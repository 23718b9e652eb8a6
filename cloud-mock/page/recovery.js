/* recovery.js - the code that brings an owner back: 26 letters and digits
 * (Crockford's base 32), from which a signing key is made. */

import { encode, hkdf, join, random } from "./bytes.js";
import { signerOf } from "./keystore.js";
import { publicKey, secretFrom } from "./spake2plus.js";

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const LENGTH = 26;
const P256 = { name: "ECDSA", namedCurve: "P-256" };

export const newCode = () => write(random(16));

/** 16 bytes as a code; two zero bits are put before them. */
export function write(bytes) {
  let number = 0n, code = "";
  for (const b of bytes) number = number << 8n | BigInt(b);
  for (let i = 0; i < LENGTH; i++) {
    code = LETTERS[Number(number & 31n)] + code;
    number >>= 5n;
  }
  return code;
}

/** "ABCD EFGH ...": as it is shown. */
export const grouped = (code) => code.replace(/(.{4})(?=.)/g, "$1 ");

/** What a person typed: {bytes}, or {fault}. */
export function read(typed) {
  const code = typed.toUpperCase().replace(/[\s-]/g, "").replaceAll("O", "0")
    .replace(/[IL]/g, "1");
  if (code.length !== LENGTH) {
    return { fault: `that is ${code.length} letters and digits; a recovery` +
      ` code has ${LENGTH}` };
  }
  let number = 0n;
  for (const letter of code) {
    const value = LETTERS.indexOf(letter);
    if (value < 0) return { fault: `“${letter}” is in no recovery code` };
    number = number << 5n | BigInt(value);
  }
  if (number >> 128n) return { fault: "a recovery code begins with 0 to 7" };
  const bytes = new Uint8Array(16);
  for (let i = 15; i >= 0; i--, number >>= 8n) bytes[i] = Number(number & 255n);
  return { bytes };
}

/** The signer behind a code's 16 bytes, as keystore.js has them. */
export async function signer(bytes) {
  const secret = secretFrom(await hkdf(bytes, "nameplate-recovery-v1", 48));
  const point = publicKey(secret);
  const jwk = { kty: "EC", crv: "P-256", x: encode(point.subarray(1, 33)),
    y: encode(point.subarray(33)) };
  return signerOf({
    publicKey: await crypto.subtle.importKey("raw", point, P256, true,
      ["verify"]),
    privateKey: await crypto.subtle.importKey("jwk", { ...jwk,
      d: encode(join(secret)) }, P256, false, ["sign"]),
  });
}
