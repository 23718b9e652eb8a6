/* played_device.mjs - a device's side of docs/ownership.md, written from the
 * document alone: a counterpart of the page and of the agent that shares no
 * code with either.  Pure but for its keys: `handle` takes a command's request
 * and gives its response; what it says unasked goes to `say(topic, json)`. */

import crypto from "node:crypto";
import { p256 } from "@noble/curves/nist.js";

const { Point } = p256;
const N = Point.Fn.ORDER;
const M = Point.fromHex(
  "02886e2f97ace46e55ba9dd7242579f2993b64e16ef3dcab95afd497333d8fa12f");
const MASK_N = Point.fromHex(
  "03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49");

export const b64 = (bytes) => Buffer.from(bytes).toString("base64url");
export const unb64 = (text) => Buffer.from(text, "base64url");

/** F() and H() of the document. */
export function framed(...parts) {
  return Buffer.concat(parts.flatMap((part) => {
    const bytes = Buffer.from(part);
    const length = Buffer.alloc(8);
    length.writeUInt32LE(bytes.length);
    return [length, bytes];
  }));
}
const sha256 = (bytes) => crypto.createHash("sha256").update(bytes).digest();
export const hash = (...parts) => sha256(framed(...parts));
const hmac = (key, bytes) =>
  crypto.createHmac("sha256", key).update(bytes).digest();
const hkdf = (key, salt, info, length) =>
  Buffer.from(crypto.hkdfSync("sha256", key, salt, info, length));
const number = (bytes) => BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
const bytesOf = (n) => Buffer.from(n.toString(16).padStart(64, "0"), "hex");

const CONTEXT_ID = Buffer.from("f0eff02fbff43d0fe7930c3c6e6174ea", "hex");

function publicPoint(key) {
  const { x, y } = crypto.createPublicKey(key).export({ format: "jwk" });
  return Buffer.concat([Buffer.of(4), unb64(x), unb64(y)]);
}

/** The HIT of a key: P-256, P-384 or RSA (docs/identity.md). */
export function hitOf(key) {
  const jwk = crypto.createPublicKey(key).export({ format: "jwk" });
  const rsa = jwk.kty === "RSA";
  const identity = rsa
    ? [Buffer.of(unb64(jwk.e).length), unb64(jwk.e), unb64(jwk.n)]
    : [Buffer.of(0, jwk.crv === "P-384" ? 2 : 1), publicPoint(key).subarray(1)];
  const digest = crypto.createHash(rsa ? "sha256" : "sha384")
    .update(Buffer.concat([CONTEXT_ID, ...identity])).digest();
  const middle = (digest.length - 12) / 2;
  return Buffer.concat([Buffer.from(rsa ? "20010021" : "20010022", "hex"),
    digest.subarray(middle, middle + 12)]);
}

/* docs/ownership.md: r||s with the curve's hash, or PSS with a salt of 32. */
function proofOf(key, bytes) {
  if (key.asymmetricKeyType === "rsa") {
    return crypto.sign("sha256", bytes, { key, saltLength: 32,
      padding: crypto.constants.RSA_PKCS1_PSS_PADDING });
  }
  const { crv } = crypto.createPublicKey(key).export({ format: "jwk" });
  return crypto.sign(crv === "P-384" ? "sha384" : "sha256", bytes,
    { key, dsaEncoding: "ieee-p1363" });
}

function keyOfPoint(point) {
  return crypto.createPublicKey({ format: "jwk", key: { kty: "EC",
    crv: "P-256", x: b64(point.subarray(1, 33)), y: b64(point.subarray(33)) } });
}

function signed(point, signature, bytes) {
  try {
    return crypto.verify("sha256", bytes,
      { key: keyOfPoint(unb64(point)), dsaEncoding: "ieee-p1363" },
      unb64(signature));
  } catch {
    return false;
  }
}

