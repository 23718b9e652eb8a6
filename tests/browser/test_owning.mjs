/* test_owning.mjs - people own devices: Chromium, cloudd and Mosquitto, with
 * devices that are played from the document (played_device.mjs), known by real
 * certificates.  Pictures of each flow, at phone and desktop size, are left in
 * build/tests/screenshots. */

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import zlib from "node:zlib";
import { faintTexts, launch, logIn, open, overhang, setting } from "./browser.mjs";
import { PlayedWorld, untilOnline } from "./played_world.mjs";
import { assert, main, test, until } from "./tap.mjs";
import { PAGE, PASSWORD, TOP, USER, World } from "./world.mjs";

const SHOTS = path.join(TOP, "build/tests/screenshots");
const PHONE = { viewport: { width: 390, height: 844 }, isMobile: true,
  hasTouch: true, colorScheme: "dark" };
const AXE = fs.readFileSync(createRequire(import.meta.url)
  .resolve("axe-core/axe.min.js"), "utf8");
const { checkDigit } = await import(path.join(PAGE, "passcode.js"));
const withCheck = (digits) => digits + checkDigit(digits);
const CODE = "2718281828", WRONG = withCheck("314159265");

const TD = { title: "Front door", properties: {
  pin: { type: "string", title: "Door code", "nameplate:private": true },
  guests: { type: "integer", minimum: 0, maximum: 9, title: "Guests",
    "nameplate:private": true },
  power: { type: "integer", minimum: 0, maximum: 10, title: "Power" } },
actions: { ring: { title: "Ring", input: { type: "integer", minimum: 1,
  maximum: 5 } }, open: { title: "Open the door" } } };

const opened = [];
let shots = 0;

async function before() {
  const world = new World();
  const w = { world };
  fs.mkdirSync(SHOTS, { recursive: true });
  try {
    world.makeVendor("Acme", "Thermo-1");
    await world.startBroker();
    world.addUser();
    world.cloudOptions = ["--signup", "yes", "--vendors",
      world.path("factory/root.crt"), "--away-after", "1"];
    await world.startCloudd();
    w.played = new PlayedWorld(world);
    w.browser = await launch();
    w.adminPage = await open(w.browser, world.address);
    await logIn(w.adminPage);
    await w.adminPage.getByRole("heading", { name: "Devices" }).waitFor();
    w.admin = (path_) => w.adminPage.evaluate(async (p) =>
      (await fetch(p)).json(), path_);
    return w;
  } catch (error) {
    console.log(world.log("cloudd").slice(-2000).replace(/^/gm, "# "));
    w.played?.close();
    await world.close();
    throw error;
  }
}

async function after(w) {
  await w?.browser?.close();
  w?.played.close();
  await w?.world.close();
}

const says = (locator, what) => until(`the page says ${what}`, async () =>
  (await locator.textContent()).match(what), 20000);

/** What axe-core finds wrong for people who cannot see or use a mouse. */
async function barriers(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await globalThis.axe.run(
    document, { resultTypes: ["violations"], rules: {
      "color-contrast": { enabled: false } } })).violations); // faintTexts does
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
}

/** A picture, and nothing a person could stumble over in it. */
async function shoot(page, name) {
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`),
    fullPage: true });
  shots++;
  assert.equal(await overhang(page), 0, `${name} is wider than the screen`);
  assert.deepEqual(await barriers(page), [], name);
  assert.deepEqual(await faintTexts(page), [], name);
}

/** A person with a browser of their own, signed up. */
async function person(w, name, options = {}, hash = "") {
  const page = await open(w.browser, `${w.world.address}/${hash}`, options);
  opened.push(page);
  page.name = name;
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("User").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.locator(".user").waitFor();
  return page;
}

/** The same person in another browser. */
async function secondBrowser(w, name) {
  const page = await open(w.browser, w.world.address);
  opened.push(page);
  await page.getByLabel("User").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Log in" }).click();
  await page.locator(".user").waitFor();
  return page;
}

async function deviceOn(w, serial, more = {}) {
  const device = w.played.make(serial, { code: CODE, td: TD, ...more });
  await w.played.switchOn(device);
  await untilOnline(w.admin, device);
  return device;
}

async function type(page, { serial }, code) {
  await page.getByLabel("Vendor").fill("Acme");
  await page.getByLabel("Model").fill("Thermo-1");
  await page.getByLabel("Serial number").fill(serial);
  await page.getByLabel("Code", { exact: true }).fill(code);
  await page.getByRole("button", { name: "Claim it" }).click();
}

/** Claim by a label's link; gives the recovery code. */
async function claim(page, w, device) {
  await page.goto(`${w.world.address}/${device.label}`);
  await page.getByRole("button", { name: "Claim it" }).click();
  return finishClaim(page);
}

async function finishClaim(page) {
  await page.getByRole("heading", { name: /^It is yours/ }).waitFor();
  const code = await page.locator(".secret").textContent();
  await page.getByLabel("I have written it down").check();
  return code;
}

const showDevice = async (page, w, device) => {
  await page.goto(`${w.world.address}/#/things/` +
    encodeURIComponent(device.thing));
  await page.locator(".device:not(.loading)").waitFor();
};

