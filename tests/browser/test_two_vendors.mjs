/* test_two_vendors.mjs - one cloud and one page for the devices of two vendors:
 * each is proved by its own vendor's CA, and neither by the other's. */

import fs from "node:fs";
import path from "node:path";
import { launch, logIn, open } from "./browser.mjs";
import { PlayedWorld, untilOnline } from "./played_world.mjs";
import { assert, main, test, until } from "./tap.mjs";
import { BIN, World } from "./world.mjs";

const CODE = "2718281828";

/* A second vendor's factory, and what the broker wants to know of it. */
function secondVendor(world) {
  const other = world.path("other");
  const factory = (...words) => world.run(path.join(BIN, "factory"),
    [...words, "--folder", other]);
  factory("init", "--vendor", "Zeta");
  factory("model", "--model", "Lamp-9");
  world.devicesCa = world.path("roots.crt");
  fs.writeFileSync(world.devicesCa, ["factory", "other"].map((f) =>
    fs.readFileSync(world.path(f, "root.crt"), "utf8")).join(""));
  world.brokerOptions = ["root.crt", "vendor.crt", "models"].flatMap((name) =>
    ["--authority", path.join(other, name)]);
  const { thing } = JSON.parse(factory("issue", "--model", "Lamp-9",
    "--serial", "Z-1", "--json"));
  return { thing, certificate: path.join(other, "devices", thing,
    "device.crt") };
}

async function before() {
  const world = new World();
  const w = { world };
  try {
    world.makeVendor("Acme", "Thermo-1");
    const made = secondVendor(world);
    await world.startBroker();
    world.addUser();
    world.cloudOptions = ["--vendors", world.devicesCa];
    await world.startCloudd();
    w.played = new PlayedWorld(world);
    w.ours = w.played.make("A-1", { code: CODE, td: { title: "Heater" } });
    w.theirs = w.played.make("Z-1", { code: CODE, made,
      td: { title: "Lamp" } });
    w.browser = await launch();
    w.page = await open(w.browser, world.address);
    await logIn(w.page);
    await w.page.locator(".list").waitFor();
    for (const device of [w.ours, w.theirs]) {
      await w.played.switchOn(device);
      await untilOnline((p) => w.page.evaluate(async (at) =>
        (await fetch(at)).json(), p), device);
    }
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

async function claim(w, device) {
  await w.page.goto(`${w.world.address}/${device.label}`);
  await w.page.getByRole("button", { name: "Claim it" }).click();
}

test("one page claims the devices of two vendors", async (w) => {
  for (const [device, words] of [[w.ours, /genuine Acme Thermo-1.*A-1/],
    [w.theirs, /genuine Zeta Lamp-9.*Z-1/]]) {
    await claim(w, device);
    await w.page.getByRole("heading", { name: "It is yours" }).waitFor();
    await says(w.page.locator(".proofs"), words);
  }
  await w.page.goto(`${w.world.address}/#/`);
  for (const name of [/Heater.*Acme/, /Lamp.*Zeta/]) {
    await w.page.getByRole("link", { name }).waitFor();
  }
});

test("a vendor that is not trusted any more proves nothing", async (w) => {
  w.theirs.reset();
  await w.world.stop("cloudd");
  w.world.cloudOptions = ["--vendors", w.world.path("factory/root.crt")];
  await w.world.startCloudd();
  await w.page.goto(`${w.world.address}/`);
  await w.page.reload();
  await w.page.locator(".list").waitFor();
  await untilOnline((p) => w.page.evaluate(async (at) =>
    (await fetch(at)).json(), p), w.theirs);
  await claim(w, w.theirs);
  await says(w.page.locator(".claim .verdict"),
    /could not prove who made it.*no vendor that is known/);
  assert.equal(w.theirs.owned, false);
  assert.deepEqual(w.page.complaints, []);
});

await main({ before, after });
