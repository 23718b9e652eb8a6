/* test_page.mjs - a person meets real devices through the real page: Chromium,
 * cloudd, Mosquitto and agents, with applications that obey or keep silent.
 *
 * At phone and at desktop size (sides.mjs), each with a device "hall" of its
 * own, honestly described; every text of "trap" would run if it were markup. */

import { createHash, X509Certificate } from "node:crypto";
import fs from "node:fs";
import { comeIn, faintTexts, logIn, open, openDevice, overhang, says, setting }
  from "./browser.mjs";
import { after, before, hallPage, MARKUP, opened } from "./meeting.mjs";
import { flow, flowTogether, picturesOf } from "./sides.mjs";
import { assert, main, test, until } from "./tap.mjs";

const sleep = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

/* --- coming in ------------------------------------------------------------ */

flow("wrong-password",
  "a wrong password is refused in words and nothing else is shown",
  async (s, w) => {
    const page = await open(w.browser, w.world.address, s.options);
    await logIn(page, "wrong");
    await says(page.getByRole("alert"), /do not go together/);
    assert.equal(await page.getByText("Hall heater").count(), 0);
    await s.shoot(page, "wrong-password");
    await page.context().close();
  });

flow("devices",
  "the right password leads to every device, in words",
  async (s, w) => {
  const page = await open(w.browser, w.world.address, s.options);
  opened.push(page);
  await comeIn(page);
  const row = page.getByRole("link", { name: new RegExp(
    `Hall heater.*${s.hall.serial}`) });
  await says(row, new RegExp(`Acme · Thermo-1 · ${s.hall.serial}.*` +
    "online since \\d\\d:\\d\\d"));
  await says(page.locator(".list [role=status]"), /3 of 3 online/);
  assert.equal(await page.locator(".row").count(), 3);
  await s.shoot(page, "devices");
  await row.click();
  await page.getByRole("heading", { name: "Hall heater" }).waitFor();
  assert.match(await page.title(), /^Hall heater/);
});

test("the policy allows the page's own files and nothing else", async (w) => {
  const page = await open(w.browser, w.world.address);
  const answer = await page.request.get(w.world.address);
  assert.match(answer.headers()["content-security-policy"],
    /^default-src 'self'(;|$)/);
  // The twin: what the policy forbids is noticed, here and at the end.
  await page.evaluate(() => document.body.append(Object.assign(
    document.createElement("script"), { textContent: "globalThis.ran = 1" })));
  assert.equal(await page.evaluate(() => globalThis.ran), undefined);
  await until("the violation is seen", () =>
    page.evaluate(() => globalThis.violations.length > 0));
  await until("the complaint is seen", () => page.complaints.length > 0);
  await page.context().close();
});

flow("thermostat", "the thermostat example obeys the page",
  async (s, w) => {
  const { world } = w;
  const device = world.makeDevice(`TH-${s.size}`,
    world.example("thermostat.json"));
  world.startDevice(device);
  await until("the agent's socket", () => fs.existsSync(device.socket));
  world.startThermostat(device, 1);
  const page = await open(w.browser, w.world.address, s.options);
  opened.push(page);
  await logIn(page);
  await page.getByRole("link", { name: new RegExp(
    `thermostat.*${device.serial}`) }).click();
  const target = setting(page, "target");
  await says(target.state, /^reported/);
  await target.field.fill("23.5");
  await says(target.state, /^applied/);
  await says(target.node.locator("output"), /^23.5 °C$/);
  await says(page.locator(".reading[data-name=temperature]"), /\d °C/);
  await s.shoot(page, "thermostat");
  await world.stop(`thermostat-${device.serial}`);
  await world.stop(device.serial);
});

/* --- who it is ------------------------------------------------------------ */