const ownership = (page) => page.getByRole("region", { name: "Ownership" });

async function keyLinkOf(page) {
  await page.locator("a.user").click();
  const field = page.getByLabel("This browser's link");
  return until("the browser's link", () => field.inputValue());
}

async function share(page, link, role, name) {
  const card = ownership(page);
  await card.getByText("Share it, or give it away").click();
  await card.getByLabel("Their link").fill(link);
  if (name) await card.getByLabel("Name").fill(name);
  await card.getByLabel("This person").selectOption(role);
  await card.getByRole("button", { name: "Do it" }).click();
}

/* --- signing up and claiming ------------------------------------------------ */

test("who signs up has no device, and reads what to do", async (w) => {
  const page = await person(w, "ann");
  w.ann = page;
  await says(page.locator(".empty"), /You have no device yet.*Add one with/);
  await shoot(page, "empty-desktop");
  const taken = await open(w.browser, w.world.address);
  await taken.getByRole("button", { name: "Create an account" }).click();
  await shoot(taken, "signup-desktop");
  await taken.getByLabel("User").fill("Ann");
  await taken.getByLabel("Password").fill(PASSWORD);
  await taken.getByRole("button", { name: "Create the account" }).click();
  await says(taken.getByRole("alert"), /This name is taken/);
  await taken.context().close();
});

test("a slip in the code is found before a try is used", async (w) => {
  w.door = await deviceOn(w, "D-1");
  const page = w.ann;
  await page.getByRole("link", { name: "Add a device" }).first().click();
  await type(page, w.door, "2718281829");
  await says(page.locator("#claim-fault"), /one digit is wrong/);
  await type(page, w.door, "271");
  await says(page.locator("#claim-fault"), /that is 3 digits/);
  assert.deepEqual(w.door.heard, []);
  await shoot(page, "claim-slip-desktop");
});

test("a wrong code and an unknown device look the same", async (w) => {
  const page = w.ann;
  await type(page, w.door, WRONG);
  const verdict = page.locator(".claim .verdict");
  await says(verdict, /do not go together.*is the device switched on/);
  await shoot(page, "claim-wrong-code-desktop");
  const words = await verdict.textContent();
  assert.ok(w.door.heard.includes("claim"));
  // Some names play a device that is there, others one that is away.
  for (let i = 0; i < 20; i++) {
    await type(page, { serial: `NOBODY-${i}` }, WRONG);
    const seen = await until("an answer", async () =>
      await verdict.isVisible() ? "refused"
        : /is not connected/.test(await page.locator("#claim-fault")
          .textContent()) ? "waits" : "", 20000);
    if (seen !== "refused") continue;
    assert.equal(await verdict.textContent(), words);
    return;
  }
  assert.fail("no unknown device played one that is there");
});

test("the right code makes it yours, and says what was proved", async (w) => {
  const page = w.ann;
  const began = Date.now();
  await type(page, w.door, CODE);
  await page.getByRole("heading", { name: "It is yours" }).waitFor();
  w.took = (Date.now() - began) / 1000;
  const proofs = page.locator(".proofs");
  await says(proofs, /genuine Acme Thermo-1.*serial number is D-1/);
  await shoot(page, "claimed-desktop");
  const link = page.getByRole("link", { name: "Open it" });
  await link.click({ force: true }); // not before the recovery code is written down
  assert.ok(await page.getByText("Your recovery code").isVisible());
  await finishClaim(page);
  await link.click();
  await says(ownership(page), /It is yours.*ann/);
  await page.locator(".status.online").waitFor();
  const card = page.getByRole("region", { name: "Identity" });
  await says(card, new RegExp("Genuine Acme Thermo-1Proved to this browser at" +
    ".*genuine vendor, model, exact serial number D-1\\."));
  await says(card, /The code of its label matched too/);
  await shoot(page, "owner-desktop");
  // It is kept for the next visit; the operator's browser has proved nothing.
  await page.reload();
  await says(card, /Proved to this browser/);
  await w.adminPage.goto(page.url());
  await says(w.adminPage.getByRole("region", { name: "Identity" }),
    /Genuine Acme Thermo-1; serial number not checked/);
  await w.adminPage.goto(`${w.world.address}/#/`);
});

