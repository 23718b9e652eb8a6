/* owning_pictures.mjs - the pictures of docs/ownership.md, from a real run: a
 * real agent with the thermostat example, claimed by the label of the factory
 * on a phone, then shown to its owner.  Takes about half a minute. */

import fs from "node:fs";
import path from "node:path";
import { launch, open, setting } from "./browser.mjs";
import { until } from "./tap.mjs";
import { PASSWORD, TOP, World } from "./world.mjs";

const FOLDER = path.join(TOP, "docs/pictures");
const SERIAL = "TH-2041";
const MOST_BYTES = 120000;
const PHONE = { viewport: { width: 390, height: 760 }, deviceScaleFactor: 1.5,
  isMobile: true, hasTouch: true, colorScheme: "dark" };

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function begin(w) {
  const { world } = w;
  world.makeVendor("Acme", "Thermo-1");
  await world.startBroker();
  world.addUser();
  world.cloudOptions = ["--signup", "yes", "--vendors",
    world.path("factory/root.crt")];
  await world.startCloudd();
  const device = w.device = world.makeDevice(SERIAL,
    world.example("thermostat.json"));
  const folder = path.dirname(device.certificate);
  fs.appendFileSync(world.path(`${SERIAL}.ini`),
    `[ownership]\nverifier = ${path.join(folder, "claim-verifier")}\n`);
  world.startDevice(device);
  await until("the agent's socket", () => fs.existsSync(device.socket));
  world.startThermostat(device, 1);
  const label = world.factory("label", "--model", world.model, "--serial",
    SERIAL, "--url", "https://meet.example/", "--json");
  w.fragment = /#t=[^"\s]+/.exec(label)[0];
  w.browser = await launch();
}

async function shoot(page, name, options = {}) {
  await sleep(1500); // the chart and the fonts settle
  const file = path.join(FOLDER, `${name}.png`);
  await page.screenshot({ path: file, ...options });
  const { size } = fs.statSync(file);
  console.log(`${file}: ${Math.round(size / 1024)} kB`);
  if (size > MOST_BYTES) throw new Error(`${name}: more than ${MOST_BYTES}`);
}

async function claimIt(w) {
  const page = w.page = await open(w.browser, w.world.address, PHONE);
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("User").fill("ann");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.locator(".user").waitFor();
  await page.goto(`${w.world.address}/${w.fragment}`);
  await page.locator(".label-read").waitFor();
  await shoot(page, "claim-phone-dark");
  await page.getByRole("button", { name: "Claim it" }).click();
  await page.getByRole("heading", { name: "It is yours" }).waitFor();
  await shoot(page, "claimed-phone-dark");
  await page.getByLabel("I have written it down").check();
  await page.getByRole("link", { name: "Open it" }).click();
  await setting(page, "target").field.waitFor();
}

/* The same browser, for the key stays in it, as a desktop. */
async function showOwner(w) {
  const { page } = w;
  await sleep(15000); // something for the chart
  await page.setViewportSize({ width: 1000, height: 900 });
  await page.emulateMedia({ colorScheme: "light" });
  await page.reload();
  await page.getByText("Proved to this browser at").waitFor();
  await page.locator("path.line").first().waitFor();
  await shoot(page, "owner-desktop-light", { scale: "css" });
}

const w = { world: new World() };
try {
  fs.mkdirSync(FOLDER, { recursive: true });
  await begin(w);
  await claimIt(w);
  await showOwner(w);
} finally {
  await w.browser?.close();
  await w.world.close();
}
