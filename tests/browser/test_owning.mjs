/* test_owning.mjs - people claim devices and use what is private: Chromium,
 * cloudd and Mosquitto, with devices that are played from the document.  Each
 * flow is gone at phone and at desktop size (sides.mjs). */

import fs from "node:fs";
import http from "node:http";
import path from "node:path";
import zlib from "node:zlib";
import { launch, open, says, setting } from "./browser.mjs";
import { begin, CODE, deviceOn, end, finishClaim, named, noComplaints,
  opened, operator, ownership, person, showDevice, signUp, TD, type,
  WRONG } from "./owning.mjs";
import { untilOnline } from "./played_world.mjs";
import { barriers, flow, picturesOf } from "./sides.mjs";
import { assert, main, test, until } from "./tap.mjs";
import { PAGE, PASSWORD } from "./world.mjs";

/* --- signing up and claiming ------------------------------------------------ */

flow("sign-up", "who signs up has no device, and reads what to do",
  async (s, w) => {
    const page = s.ann = await signUp(w, s, "ann");
    await says(page.locator(".empty"), /You have no device yet.*Add one with/);
    await s.shoot(page, "empty");
    const taken = await open(w.browser, w.world.address, s.options);
    await taken.getByRole("button", { name: "Create an account" }).click();
    await s.shoot(taken, "sign-up");
    await taken.getByLabel("User").fill(named(s, "Ann"));
    await taken.getByLabel("Password").fill(PASSWORD);
    await taken.getByRole("button", { name: "Create the account" }).click();
    await says(taken.getByRole("alert"), /This name is taken/);
    await taken.context().close();
  });

flow("claim-slip", "a slip in the code is found before a try is used",
  async (s, w) => {
    s.door = await deviceOn(w, `D-${s.size}`);
    const page = s.ann;
    await page.getByRole("link", { name: "Add a device" }).first().click();
    await type(page, s.door, "2718281829");
    await says(page.locator("#claim-fault"), /one digit is wrong/);
    await type(page, s.door, "271");
    await says(page.locator("#claim-fault"), /that is 3 digits/);
    assert.deepEqual(s.door.heard, []);
    await s.shoot(page, "claim-slip");
  });

flow("claim-wrong-code", "a wrong code and an unknown device look the same",
  async (s, w) => {
    const page = s.ann;
    await type(page, s.door, WRONG);
    const verdict = page.locator(".claim .verdict");
    await says(verdict, /do not go together.*is the device switched on/);
    await s.shoot(page, "claim-wrong-code");
    const words = await verdict.textContent();
    assert.ok(s.door.heard.includes("claim"));
    // Some names play a device that is there, others one that is away.
    for (let i = 0; i < 20; i++) {
      await type(page, { serial: `NOBODY-${s.size}-${i}` }, WRONG);
      const seen = await until("an answer", async () =>
        await verdict.isVisible() ? "refused"
          : /is not connected/.test(await page.locator("#claim-fault")
            .textContent()) ? "waits" : "", 30000);
      if (seen !== "refused") continue;
      assert.equal(await verdict.textContent(), words);
      return;
    }
    assert.fail("no unknown device played one that is there");
  });

flow("claimed", "the right code makes it yours, and says what was proved",
  async (s, w) => {
    const page = s.ann;
    const began = Date.now();
    await type(page, s.door, CODE);
    await page.getByRole("heading", { name: "It is yours" })
      .waitFor({ timeout: 30000 });
    w.took = Math.max(w.took ?? 0, (Date.now() - began) / 1000);
    const proofs = page.locator(".proofs");
    await says(proofs, new RegExp(
      `genuine Acme Thermo-1.*serial number is ${s.door.serial}`));
    await s.shoot(page, "claimed");
    const link = page.getByRole("link", { name: "Open it" });
    await link.click({ force: true }); // not before the code is written down
    assert.ok(await page.getByText("Your recovery code").isVisible());
    await finishClaim(page);
    await link.click();
    await says(ownership(page), new RegExp(`It is yours.*${named(s, "ann")}`));
    await page.locator(".status.online").waitFor();
    const card = page.getByRole("region", { name: "Identity" });
    await says(card, new RegExp("Genuine Acme Thermo-1Proved to this browser" +
      ` at.*genuine vendor, model, exact serial number ${s.door.serial}\\.`));
    await says(card, /The code of its label matched too/);
    await s.shoot(page, "owner");
    // It is kept for the next visit; the operator's browser proved nothing.
    await page.reload();
    await says(card, /Proved to this browser/);
    const other = await operator(w, s);
    await showDevice(other, w, s.door);
    await says(other.getByRole("region", { name: "Identity" }),
      /Genuine Acme Thermo-1; serial number not checked/);
    await other.context().close();
  });

