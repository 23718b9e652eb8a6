/* test_claim_parts.mjs - what the page believes of a device and of what comes
 * between: claim, channel, record, certificates, recovery, without a browser.
 *
 * The device is played (played_device.mjs) with a certificate of the real
 * factory; an enemy sits between and changes one thing at a time. */

import { webcrypto, X509Certificate } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { hitOf, PlayedDevice, unb64 } from "./played_device.mjs";
import { assert, main, test } from "./tap.mjs";
import { BIN, PAGE } from "./world.mjs";

globalThis.crypto ??= webcrypto; // Node.js 18 has it under another name
const page = (name) => import(path.join(PAGE, name));
const { decode, encode, framed, hash, hkdf, hkdfWith, saltKey, utf8 } =
  await page("bytes.js");
const { claim, hitBytes } = await page("claim.js");
const { Channel, keysFrom, openChannel } = await page("channel.js");
const { openKeystore } = await page("keystore.js");
const record = await page("record.js");
const recovery = await page("recovery.js");
const { hitOf: pageHit, readCertificate, readPem, verifyChain } =
  await page("verify.js");

const CODE = "2718281828";

/* --- the factory's devices ------------------------------------------------- */

function factory(folder, ...words) {
  const done = spawnSync(path.join(BIN, "factory"), [...words, "--folder",
    folder], { encoding: "utf8" });
  assert.equal(done.status, 0, done.stderr);
  return done.stdout;
}

const derOf = (pem) => pem.match(/-----BEGIN CERT[^]*?-----END CERT[^-]*-----/g)
  .map((one) => new X509Certificate(one).raw);

function issue(folder, serial) {
  const said = JSON.parse(factory(folder, "issue", "--model", "Thermo-1",
    "--serial", serial, "--json"));
  const file = (name) => fs.readFileSync(path.join(folder, "devices",
    said.thing, name), "utf8");
  return { thing: said.thing, key: file("device.key"),
    chain: derOf(file("device.crt")) };
}

/* With another kind of key than the factory makes; its CA signs. */
function issueWith({ parent, acme, one }, serial, ...algorithm) {
  const base = path.join(parent, serial), thing = `acme:thermo-1:${serial}`;
  const first = (place) => path.join(place, fs.readdirSync(place)[0]);
  const batch = first(first(path.join(acme.folder, "models")));
  const openssl = (...words) => {
    const done = spawnSync("openssl", words, { encoding: "utf8" });
    assert.equal(done.status, 0, done.stderr);
  };
  openssl("req", "-new", "-nodes", "-newkey", ...algorithm, "-subj",
    `/O=Acme/OU=Thermo-1/CN=${thing}/serialNumber=${serial}`, "-keyout",
    `${base}.key`, "-out", `${base}.csr`);
  fs.writeFileSync(`${base}.ext`, "basicConstraints=critical,CA:FALSE\n" +
    "keyUsage=critical,digitalSignature\n");
  openssl("x509", "-req", "-in", `${base}.csr`, "-CA", `${batch}/ca.crt`,
    "-CAkey", `${batch}/ca.key`, "-days", "3", "-set_serial", "0x4e01",
    "-extfile", `${base}.ext`, "-out", `${base}.crt`);
  return { thing, key: fs.readFileSync(`${base}.key`, "utf8"), chain: [
    ...derOf(fs.readFileSync(`${base}.crt`, "utf8")), ...one.chain.slice(1)] };
}

function makeVendor(parent, vendor) {
  const folder = path.join(parent, vendor);
  factory(folder, "init", "--vendor", vendor);
  factory(folder, "model", "--model", "Thermo-1");
  return { folder, anchors: readPem(fs.readFileSync(
    path.join(folder, "root.crt"), "utf8")) };
}

async function before() {
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), "nameplate-claim-"));
  const acme = makeVendor(parent, "Acme"), zeta = makeVendor(parent, "Zeta");
  return { parent, acme, zeta, one: issue(acme.folder, "S1"),
    two: issue(acme.folder, "S2"), foreign: issue(zeta.folder, "S1") };
}

