/* parts.mjs - what the tests of the page's parts stand on: devices of the real
 * factory, played, and an enemy between who changes one thing at a time. */

import { webcrypto, X509Certificate } from "node:crypto";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { spawnSync } from "node:child_process";
import { PlayedDevice } from "./played_device.mjs";
import { assert } from "./tap.mjs";
import { BIN, PAGE } from "./world.mjs";

globalThis.crypto ??= webcrypto; // Node.js 18 has it under another name
export const part = (name) => import(path.join(PAGE, name));
const { claim } = await part("claim.js");
const { openChannel } = await part("channel.js");
const { openKeystore } = await part("keystore.js");
const { readPem } = await part("verify.js");

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
export function issueWith({ parent, acme, one }, serial, ...algorithm) {
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

export async function before() {
  const parent = fs.mkdtempSync(path.join(os.tmpdir(), "nameplate-claim-"));
  const acme = makeVendor(parent, "Acme"), zeta = makeVendor(parent, "Zeta");
  return { parent, acme, zeta, one: issue(acme.folder, "S1"),
    two: issue(acme.folder, "S2"), foreign: issue(zeta.folder, "S1") };
}

export const after = (w) => w && fs.rmSync(w.parent, { recursive: true });

/** A browser's store without IndexedDB. */
function memory() {
  const kept = new Map();
  return { get: async (n) => kept.get(n), put: async (n, v) => kept.set(n, v),
    remove: async (n) => kept.delete(n) };
}

export const newBrowser = (user = "ann") => openKeystore(user, memory());

/** The relay as cloudd is; `twist` changes what goes through. */
export function relay(device, twist = {}) {
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

export const play = (made, code = CODE) => new PlayedDevice({ ...made, code });

export async function claimIt(w, device, { signer, code = CODE, twist, ...more } = {}) {
  signer ??= await newBrowser();
  const steps = [];
  const result = await claim({ thing: device.thing, hit: device.hit, code,
    signer, user: "Ann", recovery: null, anchors: w.acme.anchors,
    ask: relay(device, twist), ...more }, (step, what) => steps.push([step, what]));
  return { signer, steps, ...result };
}

export const reason = (wanted) => (error) => error.reason === wanted ||
  assert.fail(`${error.reason}: ${error.stack}`);

export const open = (w, device, signer, { twist, psk } = {}) => (async () =>
  openChannel({ thing: device.thing, hit: device.hit, signer,
    psk: psk === undefined ? await signer.psk(device.thing) : psk,
    anchors: w.acme.anchors, ask: relay(device, twist) }))();
