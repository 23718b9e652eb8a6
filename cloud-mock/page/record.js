/* record.js - who owns a device: the signed record of docs/ownership.md. */

import { decode, encode, hash, same, sha256, text, utf8 } from "./bytes.js";
import { verify } from "./keystore.js";
import { isObject } from "./value.js";

const BYTES_MOST = 16384, OWNERS_MOST = 8, MEMBERS_MOST = 32;

export const ROLES = ["viewer", "operator", "owner"];

const signed = (bytes) => hash("nameplate-record-v1", bytes);

/** The text of the record after `before` (as read() gives it, or null; bytes
 * null: only its epoch is known). */
export async function write(before, { act, thing, hit, owner = null,
  recovery = null, members = [], at = Date.now() }) {
  const previous = before?.bytes
    ? encode(await sha256(before.bytes)) : null;
  return JSON.stringify({ v: 1, act, thing, hit,
    epoch: (before?.record.epoch ?? 0) + 1, previous, at, owner, recovery,
    members });
}

/** One signer's {key, signature} under a text. */
export async function signature(content, signer) {
  return { key: signer.point,
    signature: await signer.sign(await signed(utf8(content))) };
}

/** The Envelope: a text with all its signatures. */
export function envelope(content, signatures) {
  return { record: encode(utf8(content)), signatures };
}

export async function sign(content, ...signers) {
  return envelope(content,
    await Promise.all(signers.map((s) => signature(content, s))));
}

const isPoint = (key) => {
  try {
    return decode(key, 65)[0] === 4;
  } catch {
    return false;
  }
};

function wellFormed(r, { thing, hit }) {
  const keys = r.owner === null ? [] : r.owner?.keys;
  if (r.v !== 1 || r.thing !== thing || (hit && r.hit !== hit) ||
      !Number.isSafeInteger(r.epoch) || r.epoch < 1) return false;
  if (!Array.isArray(keys) || !Array.isArray(r.members)) return false;
  if (keys.length > OWNERS_MOST || r.members.length > MEMBERS_MOST) return false;
  const all = [...keys, ...r.members.map((m) => isObject(m) ? m.key : null)];
  return all.every(isPoint) && new Set(all).size === all.length &&
    r.members.every((m) => m.role === "viewer" || m.role === "operator");
}

/** An Envelope as {record, bytes, signers}; throws when its form is wrong, it
 * is another device's, or a signature is not valid. */
export async function read(given, { thing, hit }) {
  const bytes = decode(given?.record);
  if (bytes.length > BYTES_MOST) throw new Error("the record is too long");
  const record = JSON.parse(text(bytes));
  if (!isObject(record) || !wellFormed(record, { thing, hit })) {
    throw new Error("the record is not this device's, or malformed");
  }
  const wanted = await signed(bytes);
  const signers = [];
  for (const s of Array.isArray(given.signatures) ? given.signatures : []) {
    if (s.device === true) continue; // its own word: the device proves itself
    if (!await verify(decode(s.key, 65), decode(s.signature, 64), wanted)) {
      throw new Error("a signature of the record is wrong");
    }
    signers.push(s.key);
  }
  return { record, bytes, signers };
}

/** "owner", "operator", "viewer" or null: what the record gives this key. */
export function roleOf(record, point) {
  if (record?.owner?.keys.includes(point)) return "owner";
  return record?.members.find((m) => m.key === point)?.role ?? null;
}

/** The next record's fields, as the present one has them. */
export function fieldsOf({ record }) {
  return { act: "share", thing: record.thing, hit: record.hit,
    owner: record.owner, recovery: record.recovery, members: record.members };
}

/** Is `next` the very record that follows `before`? */
export async function follows(next, before) {
  return next.record.epoch === before.record.epoch + 1 &&
    next.record.previous !== null &&
    same(decode(next.record.previous, 32), await sha256(before.bytes));
}