flow("claim-label",
  "a label's link leaves the address bar at once, and the code no trace",
  async (s, w) => {
    s.lamp = w.played.make(`L-${s.size}`, { code: CODE, td: TD });
    const page = s.cleo = await person(w, s, "cleo", s.lamp.label);
    assert.ok(!page.url().includes(CODE) && !page.url().includes("c="));
    await says(page.locator(".label-read"), `Label of ${s.lamp.thing}`);
    await s.shoot(page, "claim-label");
    assert.ok(!await page.evaluate(() => JSON.stringify(
      [history.state, { ...localStorage }, { ...sessionStorage }]))
      .then((text) => text.includes(CODE)));
    assert.ok(!w.world.log("cloudd").includes(CODE));
  });

flow("claim-waiting",
  "a claim of a device that is away waits, and goes on by itself",
  async (s, w) => {
    const page = s.cleo;
    await w.played.switchOn(s.lamp); // known, and away again
    await untilOnline(w.admin, s.lamp);
    await w.played.switchOff(s.lamp);
    await until("it is away", async () => !(await w.admin("/api/things")).things
      .some((t) => t.thingName === s.lamp.thing &&
        t.status.state === "online"), 30000);
    await page.getByRole("button", { name: "Claim it" }).click();
    await says(page.locator("#claim-fault"), /not connected. Switch it on/);
    await says(page.locator(".step.now"), /Waiting for the device/);
    await s.shoot(page, "claim-waiting");
    await w.played.switchOn(s.lamp);
    await finishClaim(page);
    assert.equal(s.lamp.owned, true);
  });

/* `there`: an unknown device of this name plays a wrong code, or it waits. */
for (const there of [true, false]) {
  const name = `claim-new-${there ? "wrong" : "waits"}`;
  flow(name, "a device that never connected is claimed when it does, where " +
    `an unknown one ${there ? "plays a wrong code" : "waits"}`, async (s, w) => {
    const page = s.fresh ??= await person(w, s, "dora");
    const verdict = page.locator(".claim .verdict");
    const fault = page.locator("#claim-fault");
    for (let i = 0; ; i++) {
      assert.ok(i < 10, "no name of the wanted kind");
      const device = w.played.make(`F-${s.size}-${there ? 1 : 0}-${i}`,
        { code: CODE, td: TD });
      await page.goto(`${w.world.address}/#/`);
      await page.getByRole("heading", { name: "Devices" }).waitFor();
      await page.goto(`${w.world.address}/${device.label}`);
      await says(page.locator(".label-read"), device.thing);
      await page.getByRole("button", { name: "Claim it" }).click();
      const refused = await until("an answer", async () =>
        await verdict.isVisible() ? "yes"
          : (await fault.textContent()).includes("not connected") ? "no" : "",
      30000) === "yes";
      if (refused !== there) continue;
      await w.played.switchOn(device);
      await finishClaim(page);
      assert.equal(device.owned, true);
      await s.shoot(page, name);
      break;
    }
  });
}

flow("claim-owned",
  "a device of somebody else says so, and its owner hears of it",
  async (s, w) => {
    const page = s.cleo;
    await page.goto(`${w.world.address}/${s.door.label}`);
    await page.getByRole("button", { name: "Claim it" }).click();
    await says(page.locator(".verdict"),
      /belongs to somebody else.*release it, or hold its reset button/);
    assert.ok(!(await page.locator("main").textContent()).includes(
      named(s, "ann")), "whose it is, is told to nobody");
    await s.shoot(page, "claim-owned");
    await showDevice(s.ann, w, s.door);
    await says(s.ann.getByRole("region", { name: "Alerts" }),
      /tried to claim it, and was refused/);
    await says(s.ann.locator(".events"), /somebody with its code was refused/);
    await s.shoot(s.ann, "alert");
    await s.ann.getByRole("button", { name: /^Dismiss/ }).first().click();
    await w.played.switchOff(s.lamp); // for "offline-alert", later
  });

/* --- private ---------------------------------------------------------------- */

