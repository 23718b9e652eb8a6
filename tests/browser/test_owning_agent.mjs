/* test_owning_agent.mjs - people own real devices: the same page, with the real
 * agent and an application on it instead of a played one, and labels as the
 * factory makes them.  At phone and at desktop size (sides.mjs). */

import fs from "node:fs";
import path from "node:path";
import { launch, open, setting } from "./browser.mjs";
import { flow, makeSides, picturesOf } from "./sides.mjs";
import { assert, main, test, until } from "./tap.mjs";
import { World } from "./world.mjs";

const TD = { title: "Front door", properties: {
  pin: { type: "string", title: "Door code", "nameplate:private": true },
  power: { type: "integer", minimum: 0, maximum: 10, title: "Power" } } };

const SECRET = "opensesame";

const says = (locator, what) => until(`the page says ${what}`, async () =>
  (await locator.textContent()).match(what), 30000);

async function before() {
  const world = new World();
  const w = { world, sides: makeSides() };
  try {
    world.makeVendor("Acme", "Thermo-1");
    await world.startBroker();
    world.addUser();
    world.cloudOptions = ["--signup", "yes", "--vendors",
      world.path("factory/root.crt")];
    await world.startCloudd();
    fs.writeFileSync(world.path("td.json"), JSON.stringify(TD));
    for (const s of w.sides) {
      s.device = makeDevice(world, `R-${s.size}`);
      world.startDevice(s.device);
      s.app = await world.application(s.device);
      await s.app.report({ power: 3 });
      await s.app.watch();
    }
    w.browser = await launch();
    return w;
  } catch (error) {
    console.log(["R-phone", "broker", "cloudd"].map((n) =>
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

/** Somebody with an account and a browser of this side's size. */
async function person(w, s, name) {
  const page = await open(w.browser, w.world.address,
    { ...s.options, storageState: w.world.session(`${name}.${s.size}`) });
  await page.locator(".user").waitFor();
  return page;
}

const ownership = (page) => page.getByRole("region", { name: "Ownership" });

async function showDevice(page, w, s) {
  await page.goto(`${w.world.address}/#/things/` +
    encodeURIComponent(s.device.thing));
  await page.locator(".device:not(.loading)").waitFor();
}

flow("agent-claim",
  "a label of the factory's claims the agent, in less than 30 s",
  async (s, w) => {
    const page = s.ann = await person(w, s, "ann");
    const began = Date.now();
    await page.goto(`${w.world.address}/${s.device.fragment}`);
    await page.getByRole("button", { name: "Claim it" }).click();
    await page.getByRole("heading", { name: "It is yours" })
      .waitFor({ timeout: 30000 });
    await says(page.locator(".proofs"),
      new RegExp(`genuine Acme Thermo-1.*${s.device.serial}`));
    await page.getByLabel("I have written it down").check();
    await page.getByRole("link", { name: "Open it" }).click();
    await setting(page, "power").field.waitFor();
    const took = (Date.now() - began) / 1000;
    console.log(`# from the label to a working control: ${took.toFixed(1)} s`);
    assert.ok(took < 30, `${took} s`);
    await says(ownership(page), /It is yours/);
    await s.shoot(page, "agent-claim");
  });

flow("agent-private",
  "a private setting reaches the application and is told by it",
  async (s, w) => {
    const pin = setting(s.ann, "pin");
    await pin.field.fill(SECRET);
    await pin.set.click();
    await says(pin.state, /^applied/);
    const log = w.world.log("broker") + w.world.log("cloudd");
    assert.ok(!log.includes(SECRET));
    await s.ann.reload();
    await until("it is read again", async () =>
      await setting(s.ann, "pin").field.inputValue() === SECRET, 30000);
    await s.shoot(s.ann, "agent-private");
  });

flow("agent-refused",
  "somebody else with the code is refused, and the owner hears of it",
  async (s, w) => {
    const page = s.bob = await person(w, s, "bob");
    await page.goto(`${w.world.address}/#/add`);
    await page.getByLabel("Vendor").fill("Acme");
    await page.getByLabel("Model").fill("Thermo-1");
    await page.getByLabel("Serial number").fill(s.device.serial);
    await page.getByLabel("Code", { exact: true }).fill(s.device.code);
    await page.getByRole("button", { name: "Claim it" }).click();
    await says(page.locator(".claim .verdict"), /belongs to somebody else/);
    await s.shoot(page, "agent-refused");
    await showDevice(s.ann, w, s);
    await says(s.ann.getByRole("region", { name: "Alerts" }), /was refused/);
  });

flow("agent-viewer", "a viewer reads what is private and may not set it",
  async (s, w) => {
  await s.bob.locator("a.user").click();
  const field = s.bob.getByLabel("This browser's link");
  const link = await until("the link", () => field.inputValue());
  const card = ownership(s.ann);
  await card.getByText("Share it, or give it away").click();
  await card.getByLabel("Their link").fill(link);
  await card.getByLabel("This person").selectOption("viewer");
  await card.getByRole("button", { name: "Do it" }).click();
  await says(card, `bob.${s.size} viewer`);
  await showDevice(s.bob, w, s);
  const pin = setting(s.bob, "pin");
  await until("the value", async () =>
    await pin.field.inputValue() === SECRET, 30000);
  await pin.field.fill("hijack");
  await pin.set.click();
  await until("it is refused", async () => (await pin.node.getAttribute("class"))
    && /failed/.test(await pin.node.locator(".state").getAttribute("class")));
  const shown = await pin.state.textContent();
  assert.doesNotMatch(shown, /applied/);
  await s.shoot(s.bob, "agent-viewer");
});

flow("agent-given",
  "given away it is the other's, and released with a new code it is free",
  async (s, w) => {
    await s.bob.locator("a.user").click();
    const field = s.bob.getByLabel("This browser's link");
    const link = await until("the link", () => field.inputValue());
    await showDevice(s.ann, w, s);
    const card = ownership(s.ann);
    await card.getByText("Share it, or give it away").click();
    await card.getByLabel("Their link").fill(link);
    await card.getByLabel("This person").selectOption("give");
    await card.getByRole("button", { name: "Do it" }).click();
    await showDevice(s.bob, w, s);
    await says(ownership(s.bob), `ann.${s.size} wants to give you`);
    await s.bob.getByRole("button", { name: "Accept it" }).click();
    await says(ownership(s.bob), /It is yours/);
    await until("what was private is gone", async () =>
      await setting(s.bob, "pin").field.inputValue() === "", 30000);
    await ownership(s.bob).getByRole("button", { name: "Release" }).click();
    await ownership(s.bob).getByLabel(/Make a new code/).check();
    await ownership(s.bob).getByRole("button", { name: "Release and wipe" })
      .click();
    await says(ownership(s.bob), /Wiped on the device:.*Its new code/);
    const code = (await ownership(s.bob).locator(".secret").textContent())
      .replace(/\s/g, "");
    assert.match(code, /^\d{10}$/);
    assert.notEqual(code, s.device.code);
    await s.shoot(s.bob, "agent-given");
    await s.ann.goto(`${w.world.address}/${s.device.fragment}`);
    await s.ann.getByRole("button", { name: "Claim it" }).click();
    await says(s.ann.locator(".claim .verdict"), /do not go together/);
  });

picturesOf(["agent-claim", "agent-private", "agent-refused", "agent-viewer",
  "agent-given"]);

test("no page complained", async (w) => {
  for (const s of w.sides) {
    for (const page of [s.ann, s.bob]) assert.deepEqual(page.complaints, []);
  }
});

await main({ before, after });
