/* claim.js - becoming a device's owner: the steps of docs/ownership.md, each of
 * which proves something.  No drawing here. */

import { decode, encode, framed, hash } from "./bytes.js";
import { Channel, claimKeys } from "./channel.js";
import { read, sign, write } from "./record.js";
import { ExchangeError, finish, start, stretch } from "./spake2plus.js";
import { hitOf, isSignature, verifyChain } from "./verify.js";

/** `reason`: waiting | code | fraud | not_genuine | other_device | owned |
 * locked | refused.  The words say what happened, `next` what to do. */
export class ClaimError extends Error {
  constructor(reason, words, next, more = {}) {
    super(words);
    Object.assign(this, { reason, next }, more);
  }
}

const PROVER = "user"; // the user's name when the factory made the verifier

/** "20010022…" of a label as 16 bytes. */
export const hitBytes = (hex) => Uint8Array.from(
  hex.match(/../g), (pair) => parseInt(pair, 16));

const wrongCode = () => new ClaimError("code",
  "The code and this device do not go together.",
  "Compare the code with the label. If it is right, is the device switched on?" +
  " The claim is tried again when it connects.");

/* What the relay or the device refused, in words. */
function refusal(error) {
  const wait = error.answer?.wait_s ?? error.retryAfterS;
  if (error.code === "LOCKED" || error.code === "too_many_tries") {
    return new ClaimError("locked", "Too many wrong codes were tried.",
      wait ? `Wait ${wait} s, then try again with the code on the label.`
        : "Wait a while, then try again with the code on the label.");
  }
  if (error.code === "NO_CODE") {
    return new ClaimError("refused", "This device has no pass code.",
      "It cannot be claimed this way: ask its vendor.");
  }
  if (error.code === "NOT_YOURS") return ownedByOther();
  if (error.code === "WRONG_CODE") return wrongCode();
  if (error.code === "NO_CLAIM" || error.code === "BUSY" ||
      error.code === "no_answer") {
    return new ClaimError("refused", error.message,
      "Nothing has changed. Try again.", { code: error.code });
  }
  return error;
}

function ownedByOther() {
  return new ClaimError("owned", "This device belongs to somebody else.",
    "Ask them to release it, or hold its reset button for 10 seconds." +
    " They have been told of this try.");
}

/* One claim as it goes on. */
class Claim {
  constructor(given) {
    Object.assign(this, given);
  }

  async post(step, body = {}) {
    try {
      return await this.ask({ thing: this.thing, step, ...body });
    } catch (error) {
      throw refusal(error);
    }
  }

  /* The code is right and the other side knows it too. */
  async agree(onStep) {
    const begun = await this.post("begin");
    if (begun.waiting) {
      throw new ClaimError("waiting", "The device is not connected.",
        "Switch it on. The claim goes on by itself when it is there.");
    }
    onStep("answered");
    this.claim = decode(begun.claim, 16);
    if (!this.hit && begun.hit === undefined) {
      throw new ClaimError("refused", "This device tells its number on its" +
        " label only.", "Scan the square code of the label.");
    }
    this.hit ??= decode(begun.hit, 16);
    this.context = framed("nameplate-claim-v1", this.thing, this.hit,
      this.claim);
    const run = start(await stretch({ code: this.code, prover: PROVER,
      verifier: this.thing, salt: decode(begun.salt),
      iterations: begun.iterations }));
    const said = await this.post("share", { claim: begun.claim,
      key: this.signer.point, share: encode(run.share) });
    const [share, confirm] = [decode(said.share), decode(said.confirm, 32)];
    const agreed = await finish(run, { context: this.context,
      prover: this.signer.raw, verifier: this.thing }, { share, confirm });
    this.transcript = [run.share, share, confirm, agreed.confirm];
    this.keys = await claimKeys(agreed.key, this.claim);
    return agreed;
  }