flow("private", "a private setting is set and read by nobody between",
  async (s, w) => {
    const name = `heard-${s.size}`, secret = `opensesame${s.size}`;
    w.world.start(name, "mosquitto_sub", ["--unix", w.played.socket, "-i",
      name, "-t", "#", "-t", "$aws/#", "-F", "%t %p"]);
    const heard = () => w.world.log(name);
    const page = s.ann;
    await showDevice(page, w, s.door);
    const pin = setting(page, "pin");
    await pin.field.waitFor();
    assert.ok(await pin.node.locator(".padlock").isVisible());
    await pin.field.fill(secret);
    await pin.set.click();
    await says(pin.state, /^applied/);
    assert.equal(s.door.settings.desired.pin, secret);
    await s.shoot(page, "private");
    const log = await until("the broker carried boxes", () =>
      heard().includes("sealed") && heard().includes("executions") && heard());
    const readable = log + log.replaceAll(/[\w-]{20,}/g, (text) =>
      Buffer.from(text, "base64url").toString("latin1"));
    assert.ok(!readable.includes(secret));
    // The twin: what is not private is in the same log.
    await setting(page, "power").field.fill("7");
    await setting(page, "power").set.click();
    await until("the public wish is seen", () =>
      heard().includes("\"power\":7"));
    await w.world.stop(name);
    const whole = await w.admin(`/api/things/${encodeURIComponent(
      s.door.thing)}`);
    assert.ok(!JSON.stringify(whole).includes(secret));
  });

flow("operator", "the operator of the cloud sees that it is private",
  async (s, w) => {
    const page = await operator(w, s);
    await showDevice(page, w, s.door);
    await says(page.locator(".reading[data-name=pin]"),
      /private: only for whom/);
    await says(ownership(page), `It belongs to ${named(s, "ann")}`);
    await s.shoot(page, "operator");
    await page.context().close();
  });

flow("actions", "actions run on the device and their answer is shown",
  async (s, w) => {
    s.door.actions = { ring: (n) => `rang ${n} times`, open: () => undefined };
    const page = s.ann;
    await showDevice(page, w, s.door);
    const ring = page.locator(".action[data-name=ring]");
    await ring.locator("input").fill("9");
    await ring.getByRole("button").click();
    await says(ring.getByRole("status"), /expected at most 5/);
    await ring.locator("input").fill("2");
    await ring.getByRole("button").click();
    await says(ring.getByRole("status"), /done: rang 2 times/);
    await page.getByRole("button", { name: "Identify" }).click();
    await says(page.getByRole("region", { name: "Actions" }),
      /It shows itself/);
    await says(page.locator(".events"), new RegExp(
      `asked it to show which one it is by ${named(s, "ann")}`));
    assert.ok(s.door.heard.includes("identify"));
    await s.shoot(page, "actions");
  });

