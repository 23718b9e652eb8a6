/* test_owning_agent.mjs - people own real devices: the same page, with the real
 * agent and an application on it instead of a played one, and labels as the
 * factory makes them. */

import fs from "node:fs";
import path from "node:path";
import { launch, open, setting } from "./browser.mjs";
import { assert, main, test, until } from "./tap.mjs";
import { PASSWORD, World } from "./world.mjs";

const TD = { title: "Front door", properties: {
  pin: { type: "string", title: "Door code", "nameplate:private": true },
  power: { type: "integer", minimum: 0, maximum: 10, title: "Power" } } };

const says = (locator, what) => until(`the page says ${what}`, async () =>
  (await locator.textContent()).match(what), 30000);

async function before() {
  const world = new World();
  const w = { world };
  try {
    world.makeVendor("Acme", "Thermo-1");
    await world.startBroker();
    world.addUser();
    world.cloudOptions = ["--signup", "yes", "--vendors",
      world.path("factory/root.crt")];
    await world.startCloudd();
    fs.writeFileSync(world.path("td.json"), JSON.stringify(TD));
    w.device = makeDevice(world, "R-1");
    world.startDevice(w.device);
    w.app = await world.application(w.device);
    await w.app.report({ power: 3 });
    await w.app.watch();
    w.browser = await launch();
    return w;
  } catch (error) {
    console.log(["R-1", "broker", "cloudd"].map((n) =>
      world.log(n).slice(-1500)).join("\n").replace(/^/gm, "# "));
    await world.close();
    throw error;
  }
}

/** A device that can be claimed, with its label. */
function makeDevice(world, serial) {
  const device = world.makeDevice(serial, world.path("td.json"));
  const folder = path.dirname(device.certificate);
  fs.appendFileSync(world.path(`${serial}.ini`),
    `[ownership]\nverifier = ${path.join(folder, "claim-verifier")}\n`);
  device.code = JSON.parse(fs.readFileSync(path.join(folder, "label.json"),
    "utf8")).code;
  device.label = world.factory("label", "--model", world.model, "--serial",
    serial, "--url", "https://meet.example/", "--json");
  device.fragment = /#t=[^"\s]+/.exec(device.label)[0];
  return device;
}

async function after(w) {
  await w?.browser?.close();
  await w?.world.close();
}

async function person(w, name) {
  const page = await open(w.browser, w.world.address);
  await page.getByRole("button", { name: "Create an account" }).click();
  await page.getByLabel("User").fill(name);
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Create the account" }).click();
  await page.locator(".user").waitFor();
  return page;
}

const ownership = (page) => page.getByRole("region", { name: "Ownership" });

async function showDevice(page, w) {
  await page.goto(`${w.world.address}/#/things/` +
    encodeURIComponent(w.device.thing));
  await page.locator(".device:not(.loading)").waitFor();
}

test("a label of the factory's claims the agent, in less than 30 s",
  async (w) => {
    const page = w.ann = await person(w, "ann");
    const began = Date.now();
    await page.goto(`${w.world.address}/${w.device.fragment}`);
    await page.getByRole("button", { name: "Claim it" }).click();
    await page.getByRole("heading", { name: "It is yours" })
      .waitFor({ timeout: 30000 });
    await says(page.locator(".proofs"), /genuine Acme Thermo-1.*R-1/);
    await page.getByLabel("I have written it down").check();
    await page.getByRole("link", { name: "Open it" }).click();
    await setting(page, "power").field.waitFor();
    const took = (Date.now() - began) / 1000;
    console.log(`# from the label to a working control: ${took.toFixed(1)} s`);
    assert.ok(took < 30, `${took} s`);
    await says(ownership(page), /It is yours/);
  });

test("a private setting reaches the application and is told by it",
  async (w) => {
    const pin = setting(w.ann, "pin");
    await pin.field.fill("opensesame");
    await pin.set.click();
    await says(pin.state, /^applied/);
    const log = w.world.log("broker") + w.world.log("cloudd");
    assert.ok(!log.includes("opensesame"));
    await w.ann.reload();
    await until("it is read again", async () =>
      await setting(w.ann, "pin").field.inputValue() === "opensesame", 30000);
  });

test("somebody else with the code is refused, and the owner hears of it",
  async (w) => {
    const page = w.bob = await person(w, "bob");
    await page.goto(`${w.world.address}/#/add`);
    await page.getByLabel("Vendor").fill("Acme");
    await page.getByLabel("Model").fill("Thermo-1");
    await page.getByLabel("Serial number").fill("R-1");
    await page.getByLabel("Code", { exact: true }).fill(w.device.code);
    await page.getByRole("button", { name: "Claim it" }).click();
    await says(page.locator(".claim .verdict"), /belongs to somebody else/);
    await showDevice(w.ann, w);
    await says(w.ann.getByRole("region", { name: "Alerts" }), /was refused/);
  });

test("a viewer reads what is private and may not set it", async (w) => {
  await w.bob.locator("a.user").click();
  const field = w.bob.getByLabel("This browser's link");
  const link = await until("the link", () => field.inputValue());
  const card = ownership(w.ann);
  await card.getByText("Share it, or give it away").click();
  await card.getByLabel("Their link").fill(link);
  await card.getByLabel("This person").selectOption("viewer");
  await card.getByRole("button", { name: "Do it" }).click();
  await says(card, /bob viewer/);
  await showDevice(w.bob, w);
  const pin = setting(w.bob, "pin");
  await until("the value", async () =>
    await pin.field.inputValue() === "opensesame", 30000);
  await pin.field.fill("hijack");
  await pin.set.click();
  await until("it is refused", async () => (await pin.node.getAttribute("class"))
    && /failed/.test(await pin.node.locator(".state").getAttribute("class")));
  const shown = await pin.state.textContent();
  assert.doesNotMatch(shown, /applied/);
});

test("given away it is the other's, and released with a new code it is free",
  async (w) => {
    await w.bob.locator("a.user").click();
    const field = w.bob.getByLabel("This browser's link");
    const link = await until("the link", () => field.inputValue());
    await showDevice(w.ann, w);
    const card = ownership(w.ann);
    await card.getByText("Share it, or give it away").click();
    await card.getByLabel("Their link").fill(link);
    await card.getByLabel("This person").selectOption("give");
    await card.getByRole("button", { name: "Do it" }).click();
    await showDevice(w.bob, w);
    await says(ownership(w.bob), /ann wants to give you/);
    await w.bob.getByRole("button", { name: "Accept it" }).click();
    await says(ownership(w.bob), /It is yours/);
    await until("what was private is gone", async () =>
      await setting(w.bob, "pin").field.inputValue() === "", 30000);
    await ownership(w.bob).getByRole("button", { name: "Release" }).click();
    await ownership(w.bob).getByLabel(/Make a new code/).check();
    await ownership(w.bob).getByRole("button", { name: "Release and wipe" })
      .click();
    await says(ownership(w.bob), /Wiped on the device:.*Its new code/);
    const code = (await ownership(w.bob).locator(".secret").textContent())
      .replace(/\s/g, "");
    assert.match(code, /^\d{10}$/);
    assert.notEqual(code, w.device.code);
    await w.ann.goto(`${w.world.address}/${w.device.fragment}`);
    await w.ann.getByRole("button", { name: "Claim it" }).click();
    await says(w.ann.locator(".claim .verdict"), /do not go together/);
  });

test("no page complained", async (w) => {
  for (const page of [w.ann, w.bob]) assert.deepEqual(page.complaints, []);
});

await main({ before, after });