/** What the factory gives a device for a pass code: {w0, L, salt, iterations}. */
export function verifierOf(code, thing, iterations = 100000) {
  const salt = crypto.randomBytes(16);
  const key = crypto.pbkdf2Sync(framed(code, "user", thing), salt, iterations,
    32, "sha256");
  const wide = hkdf(key, "", "nameplate pass code", 80);
  return { w0: number(wide.subarray(0, 40)) % N, salt, iterations,
    L: Point.BASE.multiply(number(wide.subarray(40)) % N) };
}

class Refusal extends Error {
  constructor(code, words, answer) {
    super(words);
    Object.assign(this, { code, answer });
  }
}

/* One direction each; 16 bytes of id. */
class Sealed {
  sent = 0;
  taken = 0;

  constructor(id, keys, owner) {
    Object.assign(this, { id, keys, owner });
  }

  #iv(counter) {
    const iv = Buffer.alloc(12);
    iv.writeBigUInt64BE(BigInt(counter), 4);
    return iv;
  }

  seal(object) {
    const iv = this.#iv(++this.sent);
    const c = crypto.createCipheriv("aes-256-gcm", this.keys.device, iv);
    c.setAAD(framed("nameplate-box-v1", this.id, "device"));
    return b64(Buffer.concat([iv.subarray(4), c.update(JSON.stringify(object)),
      c.final(), c.getAuthTag()]));
  }

  open(box) {
    const bytes = unb64(box);
    const counter = Number(bytes.readBigUInt64BE());
    if (counter <= this.taken) throw new Refusal("INVALID", "an old box");
    const d = crypto.createDecipheriv("aes-256-gcm", this.keys.user,
      this.#iv(counter));
    d.setAAD(framed("nameplate-box-v1", this.id, "user"));
    d.setAuthTag(bytes.subarray(-16));
    let text;
    try {
      text = Buffer.concat([d.update(bytes.subarray(8, -16)), d.final()]);
    } catch {
      throw new Refusal("INVALID", "a box that was changed");
    }
    this.taken = counter;
    return JSON.parse(text);
  }
}

export class PlayedDevice {
  record = null; // {bytes, value, envelope}
  psks = new Map();
  claims = new Map();
  channels = new Map();
  tries = 0;
  lockedUntil = 0;
  settings = { desired: {}, reported: {} }; // the private ones
  heard = []; // actions that came, for tests
  /** The application: what to report for what is desired; null: nothing. */
  answer = (desired) => desired;
  /** The application's actions. */
  actions = {};
  say = () => {};

  /** {thing, key (PEM), chain (DER buffers), code} */
  constructor({ thing, key, chain, code, iterations }) {
    Object.assign(this, { thing, chain });
    this.key = crypto.createPrivateKey(key);
    this.hit = hitOf(this.key);
    this.verifier = code ? verifierOf(code, thing, iterations) : null;
  }

  get owned() { return Boolean(this.record?.value.owner); }

