/* test_record_parts.mjs - what the page believes of ownership records, recovery
 * codes and certificates. */

import { after, before, claimIt, newBrowser, open, part, play, relay }
  from "./parts.mjs";
import { hitOf } from "./played_device.mjs";
import { assert, main, test } from "./tap.mjs";

const { decode, encode, utf8 } = await part("bytes.js");
const { hitBytes } = await part("claim.js");
const { openChannel } = await part("channel.js");
const record = await part("record.js");
const recovery = await part("recovery.js");
const { hitOf: pageHit, readCertificate, verifyChain } =
  await part("verify.js");

/* --- records --------------------------------------------------------------- */

test("sharing gives a role, and the channel keeps to it", async (w) => {
  const device = play(w.one);
  const { signer } = await claimIt(w, device);
  const viewer = await newBrowser("bob");
  const hit = encode(device.hit);
  const before_ = await record.read(device.record.envelope,
    { thing: device.thing, hit });
  const fields = record.fieldsOf(before_);
  fields.members = [{ name: "Bob", role: "viewer", key: viewer.point }];
  const owner = await open(w, device, signer);
  const answer = await owner.ask({ op: "ownership", record:
    await record.sign(await record.write(before_, fields), signer) });
  assert.equal(answer.epoch, 2);
  const channel = await open(w, device, viewer);
  await channel.ask({ op: "get" });
  await assert.rejects(channel.ask({ op: "set", state: { a: 1 } }),
    (error) => error.code === "NOT_YOURS");
  const next = await record.read(device.record.envelope, { thing: device.thing });
  assert.ok(await record.follows(next, before_));
});

test("a record of another device or with a wrong signature is not believed",
  async (w) => {
    const device = play(w.one);
    const { envelope, signer } = await claimIt(w, device);
    const hit = encode(device.hit);
    await assert.rejects(record.read(envelope, { thing: "acme:x:1", hit }));
    await assert.rejects(record.read(envelope,
      { thing: device.thing, hit: encode(new Uint8Array(16)) }));
    const text = new TextDecoder().decode(decode(envelope.record));
    const forged = { ...envelope, record: encode(utf8(
      text.replace("\"Ann\"", "\"Eve\""))) };
    await assert.rejects(record.read(forged, { thing: device.thing, hit }),
      /signature/);
    const doubled = JSON.parse(text);
    doubled.members = [{ name: "x", role: "viewer", key: signer.point }];
    await assert.rejects(record.read(
      await record.sign(JSON.stringify(doubled), signer),
      { thing: device.thing, hit }));
  });

test("a recovery code is read back, also as people type it", async () => {
  const code = recovery.newCode();
  assert.match(code, /^[0-7][0-9A-HJKMNP-TV-Z]{25}$/);
  const typed = recovery.grouped(code).toLowerCase().replaceAll("0", "o")
    .replaceAll("1", "l");
  const { bytes } = recovery.read(typed);
  assert.equal(recovery.write(bytes), code);
  assert.match(recovery.read("ABC").fault, /3 letters/);
  assert.match(recovery.read("U".repeat(26)).fault, /in no recovery code/);
  assert.match(recovery.read("Z".repeat(26)).fault, /begins with 0 to 7/);
  const one = await recovery.signer(bytes), two = await recovery.signer(bytes);
  assert.equal(one.point, two.point);
  assert.notEqual(one.point,
    (await recovery.signer(new Uint8Array(16))).point);
});

test("the recovery code brings an owner back", async (w) => {
  const device = play(w.one);
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  const helper = await recovery.signer(bytes);
  await claimIt(w, device, { recovery: helper.point });
  const fresh = await newBrowser();
  const channel = await openChannel({ thing: device.thing, hit: device.hit,
    signer: helper, anchors: w.acme.anchors, ask: relay(device) });
  const seen = await record.read(device.record.envelope, { thing: device.thing });
  await channel.ask({ op: "ownership", record: await record.sign(
    await record.write(seen, { ...record.fieldsOf(seen), act: "recover",
      owner: { name: "Ann", keys: [fresh.point] } }), helper) });
  assert.equal(device.role(fresh.point), "owner");
  await open(w, device, fresh);
});

/* --- certificates ---------------------------------------------------------- */

test("the page and the device compute the same HIT", async (w) => {
  const leaf = readCertificate(w.one.chain[0]);
  assert.deepEqual(Buffer.from(await pageHit(leaf)), hitOf(w.one.key));
  assert.deepEqual(Buffer.from(hitBytes(hitOf(w.one.key).toString("hex"))),
    hitOf(w.one.key));
});

test("a chain leads to its vendor or is refused, in words", async (w) => {
  const leaf = await verifyChain(w.one.chain, w.acme.anchors);
  assert.deepEqual({ ...leaf.name }, { vendor: "Acme", model: "Thermo-1",
    serial: "S1", thing: w.one.thing });
  const [device, batch, vendor] = w.one.chain;
  const changed = Buffer.from(device);
  changed[device.length - 1] ^= 1;
  for (const [chain, anchors, words] of [
    [[device], w.acme.anchors, /no vendor that is known/],
    [[device, vendor], w.acme.anchors, /another issuer/],
    [[batch, vendor], w.acme.anchors, /is a CA's/],
    [[changed, batch, vendor], w.acme.anchors, /signature is wrong/],
    [w.one.chain, w.zeta.anchors, /no vendor that is known/],
    [[], w.acme.anchors, /1 to 8/],
  ]) await assert.rejects(verifyChain(chain, anchors), words);
  await assert.rejects(verifyChain(w.one.chain, w.acme.anchors, 1),
    /not valid now/);
  await verifyChain([device, batch, vendor, w.acme.anchors[0].der],
    w.acme.anchors); // with its root too
});

test("no certificate that was cut or changed is read as another", async (w) => {
  const [device] = w.one.chain;
  const whole = readCertificate(device);
  let read = 0;
  for (let at = 0; at < device.length; at++) {
    assert.throws(() => readCertificate(device.subarray(0, at)));
    const bent = Buffer.from(device);
    bent[at] ^= 0x40;
    try {
      readCertificate(bent);
      read++;
    } catch {
      continue; // refused: good
    }
    await assert.rejects(verifyChain([bent, ...w.one.chain.slice(1)],
      w.acme.anchors), `byte ${at}`);
  }
  assert.ok(read > 100 && whole.name.serial === "S1");
});

await main({ before, after });
