/* sides.mjs - each flow at phone and at desktop size, at the same time: two
 * sides of one world, with people and devices of their own.  A flow leaves its
 * picture in build/tests/screenshots, NAME-phone.png and NAME-desktop.png. */

import fs from "node:fs";
import { createRequire } from "node:module";
import path from "node:path";
import { faintTexts, overhang } from "./browser.mjs";
import { assert, test } from "./tap.mjs";
import { TOP } from "./world.mjs";

export const SIZES = {
  phone: { viewport: { width: 390, height: 844 }, isMobile: true,
    hasTouch: true, colorScheme: "dark" },
  desktop: { viewport: { width: 1280, height: 900 }, colorScheme: "light" },
};
const SHOTS = path.join(TOP, "build/tests/screenshots");
const AXE = fs.readFileSync(createRequire(import.meta.url)
  .resolve("axe-core/axe.min.js"), "utf8");

const flows = [];
const began = Date.now();

/** {size, options of a browser's context, shoot(page, name)} of each side. */
export function makeSides() {
  fs.mkdirSync(SHOTS, { recursive: true });
  return Object.entries(SIZES).map(([size, options]) => ({ size, options,
    shoot: (page, name) => shoot(page, `${name}-${size}`) }));
}

/** A test that both sides of `w` live through: run(side, w).  It must leave a
 * picture of this name. */
export function flow(name, sentence, run) {
  flows.push(name);
  test(sentence, async (w) => {
    const ends = await Promise.allSettled(w.sides.map((s) => run(s, w)));
    const faults = ends.map((end, i) => end.status === "rejected"
      ? `${w.sides[i].size}: ${end.reason?.stack ?? end.reason}` : "")
      .filter(Boolean);
    assert.ok(faults.length === 0, faults.join("\n"));
  });
}

/** As `flow`, where the sides cannot go alone: run(w). */
export function flowTogether(name, sentence, run) {
  flows.push(name);
  test(sentence, run);
}

/** What axe-core finds wrong for people who cannot see or use a mouse. */
export async function barriers(page) {
  await page.evaluate(AXE);
  const found = await page.evaluate(async () => (await globalThis.axe.run(
    document, { resultTypes: ["violations"], rules: {
      "color-contrast": { enabled: false } } })).violations); // faintTexts does
  return found.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(" ")}`);
}

/** What a finger could miss: WCAG 2.2, 2.5.8 asks for 24 pixels each way, links
 * within a text aside. */
export function tinyTargets(page) {
  return page.evaluate(() => [...document.querySelectorAll(
    "button, input, select, summary, a")].filter((node) => {
    const box = node.getBoundingClientRect();
    const inText = node.tagName === "A" &&
      getComputedStyle(node).display === "inline";
    const labelled = node.closest("label")?.getBoundingClientRect();
    const high = Math.max(box.height, labelled?.height ?? 0);
    const wide = Math.max(box.width, labelled?.width ?? 0);
    return box.width > 0 && !inText && node.type !== "file" &&
      (high < 24 || wide < 24);
  }).map((node) => `${node.outerHTML.slice(0, 80)}`));
}

/** Every text that is cut at the edge of what holds it. */
export function cutTexts(page) {
  return page.evaluate(() => [...document.querySelectorAll("body *")]
    .filter((node) => {
      const style = getComputedStyle(node);
      return style.overflowX === "hidden" && node.clientWidth > 2 && // unseen
        node.scrollWidth > node.clientWidth + 1 &&
        style.textOverflow !== "ellipsis";
    }).map((node) => node.outerHTML.slice(0, 80)));
}

/* A picture, and nothing a person could stumble over in it. */
async function shoot(page, name) {
  await page.screenshot({ path: path.join(SHOTS, `${name}.png`),
    fullPage: true });
  assert.equal(await overhang(page), 0, `${name} is wider than the screen`);
  assert.deepEqual(await tinyTargets(page), [], `${name}: too small to touch`);
  assert.deepEqual(await cutTexts(page), [], `${name}: cut`);
  assert.deepEqual(await barriers(page), [], name);
  assert.deepEqual(await faintTexts(page), [], name);
}

/** Which pictures of these flows are not there, are old, or are of another
 * width than their screen. */
export function missing(names, since = began) {
  return names.flatMap((name) => Object.entries(SIZES)
    .map(([size, { viewport }]) => {
      const file = `${name}-${size}.png`, at = path.join(SHOTS, file);
      if (!fs.existsSync(at)) return `${file} is missing`;
      if (fs.statSync(at).mtimeMs < since) return `${file} is old`;
      const width = fs.readFileSync(at).readUInt32BE(16); // PNG, IHDR
      return width === viewport.width ? "" : `${file} is ${width} wide`;
    })).filter(Boolean);
}

/** The last test of a program: `wanted`, the flows that it must have, each left
 * its picture at both sizes. */
export function picturesOf(wanted) {
  test("each flow left its picture at phone and at desktop size", () => {
    if (process.argv.length > 2) return; // some were not run
    assert.deepEqual(flows, wanted, "a flow has come or gone");
    assert.deepEqual(missing(flows), []);
    // The twin: what is not there, is old or of another size is noticed.
    assert.equal(missing(["no-such-flow"]).length, 2);
    assert.equal(missing(flows.slice(0, 1), Date.now() + 1000).length, 2);
    fs.copyFileSync(path.join(SHOTS, `${flows[0]}-phone.png`),
      path.join(SHOTS, "wrong-desktop.png"));
    assert.deepEqual(missing(["wrong"]).slice(1),
      ["wrong-desktop.png is 390 wide"]);
    fs.rmSync(path.join(SHOTS, "wrong-desktop.png"));
  });
}
