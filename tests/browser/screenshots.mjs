/* screenshots.mjs - the pictures of docs/pictures, from a real run: four real
 * agents with the thermostat example, one set and watched, one without power,
 * one whose certificate was revoked.  Takes about two minutes. */

import fs from "node:fs";
import path from "node:path";
import { launch, logIn, open, openDevice, setting } from "./browser.mjs";
import { until } from "./tap.mjs";
import { TOP, World } from "./world.mjs";

const FOLDER = path.join(TOP, "docs/pictures");
const ROOMS = [["Living room", "TH-2041"], ["Bedroom", "TH-2042"],
  ["Kitchen", "TH-2043"], ["Workshop", "TH-2044"]];

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function begin(w) {
  const { world } = w;
  world.makeVendor("Acme", "Thermo-1");
  await world.startBroker();
  world.addUser();
  await world.startCloudd();
  const td = JSON.parse(fs.readFileSync(
    world.example("thermostat.json"), "utf8"));
  w.devices = [];
  for (const [room, serial] of ROOMS) {
    const file = world.path(`${serial}.json`);
    fs.writeFileSync(file, JSON.stringify(
      { ...td, title: `${room} thermostat` }));
    const device = world.makeDevice(serial, file);
    world.startDevice(device);
    await until("the agent's socket", () => fs.existsSync(device.socket));
    world.startThermostat(device, 1);
    w.devices.push(device);
  }
  w.browser = await launch();
}

/* What a person does with the first device, with pauses as a person makes. */
async function use(w) {
  const page = await openDevice(w, w.devices[0].thing);
  await setting(page, "target").field.waitFor();
  await sleep(20000);
  await setting(page, "target").field.fill("23.5");
  await sleep(35000);
  await setting(page, "mode").field.selectOption({ label: "eco" });
  await setting(page, "target").field.fill("20");
  await sleep(1000);
  await page.evaluate(async (thing) => {
    const { csrf } = await (await fetch("/api/session")).json();
    await fetch(`/api/things/${encodeURIComponent(thing)}/revoke`,
      { method: "POST", headers: { "X-CSRF-Token": csrf } });
  }, w.devices[3].thing);
  await w.world.stop(w.devices[2].serial, "SIGKILL");
  await w.world.stop(w.devices[0].serial); // leaves a gap in the chart
  await sleep(14000);
  w.world.startDevice(w.devices[0]);
  await sleep(2000);
  await w.world.stop(`thermostat-${w.devices[0].serial}`);
  w.world.startThermostat(w.devices[0], 1);
  await sleep(25000);
  await page.context().close();
}

async function shoot(page, name, options = {}) {
  await sleep(1500); // the chart and the fonts settle
  const file = path.join(FOLDER, `${name}.png`);
  await page.screenshot({ path: file, ...options });
  console.log(`${file}: ${Math.round(fs.statSync(file).size / 1024)} kB`);
  await page.context().close();
}

async function pictures(w) {
  const desktop = { viewport: { width: 1280, height: 960 } };
  const small = { viewport: { width: 1100, height: 560 } };
  const login = await open(w.browser, w.world.address, small);
  await shoot(login, "login");
  const list = await open(w.browser, w.world.address, small);
  await logIn(list);
  await list.locator(".row").first().waitFor();
  await shoot(list, "devices-desktop-light");
  const device = await openDevice(w, w.devices[0].thing, desktop);
  await device.locator("path.line").first().waitFor();
  await shoot(device, "device-desktop-light");
  const phone = await openDevice(w, w.devices[0].thing, { colorScheme: "dark",
    viewport: { width: 390, height: 1200 }, deviceScaleFactor: 1.5,
    isMobile: true, hasTouch: true });
  await phone.locator("path.line").first().waitFor();
  await shoot(phone, "device-phone-dark");
}

const w = { world: new World() };
try {
  fs.mkdirSync(FOLDER, { recursive: true });
  await begin(w);
  await use(w);
  await pictures(w);
} finally {
  await w.browser?.close();
  await w.world.close();
}
