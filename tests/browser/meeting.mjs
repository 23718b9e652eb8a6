/* meeting.mjs - what test_page.mjs stands on: real agents with applications, one
 * "hall" for each side, and "trap", whose every text would run as markup. */

import fs from "node:fs";
import { launch, openDevice } from "./browser.mjs";
import { makeSides } from "./sides.mjs";
import { World } from "./world.mjs";

export const MARKUP = "<img src=x onerror=\"globalThis.hacked=1\">";

const HALL = { title: "Hall heater",
  version: { instance: "1.0.0", "nameplate:firmware": "2.4.1" }, properties: {
  temperature: { type: "number", readOnly: true, unit: "celsius",
    title: "Room temperature" },
  target: { type: "number", minimum: 5, maximum: 30, multipleOf: 0.5,
    unit: "celsius", title: "Target" },
  power: { type: "integer", minimum: 0, maximum: 10, title: "Power",
    "nameplate:widget": "slider", "nameplate:group": "Heating" },
  boost: { type: "boolean", title: "Boost", "nameplate:group": "Heating" },
  mode: { type: "string", enum: ["eco", "comfort"], title: "Mode" },
  odd: { type: "colour", title: "Something new" } },
events: { window: { title: "Window opened" } } };

const FIRST = { temperature: 20.5, target: 21, power: 3, boost: false,
  mode: "eco", odd: { r: 1 } };

const TRAP = { title: `Trap ${MARKUP}`, version: { instance: MARKUP,
  "nameplate:firmware": MARKUP }, properties: Object.fromEntries(
  ["boolean", "number", "string", "object", MARKUP].map((type, i) =>
    [`p${i}${MARKUP}`, { type, title: `T${i} ${MARKUP}`, unit: MARKUP,
      description: MARKUP, "nameplate:group": MARKUP }])
  .concat([["choice", { enum: [MARKUP, "b"], title: MARKUP }],
    ["read", { readOnly: true, title: MARKUP, type: "string" }]])),
events: { boom: { title: `Boom ${MARKUP}` } } };

export const opened = [];

export async function before() {
  const world = new World();
  const w = { world, browser: null, sides: makeSides() };
  const made = async (name, td, serial) => {
    fs.writeFileSync(world.path(`${name}.json`), JSON.stringify(td));
    const device = world.makeDevice(serial, world.path(`${name}.json`));
    world.startDevice(device);
    return { device, app: await world.application(device) };
  };
  try {
    world.makeVendor("Acme", "Thermo-1");
    await world.startBroker();
    world.addUser();
    await world.startCloudd();
    w.trap = await made("trap", TRAP, "SN-0002");
    for (const s of w.sides) {
      const { device, app } = await made("hall", HALL, `SN-${s.size}`);
      Object.assign(s, { hall: device, app });
      await app.report(FIRST);
      await app.watch();
    }
    w.browser = await launch();
    return w;
  } catch (error) {
    console.log(["broker", "cloudd", "SN-phone"].map((n) =>
      world.log(n).slice(-1500)).join("\n").replace(/^/gm, "# "));
    await world.close();
    throw error;
  }
}

export async function after(w) {
  await w?.browser?.close();
  await w?.world.close();
}

export async function hallPage(s, w, options) {
  const page = await openDevice(w, s.hall.thing, { ...s.options, ...options });
  opened.push(page);
  await page.locator(".status.online").waitFor();
  return page;
}