flow("certificates",
  "its certificates are shown, and an owner asks for a new one",
  async (s, w) => {
    const page = s.ann;
    await showDevice(page, w, s.door);
    const card = page.getByRole("region", { name: "Certificates" });
    await says(card, /ACTIVE for the device's life/);
    assert.equal(await card.getByRole("button", { name: /^Revoke/ }).count(),
      1);
    let asked = "";
    page.once("dialog", (dialog) => {
      asked = dialog.message();
      dialog.dismiss();
    });
    await card.getByRole("button", { name: /^Revoke/ }).click();
    assert.match(asked, /cut off for good/); // and nothing was revoked
    await card.getByRole("button", { name: "Rotate" }).click();
    await says(card, /A new certificate was asked for/);
    await until("the device hears it", () => s.door.heard.includes("rotate"));
    await s.shoot(page, "certificates");
  });

flow("revoked",
  "an operator revokes a certificate when that is confirmed, not before",
  async (s, w) => {
    const old = await deviceOn(w, `R-${s.size}`);
    const page = await operator(w, s);
    await showDevice(page, w, old);
    const card = page.getByRole("region", { name: "Certificates" });
    const revoke = card.getByRole("button", { name: /^Revoke/ });
    const states = async () => (await w.admin(`/api/things/${
      encodeURIComponent(old.thing)}`)).certificates.map((c) => c.status);
    page.once("dialog", (dialog) => dialog.dismiss());
    await revoke.click();
    await says(card, /ACTIVE/);
    assert.deepEqual(await states(), ["ACTIVE"]);
    page.once("dialog", (dialog) => dialog.accept());
    await revoke.click();
    await says(card, /It was revoked/);
    await says(card, /REVOKED/);
    assert.deepEqual(await states(), ["REVOKED"]);
    assert.equal(await revoke.count(), 0); // once is enough
    await s.shoot(page, "revoked");
    await page.context().close();
  });

flow("rooms", "a name and a room are the account's own", async (s, w) => {
  const page = s.ann;
  await showDevice(page, w, s.door);
  await page.getByText("Name and room").click();
  await page.getByLabel("Your name for it").fill("Oak door");
  await page.getByLabel("Room").fill("Hall");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Oak door" }).waitFor();
  await page.getByRole("link", { name: "‹ Devices" }).click();
  await page.getByRole("heading", { name: "Hall" }).waitFor();
  await page.getByRole("link", { name: /Oak door/ }).waitFor();
  await s.shoot(page, "rooms");
  const whole = await w.admin(`/api/things/${encodeURIComponent(
    s.door.thing)}`);
  assert.equal(whole.name, undefined);
});

/* --- the account ------------------------------------------------------------ */

/* A receiver that answers what `status` says. */
async function receiver() {
  const r = { posts: [], status: 204 };
  r.server = http.createServer((request, answer) => {
    let body = "";
    request.on("data", (bytes) => { body += bytes; });
    request.on("end", () => {
      r.posts.push(JSON.parse(body));
      answer.writeHead(r.status).end();
    });
  });
  await new Promise((done) => r.server.listen(0, "127.0.0.1", done));
  r.url = `http://127.0.0.1:${r.server.address().port}/hook`;
  return r;
}

flow("web-hook", "a web hook is set, tried, and says why it fails",
  async (s, w) => {
    const heard = await receiver();
    const page = s.ann;
    try {
      await page.goto(`${w.world.address}/#/account`);
      const card = page.getByRole("region", { name: "Web hook" });
      await card.getByLabel("Its address").fill("http://example.org/");
      await card.getByRole("button", { name: "Save" }).click();
      await says(card, /Expected an address that begins with https/);
      await card.getByLabel("Its address").fill(heard.url);
      await card.getByRole("button", { name: "Save" }).click();
      await says(card, /Its secret, shown this once.*[0-9a-f]{64}/);
      heard.status = 500;
      await card.getByRole("button", { name: "Send a test" }).click();
      await says(card, /not delivered, it is tried again.*the status 500/);
      await s.shoot(page, "web-hook");
      heard.status = 204;
      await says(card, /The last alert was delivered/);
      assert.equal(heard.posts.at(-1).alerts[0].kind, "test");
      await page.reload();
      await says(card, /The last alert was delivered/);
      assert.equal(await card.getByLabel("Its address").inputValue(),
        heard.url);
      assert.doesNotMatch(await card.textContent(), /[0-9a-f]{64}/);
      await card.getByRole("button", { name: "Remove it" }).click();
      await says(card, /It was removed/);
      assert.ok(await card.getByRole("button", { name: "Send a test" })
        .isHidden());
    } finally {
      heard.server.close();
    }
  });

flow("offline-alert",
  "a device that is away for long is an alert, till it is back",
  async (s, w) => {
    const page = s.cleo;
    await page.goto(`${w.world.address}/#/`);
    const card = page.getByRole("region", { name: "Alerts" });
    await says(card, /Front door: It has been offline for long/);
    await showDevice(page, w, s.lamp);
    await says(page.locator(".hero .status"), /^offline last seen/);
    await says(card, /offline for long. Is it switched on/);
    await s.shoot(page, "offline-alert");
    await w.played.switchOn(s.lamp);
    await page.locator(".hero .status.online").waitFor();
    await until("it is over", async () => {
      await page.reload();
      await page.locator(".device:not(.loading)").waitFor();
      return /it is over/.test(await card.textContent());
    }, 30000);
  });

/* --- the camera ------------------------------------------------------------- */

/* A camera that sees this text, as Chromium's fake one plays it. */
async function film(file, text) {
  const { encode } = await import(path.join(PAGE, "qr.js"));
  const rows = encode(text), scale = 6, width = 640, height = 480;
  const top = Math.floor((height - rows.length * scale) / 2);
  const left = Math.floor((width - rows.length * scale) / 2);
  const luma = Buffer.alloc(width * height, 235);
  rows.forEach((row, y) => row.forEach((dark, x) => {
    for (let i = 0; dark && i < scale; i++) {
      const at = (top + y * scale + i) * width + left + x * scale;
      luma.fill(16, at, at + scale);
    }
  }));
  const frame = Buffer.concat([Buffer.from("FRAME\n"), luma,
    Buffer.alloc(width * height / 2, 128)]);
  fs.writeFileSync(file, Buffer.concat([
    Buffer.from(`YUV4MPEG2 W${width} H${height} F10:1 Ip A1:1 C420\n`),
    frame, frame, frame]));
}

flow("camera", "the camera reads a label, by a decoder of our own",
  async (s, w) => {
    const file = w.world.path(`${s.size}.y4m`);
    await film(file, `https://meet.example/${s.lamp.label}`);
    const browser = await launch(["--use-fake-device-for-media-stream",
      "--use-fake-ui-for-media-stream",
      `--use-file-for-fake-video-capture=${file}`]);
    try {
      const page = await person({ ...w, browser }, s, "cleo");
      await page.getByRole("link", { name: "Add a device" }).first().click();
      await page.evaluate(() => { delete globalThis.BarcodeDetector; });
      await page.getByRole("button", { name: "Scan the label" }).click();
      await says(page.locator(".label-read"), `Label of ${s.lamp.thing}`);
      await s.shoot(page, "camera");
      assert.deepEqual(page.complaints, []);
    } finally {
      await browser.close();
      opened.pop();
    }
  });

/* --- for everybody ---------------------------------------------------------- */

flow("claim-keyboard", "a claim is made with the keyboard alone",
  async (s, w) => {
    const device = await deviceOn(w, `K-${s.size}`);
    const page = s.cleo;
    await page.goto(`${w.world.address}/#/add`);
    await page.getByLabel("Vendor").focus();
    for (const text of ["Acme", "Thermo-1", device.serial, CODE]) {
      await page.keyboard.type(text);
      await page.keyboard.press("Tab");
    }
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { name: "It is yours" })
      .waitFor({ timeout: 30000 });
    // What happened is focused, so a screen reader goes on from there.
    await until("the outcome has the focus", () => page.evaluate(() =>
      document.activeElement.textContent === "It is yours"));
    await s.shoot(page, "claim-keyboard");
    await finishClaim(page);
  });

