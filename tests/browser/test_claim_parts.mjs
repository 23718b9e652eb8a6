/* test_claim_parts.mjs - what the page believes of a device while it claims it,
 * and of what comes between. */

import { after, before, claimIt, issueWith, newBrowser, open, part, play,
  reason, relay } from "./parts.mjs";
import { hitOf } from "./played_device.mjs";
import { assert, main, test } from "./tap.mjs";

const { encode } = await part("bytes.js");
const record = await part("record.js");

/* --- claiming -------------------------------------------------------------- */

test("the right code makes an owner, and says what was proved", async (w) => {
  const device = play(w.one);
  const got = await claimIt(w, device);
  assert.deepEqual(got.steps.map(([step]) => step),
    ["asking", "answered", "code", "genuine", "owned"]);
  assert.deepEqual({ ...got.steps[3][1] }, { vendor: "Acme", model: "Thermo-1",
    serial: "S1", thing: device.thing, hit: encode(device.hit) });
  assert.equal(device.role(got.signer.point), "owner");
  assert.equal(got.epoch, 1);
  const seen = await record.read(got.envelope, { thing: device.thing,
    hit: encode(device.hit) });
  assert.equal(record.roleOf(seen.record, got.signer.point), "owner");
});

test("a wrong code gives nobody anything", async (w) => {
  const device = play(w.one);
  await assert.rejects(claimIt(w, device, { code: "3141592650" }),
    reason("code"));
  assert.equal(device.owned, false);
  assert.equal(device.tries, 1); // no confirmP was sent
});

test("factory keys on P-384 and of RSA prove as one on P-256", async (w) => {
  const kinds = { P384: ["ec", "-pkeyopt", "ec_paramgen_curve:P-384"],
    RSA: ["rsa:2048"] };
  for (const [serial, algorithm] of Object.entries(kinds)) {
    const made = issueWith(w, serial, ...algorithm);
    const device = play(made);
    const got = await claimIt(w, device);
    assert.equal(got.steps[3][1].serial, serial);
    const channel = await open(w, device, got.signer);
    await channel.ask({ op: "get" });
    assert.deepEqual({ ...channel.proved }, { vendor: "Acme", model: "Thermo-1",
      serial, thing: made.thing, hit: encode(device.hit) });
    // A signature of another key of the same kind, or one that is bent, is not.
    const bend = (box) => ({ answer: (b, a) => b.step === "open"
      ? { ...a, signature: box(a.signature) } : a });
    await assert.rejects(open(w, device, got.signer, { twist: bend((s) =>
      (s[9] === "A" ? s.slice(0, 9) + "B" : s.slice(0, 9) + "A") +
      s.slice(10)) }), /signature is wrong/, serial);
    const other = play({ ...issueWith(w, `${serial}X`, ...algorithm), thing: made.thing, chain: made.chain });
    other.hit = device.hit;
    await assert.rejects(claimIt(w, other), reason("fraud"), serial);
  }
});

test("a label that was typed has no HIT, and the code binds it", async (w) => {
  const device = play(w.one);
  const got = await claimIt(w, device, { hit: undefined });
  assert.equal(got.steps[3][1].hit, encode(device.hit));
  const lied = play(w.one);
  await assert.rejects(claimIt(w, lied, { hit: undefined, twist: {
    answer: (body, a) => a.hit ? { ...a, hit: encode(new Uint8Array(16)) } : a,
  } }), reason("code"));
});

test("whoever changes a message of the claim is noticed", async (w) => {
  const flip = (text) => (text[0] === "A" ? "B" : "A") + text.slice(1);
  const enemies = {
    "another device's name": { request: (b) => ({ ...b, key: undefined }) },
    "another claim": { answer: (b, a) => b.step === "begin"
      ? { ...a, salt: flip(a.salt) } : a },
    "another confirmation": { answer: (b, a) => b.step === "share"
      ? { ...a, confirm: flip(a.confirm) } : a },
    "a point that is none": { answer: (b, a) => b.step === "share"
      ? { ...a, share: encode(new Uint8Array(65)) } : a },
    "cheap iterations": { answer: (b, a) => b.step === "begin"
      ? { ...a, iterations: 1 } : a },
    "a changed box": { answer: (b, a) => b.step === "confirm"
      ? { box: a.box.slice(0, -1) + (a.box.endsWith("A") ? "Q" : "A") } : a },
  };
  for (const [name, twist] of Object.entries(enemies)) {
    const device = play(w.one);
    await assert.rejects(claimIt(w, device, { twist }), name);
    assert.equal(device.owned, false, name);
  }
  await claimIt(w, play(w.one), { twist: {} }); // the twin: nothing changed
});

test("two claims cannot be spliced", async (w) => {
  const device = play(w.one);
  const begun = await relay(device)({ thing: device.thing, step: "begin" });
  await assert.rejects(claimIt(w, device, { twist: {
    request: (b) => b.step === "share" ? { ...b, claim: begun.claim } : b,
  } }), reason("code"));
});

test("a device that knows the code but is not genuine is named", async (w) => {
  const foreign = play({ ...w.one, chain: w.foreign.chain });
  await assert.rejects(claimIt(w, foreign), reason("not_genuine"));
  const other = play({ ...w.two, thing: w.one.thing });
  other.hit = hitOf(w.one.key);
  await assert.rejects(claimIt(w, other), reason("other_device"));
  const stolen = play({ ...w.one, key: w.two.key }); // chain without its key
  stolen.hit = hitOf(w.one.key);
  await assert.rejects(claimIt(w, stolen), reason("fraud"));
});

test("what is owned says so, and its owner's own claim is no loss", async (w) => {
  const device = play(w.one);
  const { signer } = await claimIt(w, device);
  await assert.rejects(claimIt(w, device), reason("owned"));
  device.psks.clear(); // as if its disk had lost them
  await assert.rejects(open(w, device, signer), /has forgotten/);
  const again = await claimIt(w, device, { signer });
  assert.equal(again.yours, true);
  await open(w, device, signer);
  // A public key is no secret: who only names it gets nothing.
  const thief = { ...await newBrowser("eve"), point: signer.point,
    raw: signer.raw };
  device.psks.clear();
  await assert.rejects(claimIt(w, device, { signer: thief }), reason("owned"));
  assert.equal(device.psks.size, 0);
});

test("a claim that is refused or unanswered leaves the secret that holds",
  async (w) => {
    const device = play(w.one);
    const { signer } = await claimIt(w, device);
    const kept = await signer.psk(device.thing);
    const refused = { response: (body, said) => body.step === "record"
      ? { status: "REJECTED", statusReason: { reasonCode: "NOT_YOURS",
        reasonDescription: "no" } } : said };
    await assert.rejects(claimIt(w, device, { signer, twist: refused }));
    assert.equal(await signer.psk(device.thing), kept);
    const lost = { response: (body, said) => body.step === "record"
      ? { status: "REJECTED", statusReason: { reasonCode: "no_answer",
        reasonDescription: "no" } } : said };
    await assert.rejects(claimIt(w, device, { signer, twist: lost }));
    assert.notEqual(await signer.psk(device.thing), kept);
    await open(w, device, signer); // the device has the new one too
});

test("a locked code says how long", async (w) => {
  const device = play(w.one);
  device.lockedUntil = Date.now() + 60000;
  await assert.rejects(claimIt(w, device), (error) =>
    error.reason === "locked" && /Wait 60 s/.test(error.next));
});

await main({ before, after });