  #sign(bytes) {
    return b64(proofOf(this.key, bytes));
  }

  /** A command's response, as it goes to …/response/json. */
  async handle(request) {
    try {
      const answer = await this.#act(request);
      return { status: "SUCCEEDED",
        result: { answer: { s: JSON.stringify(answer) } } };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      return { status: "REJECTED", statusReason: { reasonCode: error.code,
        reasonDescription: error.message }, ...error.answer && { result:
        { answer: { s: JSON.stringify(error.answer) } } } };
    }
  }

  #act(request) {
    this.heard.push(request.action);
    if (request.action === "claim") return this.#claim(request);
    if (request.action === "channel") return this.#channel(request);
    if (["identify", "restart", "rotate"].includes(request.action)) return {};
    throw new Refusal("UNKNOWN_ACTION", `unknown action ${request.action}`);
  }

  #tell(what) {
    this.say("claims", { ts: Date.now(), what, tries: this.tries,
      epoch: this.record?.value.epoch ?? 0 });
  }

  /* --- claim -------------------------------------------------------------- */

  #claim(q) {
    if (!this.verifier) throw new Refusal("NO_CODE", "this device has no code");
    if (q.step === "begin") return this.#begin();
    const c = this.claims.get(q.claim);
    if (!c) throw new Refusal("NO_CLAIM", "this claim is not open");
    if (q.step === "share") return this.#share(c, q);
    if (q.step === "confirm") return this.#confirm(c, q);
    return this.#take(c, q);
  }

  #begin() {
    const id = crypto.randomBytes(16);
    this.claims.set(b64(id), { id });
    return { claim: b64(id), salt: b64(this.verifier.salt),
      iterations: this.verifier.iterations, hit: b64(this.hit) };
  }

  /* RFC 9383 section 3.4, as the verifier. */
  #share(c, { key, share }) {
    if (Date.now() < this.lockedUntil) {
      throw new Refusal("LOCKED", "too many wrong codes", { wait_s:
        Math.ceil((this.lockedUntil - Date.now()) / 1000) });
    }
    if (++this.tries >= 10) this.lockedUntil = Date.now() + 60000;
    const { w0, L } = this.verifier;
    const X = Point.fromBytes(unb64(share));
    const y = number(crypto.randomBytes(40)) % (N - 1n) + 1n;
    const Y = Point.BASE.multiply(y).add(MASK_N.multiply(w0));
    const masked = X.subtract(M.multiply(w0));
    c.key = key;
    c.context = framed("nameplate-claim-v1", this.thing, this.hit, c.id);
    c.X = unb64(share);
    c.Y = Buffer.from(Y.toBytes(false));
    const main = sha256(framed(c.context, unb64(key), this.thing,
      M.toBytes(false), MASK_N.toBytes(false), c.X, c.Y,
      masked.multiply(y).toBytes(false), L.multiply(y).toBytes(false),
      bytesOf(w0)));
    const confirm = hkdf(main, "", "ConfirmationKeys", 64);
    c.wanted = hmac(confirm.subarray(0, 32), c.Y);
    c.mine = hmac(confirm.subarray(32), c.X);
    c.shared = hkdf(main, "", "SharedKey", 32);
    return { share: b64(c.Y), confirm: b64(c.mine) };
  }

  #confirm(c, { confirm }) {
    if (!c.wanted?.equals(unb64(confirm))) {
      this.claims.delete(b64(c.id));
      this.#tell("wrong_code");
      throw new Refusal("WRONG_CODE", "the code did not match");
    }
    this.tries = 0;
    const keys = hkdf(c.shared, "", framed("nameplate-keys-v1", c.id), 96);
    c.psk = keys.subarray(64);
    c.channel = new Sealed(c.id, { user: keys.subarray(0, 32),
      device: keys.subarray(32, 64) }, c.key);
    c.yours = this.role(c.key) === "owner";
    c.signed = hash("nameplate-proof-v1", c.context, unb64(c.key), c.X, c.Y,
      c.mine, unb64(confirm));
    if (this.owned) this.#tell("refused_owned");
    return { box: c.channel.seal({ chain: this.chain.map(b64),
      signature: this.#sign(c.signed),
      epoch: this.record?.value.epoch ?? 0, owned: this.owned, yours: c.yours,
      record: this.owned ? undefined : this.record?.envelope }) };
  }

  #take(c, { box }) {
    if (!c.channel) throw new Refusal("NO_CLAIM", "this claim is not open");
    const asked = c.channel.open(box);
    if (asked.yours) {
      if (this.role(c.key) !== "owner" || !signed(c.key, asked.yours,
        hash("nameplate-yours-v1", c.signed))) {
        throw new Refusal("NOT_YOURS", "the key did not sign");
      }
      this.claims.delete(b64(c.id));
      this.psks.set(c.key, c.psk);
      this.channels.set(b64(c.id), c.channel);
      return { box: c.channel.seal({ ok: true,
        epoch: this.record.value.epoch }) };
    }
    if (this.owned) {
      throw new Refusal("NOT_YOURS", "this device belongs to somebody else");
    }
    this.#judge(asked.record, "claim", c.key);
    this.claims.delete(b64(c.id));
    this.psks.set(c.key, c.psk);
    this.channels.set(b64(c.id), c.channel);
    this.#tell("claimed");
    return { box: c.channel.seal({ ok: true, epoch: this.record.value.epoch }) };
  }

  /* --- records ------------------------------------------------------------ */

  role(key) {
    const r = this.record?.value;
    if (r?.owner?.keys.includes(key)) return "owner";
    return r?.members.find((m) => m.key === key)?.role ?? null;
  }

  knows(key) {
    return this.role(key) !== null || this.record?.value.recovery === key;
  }

  /** Take a record or refuse it; gives what it was. */
  #judge(envelope, only, by) {
    const bytes = unb64(envelope.record);
    const next = JSON.parse(bytes);
    const before = this.record?.value;
    const stale = () => new Refusal("STALE", "it does not follow the record", {
      epoch: before?.epoch ?? 0, record: this.record?.envelope });
    const wanted = hash("nameplate-record-v1", bytes);
    const signers = envelope.signatures.map((s) => s.key);
    if (!envelope.signatures.every((s) => signed(s.key, s.signature, wanted))) {
      throw new Refusal("INVALID", "a signature is wrong");
    }
    if (next.thing !== this.thing || next.hit !== b64(this.hit)) {
      throw new Refusal("INVALID", "another device's record");
    }
    if (next.epoch !== (before?.epoch ?? 0) + 1 || next.previous !==
        (this.record ? b64(sha256(this.record.bytes)) : null)) throw stale();
    this.#may(next, before, signers, only, by);
    this.publish({ bytes, value: next, envelope });
    return next.act;
  }

  #may(next, before, signers, only, by) {
    const some = (keys) => keys?.some((k) => signers.includes(k));
    const all = (keys) => keys?.every((k) => signers.includes(k));
    const keys = next.owner?.keys ?? [];
    const rules = {
      claim: () => only === "claim" && keys.includes(by) && signers.includes(by),
      share: () => some(before?.owner?.keys) && keys.length > 0,
      recover: () => signers.includes(before?.recovery) && keys.length > 0,
      transfer: () => some(before?.owner?.keys) && all(keys) &&
        keys.length > 0 && next.members.length === 0 &&
        !keys.some((k) => before.owner.keys.includes(k)),
      release: () => some(before?.owner?.keys) && next.owner === null &&
        next.recovery === null && next.members.length === 0,
    };
    if ((only ?? next.act) !== next.act || !rules[next.act]?.()) {
      throw new Refusal("NOT_YOURS", "the record's signatures do not allow it");
    }
  }

  publish(record) {
    this.record = record;
    this.say("ownership", record.envelope, { retained: true });
    for (const [id, channel] of this.channels) {
      if (this.knows(channel.owner)) this.#whisper(channel,
        { ev: "ownership", epoch: record.value.epoch });
      else this.channels.delete(id);
    }
    for (const key of this.psks.keys()) {
      if (!this.knows(key)) this.psks.delete(key);
    }
  }

  /** Somebody held the button. */
  reset() {
    const epoch = (this.record?.value.epoch ?? 0) + 1;
    const value = { v: 1, act: "reset", thing: this.thing, hit: b64(this.hit),
      epoch, previous: this.record ? b64(sha256(this.record.bytes)) : null,
      at: Date.now(), owner: null, recovery: null, members: [] };
    const bytes = Buffer.from(JSON.stringify(value));
    const signature = this.#sign(hash("nameplate-record-v1", bytes));
    this.#wipe();
    this.publish({ bytes, value, envelope: { record: b64(bytes),
      signatures: [{ device: true, signature }] } });
    this.#tell("reset");
  }

  #wipe() {
    this.settings = { desired: {}, reported: {} };
    this.psks.clear();
    return ["private settings", "pairing secrets", "channels"];
  }

  /* --- channel ------------------------------------------------------------ */

  #channel(q) {
    if (q.step === "open") return this.#open(q);
    const channel = this.channels.get(q.channel);
    if (!channel) throw new Refusal("NO_CHANNEL", "this channel is not open");
    const asked = channel.open(q.box);
    let answer;
    try {
      answer = { id: asked.id, ok: true, ...this.#sealedAct(channel, asked) };
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      answer = { id: asked.id, ok: false, code: error.code,
        error: error.message, ...error.answer };
    }
    return { box: channel.seal(answer) };
  }

  #open({ key, share, nonce, signature }) {
    if (!this.knows(key)) throw new Refusal("NOT_YOURS", "this key is unknown");
    const wanted = hash("nameplate-open-v1", this.thing, this.hit, unb64(key),
      unb64(share), unb64(nonce));
    if (!signed(key, signature, wanted)) {
      throw new Refusal("NOT_YOURS", "the signature is wrong");
    }
    const mine = crypto.createECDH("prime256v1");
    mine.generateKeys();
    const id = crypto.randomBytes(16);
    const psk = this.psks.get(key);
    const said = hash("nameplate-opened-v1", this.thing, this.hit, unb64(key),
      unb64(share), unb64(nonce), id, mine.getPublicKey(), psk ? "1" : "0");
    const keys = hkdf(mine.computeSecret(unb64(share)), psk ?? Buffer.alloc(32),
      framed("nameplate-keys-v1", id, said), 64);
    this.channels.set(b64(id), new Sealed(id, { user: keys.subarray(0, 32),
      device: keys.subarray(32) }, key));
    return { channel: b64(id), share: b64(mine.getPublicKey()),
      psk: Boolean(psk), chain: this.chain.map(b64),
      signature: this.#sign(said) };
  }

  #whisper(channel, object) {
    this.say("sealed", { channel: b64(channel.id), box: channel.seal(object) });
  }

  #sealedAct(channel, q) {
    const role = this.role(channel.owner);
    const need = (...roles) => {
      if (!roles.includes(role)) {
        throw new Refusal("NOT_YOURS", "your role does not allow this");
      }
    };
    if (q.op === "get") {
      need("viewer", "operator", "owner");
      return { state: this.settings, epoch: this.record.value.epoch };
    }
    if (q.op === "set") {
      need("operator", "owner");
      Object.assign(this.settings.desired, q.state);
      for (const [k, v] of Object.entries(q.state)) {
        if (v === null) delete this.settings.desired[k];
      }
      setTimeout(() => this.#apply(q.state), 20);
      return {};
    }
    if (q.op === "invoke") {
      need("operator", "owner");
      if (!this.actions[q.action]) throw new Refusal("UNKNOWN_ACTION", "unknown");
      return { output: this.actions[q.action](q.input) };
    }
    if (q.op === "ownership") return this.#ownership(q);
    throw new Refusal("INVALID", "an unknown op");
  }

  #apply(state) {
    const reported = this.answer(state);
    if (reported === null) return;
    Object.assign(this.settings.reported, reported);
    for (const channel of this.channels.values()) {
      if (this.role(channel.owner)) {
        this.#whisper(channel, { ev: "private", state: reported });
      }
    }
  }

  #ownership({ record, new_code: wanted }) {
    const act = this.#judge(record);
    const told = { share: "shared", recover: "recovered",
      transfer: "transferred", release: "released" };
    this.#tell(told[act]);
    const wiped = act === "release" || act === "transfer" ? this.#wipe()
      : undefined;
    let code;
    if (act === "release" && wanted) {
      code = this.newCode ?? "2718281828";
      this.verifier = verifierOf(code, this.thing);
    }
    return { epoch: this.record.value.epoch, wiped, code };
  }
}
