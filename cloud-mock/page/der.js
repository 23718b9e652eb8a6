/* der.js - just enough DER (X.690) to read a certificate.  Lengths are checked
 * against what is there; what is not minimal is refused. */

export const TAG = { integer: 2, bits: 3, octets: 4, oid: 6, sequence: 0x30,
  set: 0x31, utcTime: 0x17, time: 0x18, boolean: 1 };

/** One element: {tag, bytes (its content), whole (with its head), next (where
 * the following one begins)}. */
function element(bytes, at) {
  if (at + 2 > bytes.length) throw new Error("DER ends too early");
  const tag = bytes[at];
  let length = bytes[at + 1], start = at + 2;
  if (length >= 0x80) {
    const count = length & 0x7f;
    if (count < 1 || count > 3 || start + count > bytes.length) {
      throw new Error("DER length is not understood");
    }
    length = 0;
    for (let i = 0; i < count; i++) length = length * 256 + bytes[start++];
    if (length < 0x80 || length < 2 ** (8 * (count - 1))) {
      throw new Error("DER length is not minimal");
    }
  }
  const next = start + length;
  if (next > bytes.length) throw new Error("DER ends too early");
  return { tag, bytes: bytes.subarray(start, next),
    whole: bytes.subarray(at, next), next };
}

/** The elements of a constructed one's content. */
export function elements(bytes) {
  const found = [];
  for (let at = 0; at < bytes.length;) {
    const e = element(bytes, at);
    found.push(e);
    at = e.next;
  }
  return found;
}

/** The one element that fills these bytes. */
export function single(bytes, tag) {
  const e = element(bytes, 0);
  if (e.next !== bytes.length || e.tag !== tag) {
    throw new Error("not the DER element that was expected");
  }
  return e;
}

/** The children of an element that must have this tag. */
export function children(e, tag = TAG.sequence) {
  if (e?.tag !== tag) throw new Error("not the DER element that was expected");
  return elements(e.bytes);
}

/** "2.5.4.10" */
export function oid(e) {
  if (e?.tag !== TAG.oid || e.bytes.length === 0) throw new Error("no OID");
  const numbers = [];
  let n = 0;
  for (const b of e.bytes) {
    n = n * 128 + (b & 0x7f);
    if (b < 0x80) {
      numbers.push(n);
      n = 0;
    }
  }
  const first = Math.min(2, Math.floor(numbers[0] / 40));
  return [first, numbers[0] - 40 * first, ...numbers.slice(1)].join(".");
}

/** Milliseconds; UTCTime or GeneralizedTime, always "Z". */
export function time(e) {
  const s = String.fromCharCode(...e.bytes);
  const found = /^(\d{2}|\d{4})(\d{2})(\d{2})(\d{2})(\d{2})(\d{2})Z$/.exec(s);
  const long = e.tag === TAG.time;
  if (!found || (found[1].length === 4) !== long ||
      (!long && e.tag !== TAG.utcTime)) throw new Error("no time");
  const year = long ? Number(found[1])
    : Number(found[1]) + (Number(found[1]) < 50 ? 2000 : 1900);
  return Date.UTC(year, found[2] - 1, found[3], found[4], found[5], found[6]);
}

/** The bytes of a BIT STRING without unused bits. */
export function bits(e) {
  if (e?.tag !== TAG.bits || e.bytes[0] !== 0) throw new Error("no BIT STRING");
  return e.bytes.subarray(1);
}

/** A non-negative INTEGER without leading zeros. */
export function unsigned(e) {
  if (e?.tag !== TAG.integer || e.bytes.length === 0 || e.bytes[0] & 0x80) {
    throw new Error("no unsigned INTEGER");
  }
  return e.bytes[0] === 0 && e.bytes.length > 1 ? e.bytes.subarray(1) : e.bytes;
}