test("what comes while the first page loads breaks nothing", async (w) => {
  const page = await open(w.browser, "about:blank",
    { storageState: w.world.session("ann.desktop") });
  opened.push(page);
  await page.route("**/claim_page.js", async (route) => {
    await until("events come", () => page.evaluate(async () =>
      (await (await fetch("/api/events")).body.getReader().read()).value
        .length > 0));
    await new Promise((resolve) => setTimeout(resolve, 1500));
    await route.continue();
  });
  await page.goto(`${w.world.address}/#/add`);
  await page.getByRole("button", { name: "Claim it" }).waitFor();
  assert.deepEqual(page.complaints, []);
});

test("barriers are noticed", async (w) => {
  const page = await open(w.browser, w.world.address);
  assert.deepEqual(await barriers(page), []);
  await page.evaluate(() => document.body.append(
    document.createElement("button")));
  assert.equal((await barriers(page)).length, 1); // the twin
  await page.context().close();
});

test("the page is small and there at once", async (w) => {
  const sizes = fs.readdirSync(PAGE).map((name) => [name, zlib.gzipSync(
    fs.readFileSync(path.join(PAGE, name)), { level: 9 }).length]);
  const all = sizes.reduce((sum, [, size]) => sum + size, 0);
  const page = await open(w.browser, w.world.address);
  const paints = [];
  for (let i = 0; i < 5; i++) { // the machine may be busy with other things
    await page.reload();
    await page.getByLabel("User").waitFor();
    paints.push(await page.evaluate(() => performance.getEntriesByName(
      "first-contentful-paint")[0].startTime));
  }
  const paint = Math.min(...paints);
  const loaded = await page.evaluate(() => performance
    .getEntriesByType("resource").map((r) =>
      new URL(r.name).pathname.slice(1)));
  const first = sizes.filter(([name]) => loaded.includes(name))
    .reduce((sum, [, size]) => sum + size, 0);
  console.log(`# ${(all / 1000).toFixed(1)} kB compressed, ` +
    `${(first / 1000).toFixed(1)} kB of them at first; first paint after ` +
    `${Math.round(paint)} ms; from typing the code to owning: ` +
    `${w.took?.toFixed(1)} s`);
  assert.ok(all < 100000, `${all} bytes`);
  assert.ok(paint < 1000, `${paint} ms`);
  assert.ok(!loaded.some((n) => ["qr.js", "spake2plus.js"].includes(n)));
  await page.context().close();
});

picturesOf(["sign-up", "claim-slip", "claim-wrong-code", "claimed",
  "claim-label", "claim-waiting", "claim-new-wrong", "claim-new-waits",
  "claim-owned", "private", "operator", "actions", "certificates",
  "revoked", "rooms", "web-hook", "offline-alert", "camera", "claim-keyboard"]);

test("no page of these tests complained", noComplaints);

await main({ before: () => begin(["--away-after", "1", "--private-hooks",
  "yes"]), after: end });
