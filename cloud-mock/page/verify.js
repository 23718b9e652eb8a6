/* verify.js - is this certificate a genuine device's?  A reader of X.509 (RFC
 * 5280) for the chains of the factory, and the Host Identity Tag of a key
 * (docs/identity.md).  What it does not understand it refuses. */

import { bits, children, oid, single, TAG, time, unsigned }
  from "./der.js";
import { join, same } from "./bytes.js";

const NAMES = { "2.5.4.10": "vendor", "2.5.4.11": "model", "2.5.4.5": "serial",
  "2.5.4.3": "thing" };
const CURVES = {
  "1.2.840.10045.3.1.7": { name: "P-256", size: 32, id: 1, hash: "SHA-256" },
  "1.3.132.0.34": { name: "P-384", size: 48, id: 2, hash: "SHA-384" },
};
const EC = "1.2.840.10045.2.1", RSA = "1.2.840.113549.1.1.1";
const SIGNED_WITH = {
  "1.2.840.10045.4.3.2": { kind: "EC", hash: "SHA-256" },
  "1.2.840.10045.4.3.3": { kind: "EC", hash: "SHA-384" },
  "1.2.840.113549.1.1.11": { kind: "RSA", hash: "SHA-256" },
  "1.2.840.113549.1.1.12": { kind: "RSA", hash: "SHA-384" },
};
/* Critical ones that are judged here, or that bind no device's chain more. */
const KNOWN = ["2.5.29.19", "2.5.29.15", "2.5.29.37", "2.5.29.30"];
const CHAIN_MOST = 8;

function readName(e) {
  const name = {};
  for (const set of children(e)) {
    for (const pair of children(set, TAG.set)) {
      const [type, value] = children(pair);
      const key = NAMES[oid(type)];
      if (key === undefined) continue;
      if (key in name) throw new Error("a name stands twice in a subject");
      name[key] = new TextDecoder("utf-8", { fatal: true }).decode(value.bytes);
    }
  }
  return name;
}

function readKey(e) {
  const [algorithm, key] = children(e);
  const [kind, parameter] = children(algorithm);
  if (oid(kind) === EC) {
    const curve = CURVES[oid(parameter)];
    const point = bits(key);
    if (!curve || point.length !== 1 + 2 * curve.size || point[0] !== 4) {
      throw new Error("a curve or a point that is not understood");
    }
    return { kind: "EC", curve, point, spki: e.whole };
  }
  if (oid(kind) !== RSA) throw new Error("a kind of key that is not understood");
  const [modulus, exponent] = children(single(bits(key), TAG.sequence));
  return { kind: "RSA", modulus: unsigned(modulus),
    exponent: unsigned(exponent), spki: e.whole };
}

/* {ca, limit, signs}: what basicConstraints and keyUsage allow. */
function readExtensions(e) {
  const may = { ca: false, limit: Infinity, signs: true };
  for (const one of e ? children(single(e.bytes, TAG.sequence)) : []) {
    const parts = children(one);
    const id = oid(parts[0]);
    const critical = parts.length === 3 && parts[1].bytes[0] === 0xff;
    const value = parts[parts.length - 1].bytes;
    if (critical && !KNOWN.includes(id)) {
      throw new Error(`a critical extension that is not understood: ${id}`);
    }
    if (id === "2.5.29.19") {
      const [ca, limit] = children(single(value, TAG.sequence));
      may.ca = ca?.tag === TAG.boolean && ca.bytes[0] === 0xff;
      if (limit) may.limit = unsigned(limit)[0];
    }
    if (id === "2.5.29.15") {
      may.signs = (single(value, TAG.bits).bytes[1] & 0x04) !== 0;
    }
  }
  return may;
}

/** A certificate, read but not believed. */
export function readCertificate(der) {
  const [body, algorithm, signature] = children(single(der, TAG.sequence));
  const parts = children(body);
  if (parts[0].tag !== 0xa0) throw new Error("a certificate before version 3");
  const [, , inner, issuer, dates, subject, key] = parts;
  const [from, to] = children(dates);
  if (!same(inner.whole, algorithm.whole)) {
    throw new Error("two signature algorithms in one certificate");
  }
  return { der, body: body.whole, signature: bits(signature),
    signedWith: SIGNED_WITH[oid(children(algorithm)[0])],
    issuer: issuer.whole, subject: subject.whole, name: readName(subject),
    from: time(from), to: time(to), key: readKey(key),
    ...readExtensions(parts.find((p) => p.tag === 0xa3)) };
}

/* ECDSA-Sig-Value in DER as r||s. */
function rawSignature(der, size) {
  const fit = (number) => {
    if (number.length > size) throw new Error("a signature is too long");
    return join(new Uint8Array(size - number.length), number);
  };
  const [r, s] = children(single(der, TAG.sequence)).map(unsigned);
  return join(fit(r), fit(s));
}