test("a label's link leaves the address bar at once, and the code no trace",
  async (w) => {
    w.lamp = w.played.make("L-1", { code: CODE, td: TD });
    const page = await person(w, "cleo", PHONE, w.lamp.label);
    w.cleo = page;
    assert.ok(!page.url().includes(CODE) && !page.url().includes("c="));
    await says(page.locator(".label-read"), /Label of acme:thermo-1:L-1/);
    await shoot(page, "claim-label-phone");
    assert.ok(!await page.evaluate(() => JSON.stringify(
      [history.state, { ...localStorage }, { ...sessionStorage }]))
      .then((text) => text.includes(CODE)));
    assert.ok(!w.world.log("cloudd").includes(CODE));
  });

test("a claim of a device that is away waits, and goes on by itself",
  async (w) => {
    const page = w.cleo;
    await w.played.switchOn(w.lamp); // known, and away again
    await untilOnline(w.admin, w.lamp);
    await w.played.switchOff(w.lamp);
    await until("it is away", async () => !(await w.admin("/api/things")).things
      .some((t) => t.thingName === w.lamp.thing &&
        t.status.state === "online"), 30000);
    await page.getByRole("button", { name: "Claim it" }).click();
    await says(page.locator("#claim-fault"), /not connected. Switch it on/);
    await says(page.locator(".step.now"), /Waiting for the device/);
    await shoot(page, "claim-waiting-phone");
    await w.played.switchOn(w.lamp);
    await finishClaim(page);
    assert.equal(w.lamp.owned, true);
    await shoot(page, "claimed-phone");
  });

for (const there of [true, false]) {
  test("a device that never connected is claimed when it does, where an " +
    `unknown one ${there ? "plays a wrong code" : "waits"}`, async (w) => {
    const page = w.fresh ??= await person(w, "dora");
    const verdict = page.locator(".claim .verdict");
    const fault = page.locator("#claim-fault");
    for (let i = 0; ; i++) {
      assert.ok(i < 10, "no name of the wanted kind");
      const device = w.played.make(`F${there ? 1 : 0}-${i}`,
        { code: CODE, td: TD });
      await page.goto(`${w.world.address}/#/`);
      await page.goto(`${w.world.address}/${device.label}`);
      await says(page.locator(".label-read"), device.thing);
      await page.getByRole("button", { name: "Claim it" }).click();
      const refused = await until("an answer", async () =>
        await verdict.isVisible() ? "yes"
          : (await fault.textContent()).includes("not connected") ? "no" : "",
      20000) === "yes";
      if (refused !== there) continue;
      await w.played.switchOn(device);
      await finishClaim(page);
      assert.equal(device.owned, true);
      break;
    }
  });
}

test("a device of somebody else says so, and its owner hears of it",
  async (w) => {
    const page = w.cleo;
    await page.goto(`${w.world.address}/${w.door.label}`);
    await page.getByRole("button", { name: "Claim it" }).click();
    await says(page.locator(".verdict"),
      /belongs to somebody else.*release it, or hold its reset button/);
    await shoot(page, "claim-owned-phone");
    await showDevice(w.ann, w, w.door);
    await says(w.ann.getByRole("region", { name: "Alerts" }),
      /tried to claim it, and was refused/);
    await says(w.ann.locator(".events"), /somebody with its code was refused/);
    await shoot(w.ann, "alert-desktop");
    await w.ann.getByRole("button", { name: /^Dismiss/ }).first().click();
  });

/* --- private ---------------------------------------------------------------- */