const after = (w) => w && fs.rmSync(w.parent, { recursive: true });

/** A browser's store without IndexedDB. */
function memory() {
  const kept = new Map();
  return { get: async (n) => kept.get(n), put: async (n, v) => kept.set(n, v),
    remove: async (n) => kept.delete(n) };
}

const newBrowser = (user = "ann") => openKeystore(user, memory());

/** The relay as cloudd is; `twist` changes what goes through. */
function relay(device, twist = {}) {
  return async (body) => {
    const asked = { action: body.thing ? "claim" : "channel",
      ...(twist.request?.(structuredClone(body)) ?? body) };
    let said = await device.handle(asked);
    said = twist.response?.(body, said) ?? said;
    const answer = JSON.parse(said.result?.answer.s ?? "{}");
    if (said.status === "SUCCEEDED") return twist.answer?.(body, answer) ?? answer;
    throw Object.assign(new Error(said.statusReason.reasonDescription),
      { code: said.statusReason.reasonCode, answer });
  };
}

const play = (made, code = CODE) => new PlayedDevice({ ...made, code });

async function claimIt(w, device, { signer, code = CODE, twist, ...more } = {}) {
  signer ??= await newBrowser();
  const steps = [];
  const result = await claim({ thing: device.thing, hit: device.hit, code,
    signer, user: "Ann", recovery: null, anchors: w.acme.anchors,
    ask: relay(device, twist), ...more }, (step, what) => steps.push([step, what]));
  return { signer, steps, ...result };
}

const reason = (wanted) => (error) => error.reason === wanted ||
  assert.fail(`${error.reason}: ${error.stack}`);

const open = (w, device, signer, { twist, psk } = {}) => (async () =>
  openChannel({ thing: device.thing, hit: device.hit, signer,
    psk: psk === undefined ? await signer.psk(device.thing) : psk,
    anchors: w.acme.anchors, ask: relay(device, twist) }))();

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

/* --- the channel ----------------------------------------------------------- */

test("a private setting goes through the channel and comes back", async (w) => {
  const device = play(w.one);
  const { signer } = await claimIt(w, device);
  const channel = await open(w, device, signer);
  const heard = new Promise((resolve) => {
    device.say = (topic, message) => topic === "sealed" &&
      message.channel === encode(channel.id) && resolve(message);
  });
  await channel.ask({ op: "set", state: { pin: "1234" } });
  const { box } = await heard;
  assert.deepEqual(await channel.open(box),
    { ev: "private", state: { pin: "1234" } });
  const { state } = await channel.ask({ op: "get" });
  assert.deepEqual(state.reported, { pin: "1234" });
});

test("the relay sees no word of what is sealed", async (w) => {
  const device = play(w.one);
  const { signer } = await claimIt(w, device);
  const seen = [];
  const channel = await open(w, device, signer, { twist: {
    request: (b) => (seen.push(JSON.stringify(b)), b),
    answer: (b, a) => (seen.push(JSON.stringify(a)), a) } });
  await channel.ask({ op: "set", state: { secret: "opensesame" } });
  const all = seen.map((line) => line.replaceAll(/[\w-]{20,}/g, (text) =>
    Buffer.from(text, "base64url").toString("latin1"))).join();
  assert.ok(!all.includes("opensesame") && !all.includes("secret"));
  assert.ok(all.includes("box")); // the twin: something was seen
});

