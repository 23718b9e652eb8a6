/* browser.mjs - Debian's Chromium under playwright-core, and looking at the
 * page as a person or an assistive program would. */

import { chromium } from "playwright-core";
import { until } from "./tap.mjs";
import { PASSWORD, USER } from "./world.mjs";

const CHROMIUM = process.env.NAMEPLATE_CHROMIUM ?? "/usr/bin/chromium";

export function launch(more = []) {
  return chromium.launch({ executablePath: CHROMIUM, args: ["--headless",
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update",
    "--disable-sync", ...more] });
}

/** A fresh page with no cookies; `page.complaints` collects what must never
 * come: script errors and violations of the content security policy. */
export async function open(browser, address, options = {}) {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  page.setDefaultTimeout(12000);
  page.complaints = [];
  page.on("pageerror", (e) => page.complaints.push(String(e.stack ?? e)));
  page.on("console", (m) => {
    // A refused or lost request is part of some stories; the page tells it.
    const told = m.text().startsWith("Failed to load resource");
    if (m.type() === "error" && !told) page.complaints.push(m.text());
  });
  await page.addInitScript(() => {
    globalThis.violations = [];
    document.addEventListener("securitypolicyviolation", (event) =>
      globalThis.violations.push(`${event.violatedDirective} ` +
        event.blockedURI));
  });
  await page.goto(address);
  return page;
}

export async function logIn(page, password = PASSWORD) {
  await page.getByLabel("User").fill(USER);
  await page.getByLabel("Password").fill(password);
  await page.getByRole("button", { name: "Log in" }).click();
}

/** The same with the right password; after wrong tries of others the page asks
 * to wait a little, and then to try again. */
export async function comeIn(page) {
  const waits = page.getByRole("alert").filter({ hasText: /Wait \d+ s/ });
  await logIn(page);
  await until("it is let in", async () => {
    if (await page.getByLabel("Password").count() === 0) return true;
    if (await waits.isVisible()) {
      await page.waitForTimeout(1000);
      await logIn(page);
    }
    return false;
  }, 40000);
}

/** Stand on the page of this thing, logged in once for all such pages. */
export async function openDevice(w, thing, options) {
  w.world.forgetKeys();
  const address = `${w.world.address}/#/things/${encodeURIComponent(thing)}`;
  const page = await open(w.browser, address,
    { ...options, storageState: w.session });
  if (!w.session) {
    await comeIn(page);
    await page.locator(".device").waitFor();
    w.session = await page.context().storageState();
  }
  await page.locator(".device:not(.loading)").waitFor();
  return page;
}

/** One setting of the device page, by its property's name. */
export function setting(page, name) {
  const node = page.locator(`.setting[data-name="${name}"]`);
  return { node, state: node.locator(".state-text"),
    switch: node.getByRole("switch"), field: node.locator("input, select"),
    set: node.getByRole("button", { name: "Set" }),
    retry: node.getByRole("button", { name: /^Retry/ }),
    cancel: node.getByRole("button", { name: /^Cancel/ }) };
}

/** Wait for words, also while what says them is not there yet. */
export async function says(locator, what) {
  try {
    await until(`the page says ${what}`, async () =>
      (await locator.textContent({ timeout: 40000 })).match(what), 30000);
  } catch (error) {
    const shown = await locator.page().locator("body").innerText()
      .catch((e) => e.message);
    throw new Error(`${error.message}\nthe page shows:\n${shown}`,
      { cause: error });
  }
}

/** Every text whose contrast against what lies behind it is below WCAG AA. */
export function faintTexts(page) {
  return page.evaluate(() => {
    const parse = (c) => (c.match(/[\d.]+/g) ?? [0, 0, 0, 0]).map(Number);
    const light = (c) => c.slice(0, 3).map((v) => v / 255)
      .map((v) => v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4)
      .reduce((sum, v, i) => sum + v * [0.2126, 0.7152, 0.0722][i], 0);
    const behind = (node) => {
      for (let n = node; n; n = n.parentElement) {
        const c = parse(getComputedStyle(n).backgroundColor);
        if (c.length < 4 || c[3] === 1) return c;
      }
      return parse(getComputedStyle(document.documentElement).backgroundColor);
    };
    const faint = [];
    for (const node of document.querySelectorAll("body *")) {
      const own = [...node.childNodes].some((c) => c.nodeType === 3 &&
        c.textContent.trim() !== "");
      const style = getComputedStyle(node);
      const box = node.getBoundingClientRect();
      if (!own || box.width === 0 || style.visibility === "hidden") continue;
      const svg = node.namespaceURI.endsWith("svg");
      const [a, b] = [light(parse(svg ? style.fill : style.color)),
        light(behind(node))].sort((x, y) => y - x);
      const size = parseFloat(style.fontSize);
      const least = size >= 24 || (size >= 18.6 && style.fontWeight >= 700)
        ? 3 : 4.5;
      const ratio = (a + 0.05) / (b + 0.05);
      if (ratio < least) {
        faint.push(`${node.textContent.slice(0, 30)}: ${ratio.toFixed(2)}`);
      }
    }
    return faint;
  });
}

/** How far the page is wider than the screen. */
export function overhang(page) {
  return page.evaluate(() => document.documentElement.scrollWidth -
    document.documentElement.clientWidth);
}
