/* spake2plus.js - SPAKE2+ (RFC 9383), the side that knows the pass code.
 *
 * Suite P256-SHA256-HKDF-SHA256-HMAC-SHA256; the curve is @noble/curves', the
 * rest WebCrypto's.  docs/claim-crypto.md says what is bound to what; the
 * device's side is agent/identity/spake2plus.h. */

import { weierstrass } from "@noble/curves/abstract/weierstrass.js";

/* SEC 2, secp256r1.  Only the group: its signatures and hashing to the curve
 * would double the size. */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const Point = weierstrass({
  p: 0xffffffff00000001000000000000000000000000ffffffffffffffffffffffffn,
  n: N,
  h: 1n,
  a: 0xffffffff00000001000000000000000000000000fffffffffffffffffffffffcn,
  b: 0x5ac635d8aa3a93e7b3ebbd55769886bc651d06b0cc53b0f63bce3c3e27d2604bn,
  Gx: 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n,
  Gy: 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n,
});

/* RFC 9383 section 4. */
const M = Point.fromHex(
  "02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f");
const MASK_N = Point.fromHex(
  "03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49");

const SHARE_BYTES = 65;
const WIDE_BYTES = 40; // RFC 9383 section 3.2: 64 bits more than n has
const ITERATIONS_LEAST = 100000;
const ITERATIONS_MOST = 2000000;

/** `reason` is "code" (the other side knows another code, or a message was
 * changed on the way) or "message" (what came is no answer of this protocol). */
export class ExchangeError extends Error {
  constructor(reason, words) {
    super(words);
    this.name = "ExchangeError";
    this.reason = reason;
  }
}

const utf8 = (part) => typeof part === "string"
  ? new TextEncoder().encode(part) : part;

/* Each part behind its length, 8 bytes, little-endian. */
function framed(parts) {
  const all = parts.map(utf8);
  const out = new Uint8Array(all.reduce((sum, p) => sum + 8 + p.length, 0));
  let at = 0;
  for (const part of all) {
    new DataView(out.buffer).setUint32(at, part.length, true);
    out.set(part, at + 8);
    at += 8 + part.length;
  }
  return out;
}

function numberOf(bytes) {
  let hex = "0x0";
  for (const b of bytes) hex += b.toString(16).padStart(2, "0");
  return BigInt(hex);
}

function bytesOf(number) {
  const hex = number.toString(16).padStart(64, "0");
  return Uint8Array.from(hex.match(/../g), (pair) => parseInt(pair, 16));
}

async function hkdf(key, info, bytes) {
  const material = await crypto.subtle.importKey("raw", key, "HKDF", false,
    ["deriveBits"]);
  return new Uint8Array(await crypto.subtle.deriveBits({ name: "HKDF",
    hash: "SHA-256", salt: new Uint8Array(), info: utf8(info) }, material,
  8 * bytes));
}

function hmacKey(key) {
  return crypto.subtle.importKey("raw", key, { name: "HMAC", hash: "SHA-256" },
    false, ["sign", "verify"]);
}

/** From the code (its ten digits) to the secrets {w0, w1}; as
 * agent/identity/spake2plus_record.h.  It takes a moment, on purpose.
 * @param {{code: string, prover: string, verifier: string, salt: Uint8Array,
 *   iterations: number}} given salt and iterations as the device tells them */
export async function stretch({ code, prover, verifier, salt, iterations }) {
  if (!(iterations >= ITERATIONS_LEAST && iterations <= ITERATIONS_MOST)) {
    throw new ExchangeError("message", `the device asks for ${iterations} ` +
      `iterations; ${ITERATIONS_LEAST} to ${ITERATIONS_MOST} are fine`);
  }
  const material = await crypto.subtle.importKey("raw",
    framed([code, prover, verifier]), "PBKDF2", false, ["deriveBits"]);
  const key = await crypto.subtle.deriveBits({ name: "PBKDF2",
    hash: "SHA-256", salt, iterations }, material, 256);
  const wide = await hkdf(key, "nameplate pass code", 2 * WIDE_BYTES);
  return { w0: numberOf(wide.subarray(0, WIDE_BYTES)) % N,
    w1: numberOf(wide.subarray(WIDE_BYTES)) % N };
}

/* Uniform in 1 to n - 1; what is above is drawn again. */
function randomScalar() {
  for (;;) {
    const x = numberOf(crypto.getRandomValues(new Uint8Array(32)));
    if (x > 0n && x < N) return x;
  }
}

/** Begin a run; `share` is what to send.  `x` is given by tests only. */
export function start(secrets, x = randomScalar()) {
  const share = Point.BASE.multiply(x).add(M.multiply(secrets.w0))
    .toBytes(false);
  return { ...secrets, x, share };
}

function pointOf(bytes) {
  try {
    if (bytes.length !== SHARE_BYTES) throw new Error("its length is wrong");
    return Point.fromBytes(bytes); // on the curve, and not infinity
  } catch (error) {
    throw new ExchangeError("message",
      `the device's share is no point of the curve (${error.message})`);
  }
}

/* RFC 9383 section 3.4. */
async function keysOf(run, names, theirs, share) {
  const Z = theirs.multiply(run.x), V = theirs.multiply(run.w1);
  const main = await crypto.subtle.digest("SHA-256", framed([names.context,
    names.prover, names.verifier, M.toBytes(false), MASK_N.toBytes(false),
    run.share, share, Z.toBytes(false), V.toBytes(false), bytesOf(run.w0)]));
  const confirm = await hkdf(main, "ConfirmationKeys", 64);
  return { mine: await hmacKey(confirm.subarray(0, 32)),
    theirs: await hmacKey(confirm.subarray(32)),
    shared: await hkdf(main, "SharedKey", 32) };
}

/** Judge the device's answer {share, confirm}: gives {confirm, key}, what to
 * send and the agreed key, or throws an ExchangeError: then send nothing.
 * @param {{context: Uint8Array, prover: string, verifier: string}} names */
export async function finish(run, names, { share, confirm }) {
  const masked = pointOf(share).subtract(MASK_N.multiply(run.w0));
  if (masked.is0()) {
    throw new ExchangeError("message", "the device's share is empty");
  }
  const keys = await keysOf(run, names, masked, share);
  if (!await crypto.subtle.verify("HMAC", keys.theirs, confirm, run.share)) {
    throw new ExchangeError("code", "the code is not this device's, or " +
      "somebody between changed a message");
  }
  return { key: keys.shared, confirm: new Uint8Array(
    await crypto.subtle.sign("HMAC", keys.mine, share)) };
}

/** The public key of this private one (32 bytes): 65 bytes. */
export function publicKey(secret) {
  return Point.BASE.multiply(numberOf(secret)).toBytes(false);
}

/** A private key from 48 random bytes: their number modulo (n - 1), plus 1. */
export function secretFrom(wide) {
  return bytesOf(numberOf(wide) % (N - 1n) + 1n);
}