async function isSignedBy(certificate, issuer) {
  const how = certificate.signedWith, key = issuer.key;
  if (!how || how.kind !== key.kind) return false;
  const ec = key.kind === "EC";
  const algorithm = ec ? { name: "ECDSA", namedCurve: key.curve.name }
    : { name: "RSASSA-PKCS1-v1_5", hash: how.hash };
  const imported = await crypto.subtle.importKey("spki", key.spki, algorithm,
    false, ["verify"]);
  return crypto.subtle.verify(ec ? { name: "ECDSA", hash: how.hash }
    : algorithm, imported,
  ec ? rawSignature(certificate.signature, key.curve.size)
    : certificate.signature, certificate.body);
}

/** Did the device's key sign these 32 bytes?  As docs/ownership.md wants it:
 * ECDSA r||s with the curve's hash, or RSA-PSS with SHA-256 and salt 32. */
export async function isSignature({ key }, signature, bytes) {
  const ec = key.kind === "EC";
  const algorithm = ec ? { name: "ECDSA", namedCurve: key.curve.name }
    : { name: "RSA-PSS", hash: "SHA-256" };
  const imported = await crypto.subtle.importKey("spki", key.spki, algorithm,
    false, ["verify"]);
  return crypto.subtle.verify(ec ? { name: "ECDSA", hash: key.curve.hash }
    : { name: "RSA-PSS", saltLength: 32 }, imported, signature, bytes);
}

/* --- chains --------------------------------------------------------------- */

function fault(certificate, issuer, depth, leaf, now) {
  if (!same(certificate.issuer, issuer.subject)) {
    return "a certificate names another issuer";
  }
  if (!issuer.ca || !issuer.signs || issuer.limit < depth) {
    return "a certificate was signed by one that may not sign it";
  }
  if (now < issuer.from || now > issuer.to) return "a CA is not valid now";
  if (issuer.name.vendor !== leaf.name.vendor) return "a CA of another vendor";
  if (issuer.name.model !== undefined && issuer.name.model !== leaf.name.model) {
    return "a CA of another model";
  }
  return "";
}

/** The leaf, when its chain (DER of the leaf, then of each CA above) leads to
 * one of `anchors` (certificates as read above) of its own vendor; throws in
 * words.  `now` in milliseconds. */
export async function verifyChain(chain, anchors, now = Date.now()) {
  if (!Array.isArray(chain) || chain.length < 1 || chain.length > CHAIN_MOST) {
    throw new Error("expected a chain of 1 to 8 certificates");
  }
  const all = chain.map(readCertificate), leaf = all[0];
  if (leaf.ca) throw new Error("the device's certificate is a CA's");
  if (now < leaf.from || now > leaf.to) {
    throw new Error("the device's certificate is not valid now");
  }
  for (const key of Object.values(NAMES)) {
    if (!leaf.name[key]) throw new Error(`the certificate names no ${key}`);
  }
  for (let i = 0; i < all.length; i++) {
    const known = anchors.find((a) => same(a.subject, all[i].issuer));
    const issuer = known ?? all[i + 1];
    if (!issuer) throw new Error("the chain leads to no vendor that is known");
    const why = fault(all[i], issuer, i, leaf, now);
    if (why) throw new Error(why);
    if (!await isSignedBy(all[i], issuer)) {
      throw new Error("a certificate's signature is wrong");
    }
    if (known) return leaf;
  }
  throw new Error("the chain leads to no vendor that is known");
}

/** The certificates of a PEM text. */
export function readPem(text) {
  const found = text.matchAll(
    /-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]*)-----END CERTIFICATE-----/g);
  return [...found].map(([, body]) => readCertificate(Uint8Array.from(
    atob(body.replace(/\s/g, "")), (c) => c.charCodeAt(0))));
}

/* --- the Host Identity Tag ------------------------------------------------ */

const CONTEXT = Uint8Array.of(0xf0, 0xef, 0xf0, 0x2f, 0xbf, 0xf4, 0x3d, 0x0f,
  0xe7, 0x93, 0x0c, 0x3c, 0x6e, 0x61, 0x74, 0xea);

/** The 16 bytes of a certificate key's HIT. */
export async function hitOf({ key }) {
  const ec = key.kind === "EC";
  const e = key.exponent;
  const identity = ec ? join(Uint8Array.of(0, key.curve.id),
    key.point.subarray(1)) : join(Uint8Array.of(e.length), e, key.modulus);
  const digest = new Uint8Array(await crypto.subtle.digest(
    ec ? "SHA-384" : "SHA-256", join(CONTEXT, identity)));
  const middle = (digest.length - 12) / 2;
  return join(Uint8Array.of(0x20, 0x01, 0x00, ec ? 0x22 : 0x21),
    digest.subarray(middle, middle + 12));
}

