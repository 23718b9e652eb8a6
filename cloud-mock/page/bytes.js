/* bytes.js - base64url, and the hashes of docs/ownership.md. */

/** @param {Uint8Array} bytes */
export function encode(bytes) {
  let text = "";
  for (const b of bytes) text += String.fromCharCode(b);
  return btoa(text).replaceAll("+", "-").replaceAll("/", "_")
    .replaceAll("=", "");
}

/** The bytes, exactly: throws when it is no base64url, or not `length` long. */
export function decode(text, length) {
  if (typeof text !== "string" || !/^[\w-]*$/.test(text)) {
    throw new Error("not base64url");
  }
  const bytes = Uint8Array.from(atob(text.replaceAll("-", "+")
    .replaceAll("_", "/")), (c) => c.charCodeAt(0));
  if (encode(bytes) !== text) throw new Error("not base64url");
  if (length !== undefined && bytes.length !== length) {
    throw new Error(`expected ${length} bytes, got ${bytes.length}`);
  }
  return bytes;
}

export const utf8 = (text) => new TextEncoder().encode(text);
export const text = (bytes) =>
  new TextDecoder("utf-8", { fatal: true }).decode(bytes);

export function join(...parts) {
  const out = new Uint8Array(parts.reduce((sum, p) => sum + p.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

/** F(): each part, text or bytes, behind its length (8 bytes little-endian). */
export function framed(...parts) {
  return join(...parts.flatMap((part) => {
    const bytes = typeof part === "string" ? utf8(part) : part;
    const length = new Uint8Array(8);
    new DataView(length.buffer).setUint32(0, bytes.length, true);
    return [length, bytes];
  }));
}

export async function sha256(bytes) {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
}

/** H(): SHA-256 of F(). */
export const hash = (...parts) => sha256(framed(...parts));

export function random(length) {
  return crypto.getRandomValues(new Uint8Array(length));
}

export function same(a, b) {
  return a.length === b.length && a.every((byte, i) => byte === b[i]);
}

/** HKDF (RFC 5869) with SHA-256 and no salt. */
export async function hkdf(secret, info, length) {
  const key = await crypto.subtle.importKey("raw", secret, "HKDF", false,
    ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF",
    hash: "SHA-256", salt: new Uint8Array(),
    info: typeof info === "string" ? utf8(info) : info }, key, 8 * length));
}

const hmacKey = (bytes) => crypto.subtle.importKey("raw", bytes,
  { name: "HMAC", hash: "SHA-256" }, false, ["sign"]);

const hmac = async (key, bytes) =>
  new Uint8Array(await crypto.subtle.sign("HMAC", key, bytes));

/** A salt as a key that no script can read again. */
export const saltKey = hmacKey;

/** HKDF with a salt that is such a key. */
export async function hkdfWith(salt, secret, info, length) {
  const key = await hmacKey(await hmac(salt, secret));
  let out = new Uint8Array(), last = new Uint8Array();
  for (let i = 1; out.length < length; i++) {
    last = await hmac(key, join(last, info, Uint8Array.of(i)));
    out = join(out, last);
  }
  return out.subarray(0, length);
}