flow("identity", "the identity card says what the certificate says",
  async (s, w) => {
  const page = await hallPage(s, w);
  const pem = fs.readFileSync(s.hall.certificate);
  const leaf = new X509Certificate(pem);
  const print = createHash("sha256").update(leaf.publicKey.export(
    { type: "spki", format: "der" })).digest("hex");
  const card = page.locator(".plate");
  const fact = (name) => card.locator(".fact", { hasText: name })
    .locator("dd").first().textContent();
  assert.equal(await fact("Vendor"), "Acme");
  assert.equal(await fact("Model"), "Thermo-1");
  assert.equal(await fact("Serial number"), s.hall.serial);
  assert.equal(await fact("Thing name"), s.hall.thing);
  assert.equal(await fact("Key fingerprint"),
    `${print.slice(0, 8)}…${print.slice(-8)}`);
  assert.match(await fact("Valid"), /for the device's life/);
  assert.match(leaf.validTo, /9999/);
  assert.match(await fact("Agent"), /^nameplate \d/);
  assert.equal(await fact("Firmware"), "2.4.1");
  await says(card.getByRole("heading", { name: "Genuine" }),
    /^Genuine Acme Thermo-1; serial number not checked$/);
  await card.getByText("Proof and certificate chain").click();
  const text = await card.locator("details").innerText();
  assert.ok(text.includes(print), "the whole fingerprint is there");
  assert.ok(text.includes(leaf.fingerprint256.replaceAll(":", "")
    .toLowerCase()), "the certificate's digest is there");
  for (const proof of [/mutual-TLS handshake/, /chain leads to a CA/,
    /not revoked/, new RegExp(`Not proved:.*${s.hall.serial}`)]) {
    assert.match(text, proof);
  }
  const issuer = /CN=(.+)/.exec(leaf.issuer)[1];
  const chain = await card.locator(".chain li").allInnerTexts();
  assert.ok(chain.at(-2).includes(issuer) && chain.length >= 3, chain.join());
  await s.shoot(page, "identity");
  await page.context().close();
});

/* --- settings ------------------------------------------------------------- */

flow("controls",
  "controls are drawn from the description, the unknown as text",
  async (s, w) => {
    const page = await hallPage(s, w);
    await until("the reported values", async () =>
      await setting(page, "target").field.inputValue() === "21");
    assert.equal(await setting(page, "power").field.getAttribute("type"),
      "range");
    assert.equal(await setting(page, "boost").switch
      .getAttribute("aria-checked"), "false");
    assert.deepEqual(await setting(page, "mode").field.locator(
      "option:not(:disabled)").allTextContents(), ["eco", "comfort"]);
    const readings = await page.locator(".readings").innerText();
    assert.match(readings, /Room temperature\s+20.5 °C/);
    assert.match(readings, /Something new\s+{"r":1}/);
    await s.shoot(page, "controls");
    await page.context().close();
  });

flow("setting-waits",
  "a setting waits for the device, then says applied, and by whom",
  async (s, w) => {
    const page = await hallPage(s, w);
    const boost = setting(page, "boost");
    s.app.answer = async (desired) => {
      await sleep(1500);
      return desired;
    };
    await boost.switch.click();
    await says(boost.state, /^waiting for device · it says off/);
    assert.equal(await boost.switch.getAttribute("aria-checked"), "true");
    await says(boost.state, /^applied/);
    assert.ok(await boost.cancel.isHidden());
    await says(page.locator(".events"), /asked for boost = true by you/);
    s.app.answer = (desired) => desired;
    await s.shoot(page, "setting-waits");
    await page.context().close();
  });

flow("out-of-range", "a value out of range is explained and not sent",
  async (s, w) => {
  const page = await hallPage(s, w);
  const target = setting(page, "target");
  await target.field.fill("31");
  await target.set.click();
  await says(target.node.getByRole("alert"), /expected at most 30 °C/);
  await target.field.fill("22.5");
  await target.field.press("Enter");
  await says(target.state, /^applied/);
  await target.field.fill("9");
  await target.field.press("Escape");
  assert.equal(await target.field.inputValue(), "22.5");
  await s.shoot(page, "out-of-range");
  await page.context().close();
});

flow("no-answer",
  "silence is called no answer; retry asks again, cancel takes it back",
  async (s, w) => {
    const page = await hallPage(s, w);
    const power = setting(page, "power");
    s.app.answer = () => null;
    await power.field.fill("7");
    await says(power.state, /^waiting for device/);
    await says(power.state, /^no answer · it says 3/);
    await s.shoot(page, "no-answer");
    await power.retry.click();
    await says(power.state, /^waiting for device/);
    await power.cancel.click();
    await says(power.state, /^reported/);
    assert.equal(await power.field.inputValue(), "3");
    const shadow = await page.evaluate(async (thing) => (await fetch(
      `/api/things/${encodeURIComponent(thing)}/shadow`)).json(), s.hall.thing);
    assert.ok(!("power" in shadow.state.desired), "the wish is gone");
    s.app.answer = (desired) => desired;
    await page.context().close();
  });

/* --- presence ------------------------------------------------------------- */

/* Notes every state the status line ever shows. */
const noteStates = (page) => page.evaluate(() => {
  globalThis.states = [];
  const note = () => globalThis.states.push(
    document.querySelector(".hero .status").className);
  new MutationObserver(note).observe(document.querySelector(".hero .status"),
    { attributes: true });
});

test("a blip does not show", async (w) => {
  const [s] = w.sides;
  const page = await hallPage(s, w);
  await noteStates(page);
  const since = await page.locator(".hero .status").textContent();
  await w.world.stop(s.hall.serial, "SIGKILL");
  await sleep(1500);
  w.world.startDevice(s.hall);
  await sleep(10500);
  assert.deepEqual(await page.evaluate(() => globalThis.states), []);
  assert.equal(await page.locator(".hero .status").textContent(), since);
  s.app = await w.world.application(s.hall);
  await s.app.watch();
  await page.context().close();
});

flow("offline",
  "offline has a reason; a setting applies when the device reconnects",
  async (s, w) => {
    const page = await hallPage(s, w);
    await noteStates(page);
    const boost = setting(page, "boost");
    await w.world.stop(s.hall.serial);
    await says(page.locator(".hero .status"),
      /^offline last seen .* – the device said goodbye/);
    // The twin of "a blip does not show": the same note sees a real loss.
    assert.deepEqual(await page.evaluate(() => globalThis.states),
      ["status offline"]);
    await boost.switch.click();
    await says(boost.state, /^will apply when it reconnects · it says on/);
    assert.ok(await boost.cancel.isVisible());
    await s.shoot(page, "offline");
    w.world.startDevice(s.hall);
    s.app = await w.world.application(s.hall);
    await s.app.watch();
    await page.locator(".hero .status.online").waitFor();
    await says(boost.state, /^applied/);
    await says(page.locator(".events"), /offlinethe device said goodbye/);
    await page.context().close();
  });

/* --- figures -------------------------------------------------------------- */

flow("telemetry", "telemetry is drawn live, with the outage as a gap",
  async (s, w) => {
  const page = await hallPage(s, w);
  const figures = page.getByRole("region", { name: "Telemetry" });
  await figures.getByRole("button", { name: /^Uptime/ }).click();
  await figures.getByRole("button", { name: "Live" }).click();
  await figures.locator("path.line").first().waitFor();
  assert.ok(await figures.locator("rect.gap").count() > 0, "a gap is shaded");
  const path = () => figures.locator("path.line").last().getAttribute("d");
  const first = await path();
  await until("the line grows", async () => await path() !== first);
  await figures.locator("svg.chart").focus();
  await page.keyboard.press("ArrowLeft");
  await says(figures.locator(".reading-at"), / at \d\d:\d\d:\d\d$/);
  await figures.getByRole("button", { name: "24 h" }).click();
  await says(figures.locator(".reading-at"), /highest|at /);
  await s.shoot(page, "telemetry");
  await page.context().close();
});

flow("events",
  "an application's own figures and events appear by themselves",
  async (s, w) => {
    const page = await hallPage(s, w);
    await s.app.emit("room", { temperature: 19.25 });
    await s.app.emit("window", { open: true });
    const tile = page.getByRole("button", { name: /^Room temperature/ });
    await says(tile, /19\.25 °C/);
    await s.app.emit("room", { temperature: 19.5 });
    await says(tile, /19\.5 °C/);
    await says(page.locator(".events"), /Window opened/);
    await page.getByLabel("Show in history").selectOption("event");
    await until("only events are left", async () =>
      await page.locator(".event:not(.is-event)").count() === 0 &&
      await page.locator(".event.is-event").count() > 0);
    await s.shoot(page, "events");
    await page.context().close();
  });

flow("steady",
  "data that arrives moves nothing and disturbs no typing",
  async (s, w) => {
  const page = await hallPage(s, w);
  const target = setting(page, "target");
  await target.field.fill("17");
  await says(page.getByRole("region", { name: "Ownership" }), /It belongs to/);
  const places = () => page.evaluate(() => [...document.querySelectorAll(
    ".card, .setting, .chart")].map((n) => Math.round(
    n.getBoundingClientRect().top)).join(" "));
  // "waiting for device", while another value than was wanted is put right,
  // takes a line more: the places are those before and after it.
  const settled = () => says(target.state, /^applied|^reported/);
  await settled();
  const before = await places();
  const cpu = page.getByRole("button", { name: /^Uptime/ }).locator("strong");
  for (let i = 0; i < 3; i++) {
    await s.app.report({ temperature: 18 + i, target: 20 + i });
    await says(page.locator(".reading[data-name=temperature]"),
      new RegExp(`${18 + i} °C`));
  }
  await says(cpu, /\d/);
  await settled();
  assert.equal(await places(), before);
  assert.equal(await target.field.inputValue(), "17");
  assert.ok(await target.field.evaluate((n) => n === document.activeElement));
  await s.shoot(page, "steady");
  await page.context().close();
});

/* --- what can go wrong ---------------------------------------------------- */

flow("markup", "texts from a device are shown and never run",
  async (s, w) => {
  const { app, device: trap } = w.trap;
  await app.report({ [`p2${MARKUP}`]: MARKUP, read: MARKUP, choice: MARKUP });
  await app.emit("boom", { [MARKUP]: 1, text: MARKUP });
  await app.emit("level", { [MARKUP]: 1 });
  const page = await openDevice(w, trap.thing, s.options);
  opened.push(page);
  await says(page.locator("h1"), /^Trap <img src=x onerror=/);
  await says(page.locator(".reading[data-name=read]"), /<img src=x/);
  await says(page.locator(".events"), /Boom <img src=x/);
  await says(page.locator(".tiles"), /<img src=x/i);
  await says(page.locator(".plate"), /Firmware<img src=x/);
  await s.shoot(page, "markup");
  await page.getByRole("link", { name: "‹ Devices" }).click();
  await says(page.locator(".rows"), /Trap <img src=x/);
  const look = (p) => p.evaluate(() => [globalThis.hacked ?? 0,
    document.querySelectorAll("[src=x], [onerror]").length]);
  assert.deepEqual(await look(page), [0, 0]);
  // The twin: as markup, the very same text makes an element and runs.
  const scratch = await (await w.browser.newContext()).newPage();
  await scratch.evaluate((text) => { document.body.innerHTML = text; }, MARKUP);
  await until("it runs there", async () =>
    (await look(scratch)).join() === "1,1");
  await scratch.context().close();
});

flowTogether("lost-server",
  "a page that lost its server says so at once, and recovers", async (w) => {
    const seen = await Promise.all(w.sides.map(async (s) => {
      const page = await hallPage(s, w);
      const bar = page.locator("#lost");
      assert.ok(await bar.isHidden());
      return { s, page, bar, boost: setting(page, "boost") };
    }));
    await w.world.stop("cloudd");
    await Promise.all(seen.map(async ({ s, page, bar, boost }) => {
      await says(bar, /lost its server.*is from \d\d:\d\d:\d\d/);
      assert.ok(await bar.isVisible());
      await boost.switch.click();
      await says(boost.state, /cannot reach its server/);
      await s.shoot(page, "lost-server");
      await boost.cancel.click();
      await s.app.report({ temperature: 11.5 });
    }));
    await w.world.startCloudd();
    await Promise.all(seen.map(async ({ page, bar }) => {
      await bar.waitFor({ state: "hidden", timeout: 30000 });
      await says(page.locator(".reading[data-name=temperature]"), /11\.5 °C/);
      await page.context().close();
    }));
  });

flow("no-device",
  "an address of no device says where the devices are",
  async (s, w) => {
  const page = await open(w.browser, w.world.address, s.options);
  opened.push(page);
  await logIn(page);
  await page.getByRole("heading", { name: "Devices" }).waitFor();
  await page.evaluate(() => { location.hash = "#/things/nobody"; });
  await page.getByRole("link", { name: "See the devices" }).waitFor();
  await s.shoot(page, "no-device");
  await page.getByRole("link", { name: "See the devices" }).click();
  await page.getByRole("link", { name: /Hall heater/ }).first().waitFor();
  await page.getByRole("button", { name: "Log out" }).click();
  await page.getByLabel("Password").waitFor();
  await page.reload();
  await page.getByLabel("Password").waitFor();
  assert.equal((await page.request.get(`${w.world.address}/api/things`))
    .status(), 401);
});

/* --- for everybody -------------------------------------------------------- */

test("on a phone nothing is wider than the screen", async (w) => {
  const phone = { viewport: { width: 360, height: 740 }, isMobile: true,
    hasTouch: true };
  const first = await open(w.browser, w.world.address, phone);
  assert.equal(await overhang(first), 0);
  await first.context().close();
  for (const thing of [w.sides[0].hall.thing, w.trap.device.thing]) {
    const page = await openDevice(w, thing, phone);
    await page.getByText("Proof and certificate chain").click();
    await page.locator(".tile").first().waitFor();
    assert.equal(await overhang(page), 0, thing);
    await page.getByRole("link", { name: "‹ Devices" }).click();
    await page.locator(".row").first().waitFor();
    assert.equal(await overhang(page), 0);
    // The twin: something too wide is noticed.
    await page.evaluate(() => document.body.append(Object.assign(
      document.createElement("pre"), { textContent: "x".repeat(200) })));
    await page.evaluate(() => {
      document.querySelector("body > pre").style.overflow = "visible";
      document.querySelector("body > pre").style.overflowWrap = "normal";
    });
    assert.ok(await overhang(page) > 0);
    await page.context().close();
  }
});

flow("keyboard",
  "from log-in to a changed setting with the keyboard alone",
  async (s, w) => {
  const page = await open(w.browser, w.world.address, s.options);
  opened.push(page);
  const at = (selector) => page.evaluate((s) =>
    document.activeElement?.matches(s) ?? false, selector);
  const tabTo = async (selector) => {
    for (let i = 0; i < 60 && !await at(selector); i++) {
      await page.keyboard.press("Tab");
    }
    assert.ok(await at(selector), `Tab never comes to ${selector}`);
  };
  await until("the first field has the focus", () => at("input[name=user]"));
  await page.keyboard.type("you");
  await page.keyboard.press("Tab");
  await page.keyboard.type("correct horse");
  await page.keyboard.press("Enter");
  await page.locator(".row").first().waitFor();
  await tabTo(`.row[href*="${encodeURIComponent(s.hall.thing)}"]`);
  await page.keyboard.press("Enter");
  await page.locator(".device:not(.loading)").waitFor();
  const power = setting(page, "power");
  const value = Number(await power.field.inputValue());
  await tabTo(".setting[data-name=power] input");
  await page.keyboard.press("ArrowRight");
  await says(power.state, /^applied/);
  assert.equal(Number(await power.field.inputValue()), value + 1);
  assert.ok(await at(".setting[data-name=power] input"), "the focus stayed");
  await s.shoot(page, "keyboard");
});

for (const colorScheme of ["light", "dark"]) {
  test(`in the ${colorScheme} every text can be read`, async (w) => {
    const page = await hallPage(w.sides[1], w, { colorScheme });
    await page.getByText("Proof and certificate chain").click();
    await page.locator(".event").first().waitFor();
    assert.deepEqual(await faintTexts(page), []);
    // Under the pointer, too.
    for (const button of await page.locator(
      ".spans button:visible, .tile:visible, .setting button:visible").all()) {
      await button.hover();
      assert.deepEqual(await faintTexts(page), []);
    }
    // The twin: a faint text is noticed.
    await page.evaluate((color) => Object.assign(
      document.querySelector("h1").style, { color, fontSize: "12px" }),
    colorScheme === "light" ? "#888888" : "#5a5a5a");
    assert.equal((await faintTexts(page)).length, 1);
    await page.context().close();
  });
}

picturesOf(["wrong-password", "devices", "thermostat", "identity", "controls",
  "setting-waits", "out-of-range", "no-answer", "offline", "telemetry",
  "events", "steady", "markup", "lost-server", "no-device", "keyboard"]);

test("no page of these tests complained", async () => {
  assert.ok(opened.length > 5);
  for (const page of opened) {
    assert.deepEqual(page.complaints, []);
    if (page.isClosed()) continue;
    assert.deepEqual(await page.evaluate(() => globalThis.violations), []);
  }
});

await main({ before, after });
