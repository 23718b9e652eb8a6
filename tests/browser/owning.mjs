/* owning.mjs - what the tests of owning stand on: a world with played devices
 * (played_device.mjs), known by real certificates, and people in it. */

import path from "node:path";
import { launch, logIn, open } from "./browser.mjs";
import { PlayedWorld, untilOnline } from "./played_world.mjs";
import { makeSides } from "./sides.mjs";
import { assert, until } from "./tap.mjs";
import { PAGE, PASSWORD, World } from "./world.mjs";

const { checkDigit } = await import(path.join(PAGE, "passcode.js"));
export const withCheck = (digits) => digits + checkDigit(digits);
export const CODE = "2718281828", WRONG = withCheck("314159265");

export const TD = { title: "Front door", properties: {
  pin: { type: "string", title: "Door code", "nameplate:private": true },
  guests: { type: "integer", minimum: 0, maximum: 9, title: "Guests",
    "nameplate:private": true },
  power: { type: "integer", minimum: 0, maximum: 10, title: "Power" } },
actions: { ring: { title: "Ring", input: { type: "integer", minimum: 1,
  maximum: 5 } }, open: { title: "Open the door" } } };

export const opened = [];

/** As `before` of a program; `more`: words for cloudd. */
export async function begin(more = []) {
  const world = new World();
  const w = { world, sides: makeSides() };
  try {
    world.makeVendor("Acme", "Thermo-1");
    await world.startBroker();
    world.addUser();
    world.cloudOptions = ["--signup", "yes", "--vendors",
      world.path("factory/root.crt"), ...more];
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

export async function end(w) {
  await w?.browser?.close();
  w?.played.close();
  await w?.world.close();
}

/** The operator's own view, on this side. */
export async function operator(w, s) {
  const page = await open(w.browser, w.world.address, { ...s.options,
    storageState: await w.adminPage.context().storageState() });
  opened.push(page);
  await page.locator(".user").waitFor();
  return page;
}

/** ann of the phone is not ann of the desktop. */
export const named = (s, name) => `${name}.${s.size}`;

/** A person with a browser of their own, signed up through the page. */
export async function signUp(w, s, name) {
  const page = await open(w.browser, w.world.address, s.options);
  opened.push(page);
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("User").fill(named(s, name));
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.locator(".user").waitFor();
  return page;
}

/** A person with an account, in a browser that is logged in and new; the same
 * name again is the same person in another browser. */
export async function person(w, s, name, hash = "") {
  const page = await open(w.browser, `${w.world.address}/${hash}`, {
    ...s.options, storageState: w.world.session(named(s, name)) });
  opened.push(page);
  await page.locator(".user").waitFor();
  return page;
}

export async function deviceOn(w, serial, more = {}) {
  const device = w.played.make(serial, { code: CODE, td: TD, ...more });
  await w.played.switchOn(device);
  await untilOnline(w.admin, device);
  return device;
}

export async function type(page, { serial }, code) {
  await page.getByLabel("Vendor").fill("Acme");
  await page.getByLabel("Model").fill("Thermo-1");
  await page.getByLabel("Serial number").fill(serial);
  await page.getByLabel("Code", { exact: true }).fill(code);
  await page.getByRole("button", { name: "Claim it" }).click();
}

/** Claim by a label's link; gives the recovery code. */
export async function claim(page, w, device) {
  await page.goto(`${w.world.address}/${device.label}`);
  await page.getByRole("button", { name: "Claim it" }).click();
  return finishClaim(page);
}

export async function finishClaim(page) {
  await page.getByRole("heading", { name: /^It is yours/ })
    .waitFor({ timeout: 30000 });
  const code = await page.locator(".secret").textContent();
  await page.getByLabel("I have written it down").check();
  return code;
}

export async function showDevice(page, w, device) {
  await page.goto(`${w.world.address}/#/things/` +
    encodeURIComponent(device.thing));
  await page.locator(".device:not(.loading)").waitFor();
}

export const ownership = (page) =>
  page.getByRole("region", { name: "Ownership" });

export async function keyLinkOf(page) {
  await page.locator("a.user").click();
  const field = page.getByLabel("This browser's link");
  return until("the browser's link", () => field.inputValue());
}

export async function openShare(page) {
  const form = ownership(page).locator("details", { hasText: "Share it" });
  if (await form.getAttribute("open") === null) {
    await form.getByText("Share it, or give it away").click();
  }
}

export async function share(page, link, role, name) {
  const card = ownership(page);
  await openShare(page);
  await card.getByLabel("Their link").fill(link);
  if (name) await card.getByLabel("Name").fill(name);
  await card.getByLabel("This person").selectOption(role);
  await card.getByRole("button", { name: "Do it" }).click();
}

/** The last test of a program: no page ever broke its policy or its code. */
export async function noComplaints() {
  assert.ok(opened.length > 5);
  for (const page of opened) {
    assert.deepEqual(page.complaints, []);
    if (page.isClosed()) continue;
    assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  }
}
