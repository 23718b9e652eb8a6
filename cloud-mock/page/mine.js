/* mine.js - what this browser can do because it holds a key: prove itself to
 * the account, speak with devices through sealed channels, sign records. */

import { addKey, channelStep, keys, removeKey, vendors, whoAmI }
  from "./api.js";
import { decode, hash, utf8 } from "./bytes.js";
import { openKeystore } from "./keystore.js";
import { envelope, fieldsOf, read, roleOf, sign, signature, write }
  from "./record.js";

/* Loaded when they are needed: the first page is quick. */
const load = {
  channel: () => import("./channel.js"),
  verify: () => import("./verify.js"),
};

function browserName() {
  const agent = navigator.userAgent;
  const browser = /Firefox|Edg|OPR|Chrome|Safari/.exec(agent)?.[0] ?? "Browser";
  const system = /Android|iPhone|iPad|Windows|Mac|Linux/.exec(agent)?.[0];
  return system ? `${browser} on ${system}` : browser;
}

/** Sign the account's challenge with a key, so that the server knows it. */
async function prove(signer, name) {
  const { user, challenge } = whoAmI();
  const signature = await signer.sign(await hash("nameplate-account-key-v1",
    user, challenge, signer.point));
  await addKey({ key: signer.point, name, signature });
}

export class Mine {
  #channels = new Map(); // thing -> promise of a channel
  #anchors = null;
  #listeners = new Map();

  /** For the account that is logged in. */
  static async open(user) {
    const mine = new Mine();
    mine.user = user;
    mine.signer = await openKeystore(user);
    const known = (await keys()).keys.some((k) => k.key === mine.signer.point);
    if (!known) await prove(mine.signer, browserName());
    return mine;
  }

  async anchors() {
    this.#anchors ??= load.verify().then(async ({ readPem }) =>
      readPem(await vendors()));
    this.#anchors.catch(() => { this.#anchors = null; });
    return this.#anchors;
  }

  /** The device's record, checked, or null: nobody's, or none is known. */
  async record(device) {
    return device.ownership
      ? read(device.ownership, { thing: device.thingName }) : null;
  }

  /** What the record gives to this browser's key. */
  async role(device) {
    const seen = await this.record(device).catch(() => null);
    return roleOf(seen?.record, this.signer.point);
  }

  async #open(device, signer) {
    const seen = await this.record(device);
    const { openChannel } = await load.channel();
    const channel = await openChannel({ thing: device.thingName,
      hit: decode(seen.record.hit, 16), signer,
      psk: await signer.psk?.(device.thingName), anchors: await this.anchors(),
      ask: (body) => channelStep(device.thingName, body) });
    await this.keepProof(channel.proved);
    return channel;
  }

  /** This browser checked the chain and the signature itself, now.  `proved`:
   * thing, vendor, model, serial, hit; `label`: with the code of its label. */
  async keepProof(proved, label = false) {
    const before = await this.proof(proved.thing);
    const kept = { ...proved, at: Date.now(),
      label: label || (before?.label === true && before.hit === proved.hit) };
    await this.signer.keepProof(proved.thing, kept).catch(() => {});
  }

  /** What this browser proved itself of a device, and when; or null. */
  async proof(thing) {
    return await this.signer.proof(thing).catch(() => null) ?? null;
  }

  /** The channel to a device that knows this browser. */
  channel(device) {
    const thing = device.thingName;
    if (!this.#channels.has(thing)) {
      const opening = this.#open(device, this.signer);
      this.#channels.set(thing, opening);
      opening.catch(() => this.#channels.delete(thing));
    }
    return this.#channels.get(thing);
  }

  closeChannel(thing) {
    this.#channels.delete(thing);
  }

  /** Ask through the channel; one that is over is opened anew. */
  async ask(device, request) {
    try {
      return await (await this.channel(device)).ask(request);
    } catch (error) {
      if (error.code !== "NO_CHANNEL") throw error;
      this.closeChannel(device.thingName);
      return (await this.channel(device)).ask(request);
    }
  }

  /** Hear what a device says unasked. */
  listen(thing, callback) {
    this.#listeners.set(thing, callback);
  }

  async onSealed({ thingName, channel, box }) {
    const mine = await this.#channels.get(thingName)?.catch(() => null);
    if (!mine || decode(channel).join() !== mine.id.join()) return;
    try {
      this.#listeners.get(thingName)?.(await mine.open(box));
    } catch {
      // not from the device: nothing was learnt, nothing is shown
    }
  }

  /* --- records ------------------------------------------------------------- */

  /** Sign the next record and give it to the device.  `change` gets the present
   * fields and gives the new ones. */
  async change(device, change, more = {}) {
    const seen = await this.record(device);
    const text = await write(seen, change(structuredClone(fieldsOf(seen))));
    return this.ask(device, { op: "ownership",
      record: await sign(text, this.signer), ...more });
  }

  /** Come back as the owner, with what the recovery code made. */
  async recover(device, helper) {
    await prove(helper, "recovery code");
    try {
      const seen = await this.record(device);
      const text = await write(seen, { ...fieldsOf(seen), act: "recover",
        owner: { name: this.user, keys: [this.signer.point] } });
      const channel = await this.#open(device, helper);
      await channel.ask({ op: "ownership", record: await sign(text, helper) });
    } finally {
      await removeKey(helper.point).catch(() => {});
    }
  }

  /** Make it `key`'s: first let them look, then sign what they must sign too. */
  async offer(device, { name, key }) {
    const add = await this.record(device);
    const fields = fieldsOf(add);
    fields.members = [...fields.members.filter((m) => m.key !== key),
      { name, role: "viewer", key }];
    const shared = await write(add, fields);
    await this.ask(device, { op: "ownership",
      record: await sign(shared, this.signer) });
    const bytes = utf8(shared);
    const text = await write({ record: JSON.parse(shared), bytes },
      { ...fields, act: "transfer", owner: { name, keys: [key] },
        recovery: null, members: [] });
    return sign(text, this.signer);
  }

  /** The offer made to this browser's key, or null. */
  async offered(device) {
    if (!device.offer) return null;
    const offer = await read(device.offer, { thing: device.thingName })
      .catch(() => null);
    const seen = await this.record(device);
    return offer?.record.owner?.keys.includes(this.signer.point) &&
      offer.record.epoch === (seen?.record.epoch ?? 0) + 1 ? offer : null;
  }

  async accept(device, offer) {
    const text = new TextDecoder().decode(offer.bytes);
    return this.ask(device, { op: "ownership", record: envelope(text,
      [...device.offer.signatures, await signature(text, this.signer)]) });
  }
}
