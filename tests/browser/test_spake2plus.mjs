/* test_spake2plus.mjs - the page's side of the claim's key exchange: the
 * values of RFC 9383, runs against the device's side in C, what an enemy may
 * answer, and what it costs in Chromium. */

import { spawn } from "node:child_process";
import { webcrypto } from "node:crypto";
import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import readline from "node:readline";
import zlib from "node:zlib";
import { launch } from "./browser.mjs";
import { assert, main, test } from "./tap.mjs";
import { BIN, PAGE, TOP } from "./world.mjs";

globalThis.crypto ??= webcrypto; // Node.js 18 has it under another name
const { ExchangeError, finish, start, stretch } =
  await import(path.join(PAGE, "spake2plus.js"));

const LIMIT_BYTES = 100 * 1000; // the whole page, compressed
const PATIENCE_MS = 20000; // a machine under load; a desktop needs 0.2 s

const hex = (bytes) => Buffer.from(bytes).toString("hex") || "-";
const bytes = (text) => Uint8Array.from(Buffer.from(text, "hex"));
const big = (text) => BigInt(`0x${text}`);

/* One place has the values: the header that the C tests include. */
const RFC = Object.fromEntries([...fs.readFileSync(
  path.join(TOP, "tests/unit/spake2plus_vectors.h"), "utf8")
  .matchAll(/#define RFC_(\w+)((?:[\s\\]*"[^"]*")+)/g)]
  .map(([, name, text]) => [name, text.match(/"[^"]*"/g)
    .map((part) => part.slice(1, -1)).join("")]));
const NAMES = { context: RFC.CONTEXT, prover: RFC.PROVER,
  verifier: RFC.VERIFIER };
const SECRETS = { w0: big(RFC.W0), w1: big(RFC.W1) };
const ANSWER = { share: bytes(RFC.SHARE_V), confirm: bytes(RFC.CONFIRM_V) };

const THING = "acme:thermo-1:4711";
const CODE = { code: "1234567890", prover: "user", verifier: THING,
  salt: Uint8Array.from({ length: 16 }, (_, i) => i), iterations: 200000 };

/** The device's side, one question and one answer at a time. */
class Device {
  #child = spawn(path.join(BIN, "stage_spake2plus"), { stdio:
    ["pipe", "pipe", "inherit"] });
  #lines = readline.createInterface({ input: this.#child.stdout })[
    Symbol.asyncIterator]();

  async ask(...words) {
    this.#child.stdin.write(`${words.join(" ")}\n`);
    return (await this.#lines.next()).value.split(" ");
  }

  record({ code, prover, verifier, salt, iterations }) {
    return this.ask("record", ...[code, prover, verifier].map((s) =>
      hex(Buffer.from(s))), hex(salt), iterations);
  }

  start(record, names, share) {
    return this.ask("start", ...record, ...[names.context, names.prover,
      names.verifier].map((s) => hex(Buffer.from(s))), hex(share));
  }

  close() { this.#child.stdin.end(); }
}

async function refusal(work) {
  try {
    await work();
  } catch (error) {
    if (error instanceof ExchangeError) return error;
    throw error;
  }
  return assert.fail("it was not refused");
}

test("the page makes every published value", async () => {
  const run = start(SECRETS, big(RFC.X));
  assert.equal(hex(run.share), RFC.SHARE_P);
  const { confirm, key } = await finish(run, NAMES, ANSWER);
  assert.equal(hex(confirm), RFC.CONFIRM_P);
  assert.equal(hex(key), RFC.K_SHARED);
});

test("one bit of another name, secret or answer gives no key", async () => {
  const run = start(SECRETS, big(RFC.X));
  const spoilt = (b, at) => b.map((v, i) => i === at ? v ^ 1 : v);
  const table = [
    [run, { ...NAMES, context: `${RFC.CONTEXT}!` }, ANSWER],
    [run, { ...NAMES, prover: "Client" }, ANSWER],
    [run, { ...NAMES, prover: "clients", verifier: "erver" }, ANSWER],
    [run, NAMES, { ...ANSWER, confirm: spoilt(ANSWER.confirm, 31) }],
    [run, NAMES, { ...ANSWER, confirm: ANSWER.confirm.subarray(1) }],
    [run, NAMES, { ...ANSWER, confirm: new Uint8Array() }],
    [{ ...run, w0: run.w0 ^ 1n }, NAMES, ANSWER],
    [{ ...run, w1: run.w1 ^ 1n }, NAMES, ANSWER],
  ];
  for (const given of table) {
    assert.equal((await refusal(() => finish(...given))).reason, "code");
  }
});

test("an answer that is no point of the curve is refused", async () => {
  const run = start(SECRETS, big(RFC.X));
  const zeros = "00".repeat(32);
  const p = "ffffffff00000001000000000000000000000000ffffffffffffffffffffffff";
  const table = ["", "00", `00${zeros}${zeros}`, `04${zeros}${zeros}`,
    `04${p}${p}`, `02${zeros}`, `06${zeros}${zeros}`, `${RFC.SHARE_V}00`,
    "03d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f98baa1292b49",
    `${RFC.SHARE_V.slice(0, -1)}9`];
  for (const share of table) {
    const error = await refusal(() => finish(run, NAMES,
      { ...ANSWER, share: bytes(share) }));
    assert.equal(error.reason, "message");
  }
});

test("an answer that is nothing but the mask is refused", async () => {
  const run = start({ ...SECRETS, w0: 1n }, big(RFC.X));
  const share = bytes("04d8bbd6c639c62937b04d997f38c3770719c629d7014d49a24b4f" +
    "98baa1292b4907d60aa6bfade45008a636337f5168c64d9bd36034808cd564490b1e656e" +
    "dbe7");
  const error = await refusal(() => finish(run, NAMES, { ...ANSWER, share }));
  assert.match(error.message, /empty/);
});

test("a code becomes the same secrets here, in C and in Python", async (w) => {
  const low = { ...CODE, code: "271828182" };
  const secrets = await stretch(low);
  assert.equal(secrets.w0, big(
    "b64925320220a8f153b13bf7ffeef34f7895be897e6d227b0189127dda8152a6"));
  assert.equal(secrets.w1, big(
    "824a7dc9b5a63dac3c3a6ae39ec62b31ac23b2a0e993a1a86128c2750b6bf307"));
  const [w0] = await w.device.record(low);
  assert.equal(secrets.w0, big(w0));
});

test("a device may not ask for too few iterations, or too many", async () => {
  for (const iterations of [0, 1, 99999, 2000001, NaN, undefined]) {
    assert.equal((await refusal(() => stretch({ ...CODE, iterations }))).reason,
      "message");
  }
});

test("page and device agree on a key, each time another", async (w) => {
  const names = { context: `nameplate-claim-v1${THING}`, prover: "user",
    verifier: THING };
  const record = await w.device.record(CODE);
  const secrets = await stretch(CODE);
  const keys = new Set();
  for (let i = 0; i < 8; i++) {
    const run = start(secrets);
    const [share, confirm] = await w.device.start(record, names, run.share);
    const mine = await finish(run, names,
      { share: bytes(share), confirm: bytes(confirm) });
    const [key] = await w.device.ask("finish", hex(mine.confirm));
    assert.equal(hex(mine.key), key);
    keys.add(key);
  }
  assert.equal(keys.size, 8);
});

test("with another code neither page nor device is content", async (w) => {
  const record = await w.device.record(CODE);
  const run = start(await stretch({ ...CODE, code: "1234567899" }));
  const [share, confirm] = await w.device.start(record, NAMES, run.share);
  const error = await refusal(() => finish(run, NAMES,
    { share: bytes(share), confirm: bytes(confirm) }));
  assert.equal(error.reason, "code");
  assert.deepEqual(await w.device.ask("finish", "00".repeat(32)),
    ["error", "denied"]);
});

test("the page is below 100 kB compressed and fetches no code", () => {
  let all = 0;
  for (const name of fs.readdirSync(PAGE)) {
    const text = fs.readFileSync(path.join(PAGE, name));
    const size = zlib.gzipSync(text, { level: 9 }).length;
    all += size;
    if (name === "spake2plus.js") console.log(`# ${name}: ${size} bytes`);
    if (!name.endsWith(".js")) continue;
    for (const [, from] of String(text).matchAll(
      /(?:from|import)\s*\(?["']([^"']+)["']/g)) {
      assert.ok(from.startsWith("./") && !from.includes("/", 2) &&
        fs.existsSync(path.join(PAGE, from)), `${name} imports ${from}`);
    }
  }
  console.log(`# the page: ${all} bytes, compressed file by file`);
  assert.ok(all < LIMIT_BYTES, `${all}`);
});

test("in Chromium the code is stretched and proved in a moment", async (w) => {
  const page = await w.browser.newPage();
  await page.goto(w.address);
  const took = await page.evaluate(async (code) => {
    const { finish, start, stretch } = await import("/spake2plus.js");
    const t0 = performance.now();
    const secrets = await stretch({ ...code,
      salt: Uint8Array.from(code.salt) });
    const t1 = performance.now();
    const run = start(secrets);
    const refused = await finish(run, { context: "", prover: "", verifier: "" },
      { share: run.share, confirm: new Uint8Array(32) })
      .catch((error) => error.reason);
    return { refused, stretch: t1 - t0, prove: performance.now() - t1 };
  }, { ...CODE, salt: [...CODE.salt] });
  console.log(`# in Chromium: ${Math.round(took.stretch)} ms to stretch ` +
    `(${CODE.iterations} iterations), ${Math.round(took.prove)} ms to prove`);
  assert.equal(took.refused, "code");
  assert.ok(took.stretch + took.prove < PATIENCE_MS);
});

/* WebCrypto wants a safe place: this machine is one. */
function serve() {
  const types = { ".js": "text/javascript", ".html": "text/html" };
  return new Promise((resolve) => {
    const server = http.createServer((request, response) => {
      const name = request.url === "/spake2plus.js" ? "spake2plus.js" : null;
      response.setHeader("Content-Type", types[name ? ".js" : ".html"]);
      response.end(name ? fs.readFileSync(path.join(PAGE, name))
        : "<!doctype html><title>empty</title>");
    }).listen(0, "127.0.0.1", () => resolve(server));
  });
}

await main({
  before: async () => {
    const server = await serve();
    return { device: new Device(), server, browser: await launch(),
      address: `http://127.0.0.1:${server.address().port}/` };
  },
  after: async (w) => {
    w?.device.close();
    w?.server.close();
    await w?.browser.close();
  },
});