  /* It is genuine, and this very one. */
  async judge(proof) {
    let leaf;
    try {
      leaf = await verifyChain(proof.chain.map((one) => decode(one)),
        this.anchors);
    } catch (error) {
      throw new ClaimError("not_genuine",
        `The device could not prove who made it: ${error.message}.`,
        "Do not use it. Ask whoever sold it to you.");
    }
    const signed = this.signed = await hash("nameplate-proof-v1", this.context,
      this.signer.raw, ...this.transcript);
    if (leaf.name.thing !== this.thing ||
        encode(await hitOf(leaf)) !== encode(this.hit)) {
      throw new ClaimError("other_device",
        "It is not the device of this label.",
        "Do not use it. Compare the label with the device.");
    }
    if (!await isSignature(leaf, decode(proof.signature), signed)) {
      throw new ClaimError("fraud", "The device's signature is wrong.",
        "Somebody may sit between you and the device. Do not use it.");
    }
    return leaf.name;
  }

  async confirm(agreed) {
    const claim = encode(this.claim);
    const said = await this.post("confirm", { claim,
      confirm: encode(agreed.confirm) });
    this.channel = new Channel(this.claim, this.keys, async (box) =>
      (await this.post("record", { claim, box })).box);
    return this.channel.open(said.box);
  }

  async before(proof) {
    return proof.record ? read(proof.record,
      { thing: this.thing, hit: encode(this.hit) }) : null;
  }

  /* Seal it, send it as step 4, and open what comes back. */
  async finish(object) {
    const before = await this.signer.psk?.(this.thing);
    // Kept before the device keeps it: an answer may be lost.
    await this.signer.keepPsk?.(this.thing, this.keys.psk);
    try {
      const box = await this.channel.seal(object);
      return await this.channel.open(await this.channel.send(box));
    } catch (error) {
      if (error instanceof ClaimError && error.code !== "no_answer") {
        await this.restore(before);
      }
      throw error;
    }
  }

  async restore(psk) {
    if (psk) await this.signer.keepPsk(this.thing, psk);
    else await this.signer.forgetPsk?.(this.thing);
  }

  /* The key is an owner's already; now its holder speaks. */
  async comeBack() {
    const answer = await this.finish({ yours: await this.signer.sign(
      await hash("nameplate-yours-v1", this.signed)) });
    if (answer.ok !== true) throw refusal(answer);
  }

  /* From here on it is the user's. */
  async own(proof) {
    const before = await this.before(proof);
    const none = { record: { epoch: proof.epoch }, bytes: null };
    const text = await write(before ?? none, { act: "claim",
      thing: this.thing, hit: encode(this.hit),
      owner: { name: this.user, keys: [this.signer.point] },
      recovery: this.recovery, members: [] });
    const envelope = await sign(text, this.signer);
    const answer = await this.finish({ record: envelope });
    if (answer.ok !== true) throw refusal(answer);
    return { envelope, epoch: answer.epoch };
  }
}

/**
 * Claim a device; throws ClaimError, or what the relay said.
 * @param {object} given thing, hit (16 bytes; absent: the device tells it),
 *   code, signer (keystore.js), user (the owner's name), recovery (a point),
 *   anchors, ask(body): the relay
 * @param {(step: string, what?: object) => void} onStep hears "asking",
 *   "answered", "code", "genuine" (with the nameplate), "owned"
 */
export async function claim(given, onStep) {
  const c = new Claim(given);
  onStep("asking");
  let agreed;
  try {
    agreed = await c.agree(onStep);
  } catch (error) {
    if (error instanceof ExchangeError) {
      throw error.reason === "code" ? wrongCode() : new ClaimError("fraud",
        `The device's answer makes no sense: ${error.message}.`,
        "Somebody may sit between you and the device. Try again later.");
    }
    throw error;
  }
  onStep("code");
  const proof = await c.confirm(agreed);
  const name = await c.judge(proof);
  onStep("genuine", { ...name, hit: encode(c.hit) });
  if (proof.yours) {
    await c.comeBack();
    onStep("owned", name);
    return { name, yours: true };
  }
  if (proof.owned) throw ownedByOther();
  const owned = await c.own(proof);
  onStep("owned", name);
  return { name, ...owned };
}