test("a sealed message cannot be repeated, changed or turned back", async (w) => {
  const keys = await keysFrom(crypto.getRandomValues(new Uint8Array(64)));
  const id = crypto.getRandomValues(new Uint8Array(16));
  const user = new Channel(id, keys, null);
  const device = new Channel(id, keys, null, "device");
  const box = await device.seal({ n: 1 }), later = await device.seal({ n: 2 });
  assert.deepEqual(await user.open(later), { n: 2 });
  await assert.rejects(user.open(later), /came twice/);
  assert.deepEqual(await user.open(box), { n: 1 }); // it was overtaken
  await assert.rejects(user.open(box), /came twice/);
  const third = decode(await device.seal({ n: 3 }));
  third[20] ^= 1;
  await assert.rejects(user.open(encode(third)), /changed/);
  await assert.rejects(user.open(await user.seal({ n: 1 })), /twice|changed/);
  const other = new Channel(crypto.getRandomValues(new Uint8Array(16)), keys,
    null, "device");
  for (let i = 0; i < 5; i++) await other.seal({});
  await assert.rejects(user.open(await other.seal({})), /changed/);
  assert.deepEqual(await user.open(await device.seal({ n: 4 })), { n: 4 });
  const old = await device.seal({ n: 5 });
  for (let i = 0; i < 63; i++) await user.open(await device.seal({ i }));
  assert.deepEqual(await user.open(old), { n: 5 });
  const older = await device.seal({ n: 6 });
  for (let i = 0; i < 64; i++) await user.open(await device.seal({ i }));
  await assert.rejects(user.open(older), /came twice/); // long past
});

test("many questions at once go in the order of their counters", async (w) => {
  const device = play(w.one);
  const { signer } = await claimIt(w, device);
  let slow = 30;
  const channel = await open(w, device, signer);
  const send = channel.send;
  channel.send = async (box) => {
    await new Promise((resolve) => setTimeout(resolve, slow -= 6));
    return send(box);
  };
  const answers = await Promise.all([1, 2, 3, 4].map((n) =>
    channel.ask({ op: "set", state: { n } })));
  assert.equal(answers.length, 4);
  assert.equal(device.settings.desired.n, 4);
});

test("another device, a forged key or a lost secret open no channel",
  async (w) => {
    const device = play(w.one), other = play(w.two);
    const { signer } = await claimIt(w, device);
    other.record = device.record;
    await assert.rejects(openChannel({ thing: device.thing, hit: device.hit,
      signer, anchors: w.acme.anchors, ask: relay(other) }),
    /signature is wrong/);
    const share = { answer: (b, a) => a.share ? { ...a, share: encode(
      unb64(signer.point)) } : a };
    await assert.rejects(open(w, device, signer, { twist: share }),
      /signature is wrong/);
    device.psks.clear();
    await assert.rejects(open(w, device, signer), /has forgotten/);
    await open(w, device, signer, { psk: null }); // the twin: not asked for
    await assert.rejects(openChannel({ thing: device.thing, hit: device.hit,
      signer, anchors: w.zeta.anchors, ask: relay(device) }), /no vendor/);
  });

test("a stranger's browser is refused by the device", async (w) => {
  const device = play(w.one);
  await claimIt(w, device);
  await assert.rejects(open(w, device, await newBrowser()),
    (error) => error.code === "NOT_YOURS");
});

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

/* --- bytes ----------------------------------------------------------------- */

test("base64url is read exactly", () => {
  assert.equal(encode(Uint8Array.of(255, 239)), "_-8");
  assert.deepEqual([...decode("_-8")], [255, 239]);
  for (const bad of ["_-9", "_-8=", "+/8", "A", "_-8 ", 7, undefined]) {
    assert.throws(() => decode(bad));
  }
  assert.throws(() => decode("AAAA", 4));
});

test("the two ways to derive keys agree", async () => {
  const secret = utf8("secret"), zero = await saltKey(new Uint8Array(32));
  assert.deepEqual(await hkdfWith(zero, secret, utf8("info"), 70),
    await hkdf(secret, "info", 70)); // RFC 5869: no salt is a salt of zeros
  assert.notDeepEqual(await hash("ab", "c"), await hash("a", "bc"));
  assert.equal(framed("ab").length, 10);
});

await main({ before, after });
