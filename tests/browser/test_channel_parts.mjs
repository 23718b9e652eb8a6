/* test_channel_parts.mjs - the sealed channel between page and device, and the
 * bytes that it is made of. */

import { after, before, claimIt, newBrowser, open, part, play, relay }
  from "./parts.mjs";
import { unb64 } from "./played_device.mjs";
import { assert, main, test } from "./tap.mjs";

const { decode, encode, framed, hash, hkdf, hkdfWith, saltKey, utf8 } =
  await part("bytes.js");
const { Channel, keysFrom, openChannel } = await part("channel.js");

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