test("a private setting is set and read by nobody between", async (w) => {
  const heard = w.world.path("heard.log");
  w.world.start("heard", "mosquitto_sub", ["--unix", w.played.socket, "-i",
    "heard", "-t", "#", "-t", "$aws/#", "-F", "%t %p"]);
  const page = w.ann;
  await showDevice(page, w, w.door);
  const pin = setting(page, "pin");
  await pin.field.waitFor();
  assert.ok(await pin.node.locator(".padlock").isVisible());
  await pin.field.fill("opensesame");
  await pin.set.click();
  await says(pin.state, /^applied/);
  assert.equal(w.door.settings.desired.pin, "opensesame");
  await shoot(page, "private-desktop");
  const log = await until("the broker carried boxes", () => {
    const text = fs.readFileSync(heard, "utf8");
    return text.includes("sealed") && text.includes("executions") ? text : "";
  });
  const readable = log + log.replaceAll(/[\w-]{20,}/g, (text) =>
    Buffer.from(text, "base64url").toString("latin1"));
  assert.ok(!readable.includes("opensesame"));
  // The twin: what is not private is in the same log.
  await setting(page, "power").field.fill("7");
  await setting(page, "power").set.click();
  await until("the public wish is seen", () =>
    fs.readFileSync(heard, "utf8").includes("\"power\":7"));
  await w.world.stop("heard");
  const shadow = await w.admin(`/api/things/${encodeURIComponent(
    w.door.thing)}`);
  assert.ok(!JSON.stringify(shadow).includes("opensesame"));
});

test("the operator of the cloud sees that it is private", async (w) => {
  const page = await open(w.browser, w.world.address);
  opened.push(page);
  await logIn(page);
  await page.locator(".user").waitFor();
  await showDevice(page, w, w.door);
  await says(page.locator(".reading[data-name=pin]"), /private: only for whom/);
  await says(ownership(page), /It belongs to ann/);
  await page.context().close();
});

test("actions run on the device and their answer is shown", async (w) => {
  w.door.actions = { ring: (n) => `rang ${n} times`, open: () => undefined };
  const page = w.ann;
  await showDevice(page, w, w.door);
  const ring = page.locator(".action[data-name=ring]");
  await ring.locator("input").fill("9");
  await ring.getByRole("button").click();
  await says(ring.getByRole("status"), /expected at most 5/);
  await ring.locator("input").fill("2");
  await ring.getByRole("button").click();
  await says(ring.getByRole("status"), /done: rang 2 times/);
  await page.getByRole("button", { name: "Identify" }).click();
  await says(page.getByRole("region", { name: "Actions" }), /It shows itself/);
  await says(page.locator(".events"), /asked it to show which one it is by ann/);
  assert.ok(w.door.heard.includes("identify"));
});

