/* channel.js - sealed messages between this browser and a device; what carries
 * them reads nothing, and what it repeats or changes is noticed. */

import { decode, encode, framed, hash, hkdf, hkdfWith, join, random, saltKey,
  text, utf8 } from "./bytes.js";
import { hitOf, isSignature, verifyChain } from "./verify.js";

const WINDOW = 64;
const P256 = { name: "ECDH", namedCurve: "P-256" };

/** `code` is the device's, or "fraud": something was not as the device would
 * have made it. */
export class ChannelError extends Error {
  constructor(code, words) {
    super(words);
    this.code = code;
  }
}

const gcmKey = (raw) => crypto.subtle.importKey("raw", raw, "AES-GCM", false,
  ["encrypt", "decrypt"]);

/** {user, device, psk?} from 64 or 96 bytes. */
export async function keysFrom(bytes) {
  return { user: await gcmKey(bytes.subarray(0, 32)),
    device: await gcmKey(bytes.subarray(32, 64)),
    psk: bytes.length > 64 ? await saltKey(bytes.subarray(64, 96)) : null };
}

/** The keys of a claim's own channel. */
export async function claimKeys(shared, claim) {
  return keysFrom(await hkdf(shared, framed("nameplate-keys-v1", claim), 96));
}

/* Answers and what a device says unasked come by two ways, and may overtake one
 * another: each counter counts once, if it is not long past. */
class Window {
  #greatest = 0;
  #seen = new Set();

  fits(counter) {
    return counter > 0 && counter > this.#greatest - WINDOW &&
      !this.#seen.has(counter);
  }

  take(counter) {
    this.#greatest = Math.max(this.#greatest, counter);
    this.#seen.add(counter);
    for (const one of this.#seen) {
      if (one <= this.#greatest - WINDOW) this.#seen.delete(one);
    }
  }
}

export class Channel {
  #keys;
  #side;
  #sent = 0;
  #taken = new Window();
  #ids = 0;
  #queue = Promise.resolve();

  /** `id` 16 bytes; keys as keysFrom gives them.  `send(box)` carries one box
   * (base64url) and gives the box that came back.  `side` is for tests. */
  constructor(id, keys, send, side = "user") {
    this.id = id;
    this.#keys = keys;
    this.send = send;
    this.#side = side;
  }

  #params(counter, side) {
    const iv = new Uint8Array(12);
    new DataView(iv.buffer).setBigUint64(4, BigInt(counter));
    return { name: "AES-GCM", iv,
      additionalData: framed("nameplate-box-v1", this.id, side) };
  }

  /** A box around an object. */
  async seal(object) {
    const counter = ++this.#sent;
    const params = this.#params(counter, this.#side);
    return encode(join(params.iv.subarray(4), new Uint8Array(
      await crypto.subtle.encrypt(params, this.#keys[this.#side],
        utf8(JSON.stringify(object))))));
  }

  /** The object in a box; throws when it is not the other side's, or old. */
  async open(box) {
    const bytes = decode(box);
    const other = this.#side === "user" ? "device" : "user";
    if (bytes.length < 24) throw new ChannelError("fraud", "a box is too short");
    const counter = Number(new DataView(bytes.buffer, bytes.byteOffset)
      .getBigUint64(0));
    if (!this.#taken.fits(counter)) {
      throw new ChannelError("fraud", "a sealed message came twice");
    }
    let plain;
    try {
      plain = await crypto.subtle.decrypt(this.#params(counter, other),
        this.#keys[other], bytes.subarray(8));
    } catch {
      throw new ChannelError("fraud", "a sealed message was changed on its way");
    }
    this.#taken.take(counter);
    return JSON.parse(text(plain));
  }

  /** Ask {op, ...}; gives the device's answer, or throws its refusal.  One at
   * a time: boxes must arrive in the order of their counters. */
  ask(request) {
    const id = ++this.#ids;
    const turn = this.#queue.then(async () =>
      this.open(await this.send(await this.seal({ id, ...request }))));
    this.#queue = turn.catch(() => {});
    return turn.then((answer) => {
      if (answer.id !== id) {
        throw new ChannelError("fraud", "an answer belongs to another question");
      }
      if (answer.ok === true) return answer;
      throw new ChannelError(String(answer.code ?? "refused"),
        String(answer.error ?? "the device refused this"));
    });
  }
}

/** The 32 bytes the device signs when it opens a channel. */
function openedHash({ thing, hit, signer, share, nonce }, said) {
  return hash("nameplate-opened-v1", thing, hit, signer.raw, share, nonce,
    decode(said.channel, 16), decode(said.share, 65), said.psk ? "1" : "0");
}

/* Is it this device, with its factory key, that answers now? */
async function judge(asked, said, anchors) {
  const leaf = await verifyChain(
    (said.chain ?? []).map((one) => decode(one)), anchors);
  const hit = encode(await hitOf(leaf));
  if (leaf.name.thing !== asked.thing || hit !== encode(asked.hit)) {
    throw new ChannelError("fraud", "another device answered");
  }
  const signed = await openedHash(asked, said);
  if (!await isSignature(leaf, decode(said.signature), signed)) {
    throw new ChannelError("fraud", "the device's signature is wrong");
  }
  return { signed, proved: { ...leaf.name, hit } };
}

/**
 * Open a channel to a device that knows this key.
 * @param {object} given thing, hit (16 bytes), signer (keystore.js), psk (of
 *   the keystore, or undefined), anchors, ask(body): the relay of cloudd
 */
export async function openChannel({ thing, hit, signer, psk, anchors, ask }) {
  const pair = await crypto.subtle.generateKey(P256, false, ["deriveBits"]);
  const share = new Uint8Array(await crypto.subtle.exportKey("raw",
    pair.publicKey));
  const nonce = random(16);
  const asked = { thing, hit, signer, share, nonce };
  const said = await ask({ step: "open", key: signer.point,
    share: encode(share), nonce: encode(nonce),
    signature: await signer.sign(await hash("nameplate-open-v1", thing, hit,
      signer.raw, share, nonce)) });
  const { signed, proved } = await judge(asked, said, anchors);
  if (psk && said.psk !== true) {
    throw new ChannelError("fraud", "the device has forgotten what it shares" +
      " with this browser");
  }
  const theirs = await crypto.subtle.importKey("raw", decode(said.share, 65),
    P256, false, []);
  const z = new Uint8Array(await crypto.subtle.deriveBits(
    { name: "ECDH", public: theirs }, pair.privateKey, 256));
  const id = decode(said.channel, 16);
  const salt = said.psk === true && psk ? psk
    : await saltKey(new Uint8Array(32));
  const keys = await keysFrom(await hkdfWith(salt, z,
    framed("nameplate-keys-v1", id, signed), 64));
  const channel = new Channel(id, keys, async (box) =>
    (await ask({ step: "box", channel: encode(id), box })).box);
  channel.proved = proved; // the nameplate, and the tag of its key
  return channel;
}