test("its certificates are shown, and an owner asks for a new one",
  async (w) => {
    const page = w.ann;
    await showDevice(page, w, w.door);
    const card = page.getByRole("region", { name: "Certificates" });
    await says(card, /ACTIVE for the device's life/);
    assert.equal(await card.getByRole("button", { name: /^Revoke/ }).count(), 1);
    let asked = "";
    page.once("dialog", (dialog) => {
      asked = dialog.message();
      dialog.dismiss();
    });
    await card.getByRole("button", { name: /^Revoke/ }).click();
    assert.match(asked, /cut off for good/); // and nothing was revoked
    await card.getByRole("button", { name: "Rotate" }).click();
    await says(card, /A new certificate was asked for/);
    await until("the device hears it", () => w.door.heard.includes("rotate"));
  });

test("an operator revokes a certificate when that is confirmed, not before",
  async (w) => {
    const old = await deviceOn(w, "R-1");
    const page = await open(w.browser, w.world.address);
    opened.push(page);
    await logIn(page);
    await page.locator(".user").waitFor();
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
    await page.context().close();
  });

test("a name and a room are the account's own", async (w) => {
  const page = w.ann;
  await showDevice(page, w, w.door);
  await page.getByText("Name and room").click();
  await page.getByLabel("Your name for it").fill("Oak door");
  await page.getByLabel("Room").fill("Hall");
  await page.getByRole("button", { name: "Save" }).click();
  await page.getByRole("heading", { name: "Oak door" }).waitFor();
  await page.getByRole("link", { name: "‹ Devices" }).click();
  await page.getByRole("heading", { name: "Hall" }).waitFor();
  await page.getByRole("link", { name: /Oak door/ }).waitFor();
  await shoot(page, "rooms-desktop");
  const whole = await w.admin(`/api/things/${encodeURIComponent(
    w.door.thing)}`);
  assert.equal(whole.name, undefined);
});

/* --- sharing ---------------------------------------------------------------- */

test("a viewer looks and may not set; taken away, it is gone", async (w) => {
  w.bob = await person(w, "bob");
  const link = await keyLinkOf(w.bob);
  await shoot(w.bob, "account-desktop");
  await showDevice(w.ann, w, w.door);
  await share(w.ann, link, "viewer");
  await says(ownership(w.ann), /bob viewer/);
  await shoot(w.ann, "shared-desktop");
  await w.bob.getByRole("link", { name: "‹ Devices" }).click();
  await w.bob.getByRole("link", { name: /Front door/ }).click();
  await says(ownership(w.bob), /It belongs to ann. You may look at it/);
  const pin = setting(w.bob, "pin");
  await until("the private value", async () =>
    await pin.field.inputValue() === "opensesame");
  await pin.field.fill("hijack");
  await pin.set.click();
  await says(pin.state, /your role does not allow this/);
  await setting(w.bob, "power").field.fill("1");
  await setting(w.bob, "power").set.click();
  await says(setting(w.bob, "power").state, /Your role.*Ask its owner/);
  await ownership(w.ann).getByRole("button", { name: "Remove bob" }).click();
  await until("bob's page knows", async () => await w.bob.getByRole("heading",
    { name: "No such device" }).count() === 1, 20000);
  assert.equal((await w.bob.request.get(`${w.world.address}/api/things/${
    encodeURIComponent(w.door.thing)}`)).status(), 404);
});

test("a link that is opened fills the form of the device that is chosen",
  async (w) => {
    const link = await keyLinkOf(w.bob);
    await w.ann.goto(link);
    await w.ann.reload(); // as a new visit would
    await w.ann.goto(link);
    await says(w.ann.locator(".notice"), /Choose the device to share with bob/);
    assert.ok(!w.ann.url().includes("k="));
    await w.ann.getByRole("link", { name: /Oak door/ }).click();
    const card = ownership(w.ann);
    await card.getByLabel("This person").selectOption("operator");
    assert.equal(await card.getByLabel("Name").inputValue(), "bob");
    await card.getByRole("button", { name: "Do it" }).click();
    await says(card, /bob operator/);
  });

test("a second browser of the owner's is an owner too", async (w) => {
  w.ann2 = await secondBrowser(w, "ann");
  await showDevice(w.ann2, w, w.door);
  await says(ownership(w.ann2), /This browser is not known to the device/);
  const link = await keyLinkOf(w.ann2);
  await showDevice(w.ann, w, w.door);
  await share(w.ann, link, "browser");
  await says(ownership(w.ann), /owner, browser 2/);
  await showDevice(w.ann2, w, w.door);
  await says(ownership(w.ann2), /It is yours/);
  const pin = setting(w.ann2, "pin");
  await until("it reads what is private", async () =>
    await pin.field.inputValue() === "opensesame");
});

test("a transfer is accepted by the other, and wipes", async (w) => {
  const link = await keyLinkOf(w.bob);
  await showDevice(w.ann, w, w.door);
  await share(w.ann, link, "give", "bob");
  await showDevice(w.bob, w, w.door);
  await says(ownership(w.bob), /ann wants to give you this device/);
  await shoot(w.bob, "offer-desktop");
  await w.bob.getByRole("button", { name: "Accept it" }).click();
  await says(ownership(w.bob), /It is yours/);
  assert.deepEqual(w.door.settings.desired, {});
  await says(w.bob.locator(".events"), /was given to another owner/);
  assert.doesNotMatch(await w.bob.locator(".events").textContent(),
    /asked it to show/); // of the time before
  await w.ann.goto(`${w.world.address}/#/`);
  await says(w.ann.locator(".list"), /You have no device yet/);
});

test("a release lists what is wiped and gives a new code", async (w) => {
  await showDevice(w.bob, w, w.door);
  const card = ownership(w.bob);
  await card.getByRole("button", { name: "Release" }).click();
  await says(card.getByRole("dialog"), /private settings.*history and/);
  await card.getByLabel(/Make a new code/).check();
  await shoot(w.bob, "release-desktop");
  w.door.newCode = withCheck("161803398");
  await card.getByRole("button", { name: "Release and wipe" }).click();
  await says(card, /Wiped on the device: private settings/);
  const code = (await card.locator(".secret").textContent()).replace(/\s/g, "");
  assert.equal(code, w.door.newCode);
  assert.equal(w.door.owned, false);
  await shoot(w.bob, "released-desktop");
  // The label is void now; the new code claims.
  await w.ann.goto(`${w.world.address}/${w.door.label}`);
  await w.ann.getByRole("button", { name: "Claim it" }).click();
  await says(w.ann.locator(".verdict"), /do not go together/);
  await w.ann.goto(`${w.world.address}/#/`);
  await w.ann.goto(`${w.world.address}/#/add`);
  await type(w.ann, w.door, code);
  w.recovery = await finishClaim(w.ann);
});

test("the recovery code brings the owner back in a new browser", async (w) => {
  const page = await secondBrowser(w, "ann");
  await showDevice(page, w, w.door);
  const card = ownership(page);
  await card.getByText("I am the owner and lost my browser").click();
  await card.getByLabel("Recovery code").fill("ABC");
  await card.getByRole("button", { name: "Come back" }).click();
  await says(card, /that is 3 letters/);
  await card.getByLabel("Recovery code").fill(w.recovery.toLowerCase());
  await card.getByRole("button", { name: "Come back" }).click();
  await says(card, /It is yours.*owner, this browser/);
  await showDevice(w.ann, w, w.door); // the old browser is no owner any more
  await says(ownership(w.ann), /This browser is not known/);
  await page.context().close();
});

test("a reset at the device makes it nobody's, in the cloud too", async (w) => {
  w.lamp.reset();
  await w.cleo.goto(`${w.world.address}/#/`);
  await says(w.cleo.locator(".list"), /You have no device yet/);
  await shoot(w.cleo, "empty-phone");
  const whole = await w.admin(`/api/things/${encodeURIComponent(
    w.lamp.thing)}`);
  const record = JSON.parse(Buffer.from(whole.ownership.record, "base64url"));
  assert.equal(record.act, "reset");
  assert.equal(record.epoch, 2);
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

test("the camera reads a label, by a decoder of our own", async (w) => {
  const file = w.world.path("label.y4m");
  await film(file, `https://meet.example/${w.lamp.label}`);
  const browser = await launch(["--use-fake-device-for-media-stream",
    "--use-fake-ui-for-media-stream", `--use-file-for-fake-video-capture=${file}`]);
  try {
    const page = await open(browser, w.world.address, PHONE);
    await page.getByLabel("User").fill("cleo");
    await page.getByLabel("Password").fill(PASSWORD);
    await page.getByRole("button", { name: "Log in" }).click();
    await page.getByRole("link", { name: "Add a device" }).first().click();
    await page.evaluate(() => { delete globalThis.BarcodeDetector; });
    await page.getByRole("button", { name: "Scan the label" }).click();
    await says(page.locator(".label-read"), /Label of acme:thermo-1:L-1/);
    assert.deepEqual(page.complaints, []);
  } finally {
    await browser.close();
  }
});

/* --- for everybody ---------------------------------------------------------- */

test("a claim is made with the keyboard alone", async (w) => {
  const device = await deviceOn(w, "K-1");
  const page = w.cleo;
  await page.goto(`${w.world.address}/#/add`);
  await page.getByLabel("Vendor").focus();
  for (const text of ["Acme", "Thermo-1", "K-1", CODE]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "It is yours" }).waitFor();
  // What happened is focused, so a screen reader goes on from there.
  await until("the outcome has the focus", () => page.evaluate(() =>
    document.activeElement.textContent === "It is yours"));
  await finishClaim(page);
  await showDevice(page, w, device);
  await shoot(page, "owner-phone");
  await page.goto(`${w.world.address}/#/account`);
  await page.locator(".qr").waitFor();
  await shoot(page, "account-phone");
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
    `${w.took?.toFixed(1)} s; ${shots} pictures`);
  assert.ok(all < 100000, `${all} bytes`);
  assert.ok(paint < 1000, `${paint} ms`);
  assert.ok(!loaded.some((n) => ["qr.js", "spake2plus.js"].includes(n)));
  await page.context().close();
});

test("no page of these tests complained", async () => {
  assert.ok(opened.length > 5);
  for (const page of opened) {
    assert.deepEqual(page.complaints, []);
    if (page.isClosed()) continue;
    assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  }
});

await main({ before, after });
