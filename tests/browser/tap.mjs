/* tap.mjs - what the browser's tests share: sentences, expectations, TAP. */

import assert from "node:assert/strict";

const tests = [];
const WAIT_MS = 10000;

/** The name is a true sentence. */
export function test(name, run) {
  tests.push({ name, run });
}

export { assert };

/** Ask until the answer is true; give it back. */
export async function until(what, question, ms = WAIT_MS) {
  const end = Date.now() + ms;
  let seen;
  for (;;) {
    seen = await question();
    if (seen) return seen;
    assert.ok(Date.now() < end,
      `not within ${ms} ms: ${what}; last seen: ${JSON.stringify(seen)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Run the tests, or those whose name contains an argument; each gets what
 * `before` gave; `after` is called whatever happens. */
export async function main({ before = async () => ({}), after = async () => {} }
  = {}) {
  const wanted = tests.filter((t) => process.argv.length < 3 ||
    process.argv.slice(2).some((a) => t.name.includes(a)));
  let failures = 0;
  console.log(`1..${wanted.length}`);
  let given;
  try {
    given = await before();
    for (const [i, t] of wanted.entries()) {
      try {
        await t.run(given);
        console.log(`ok ${i + 1} - ${t.name}`);
      } catch (error) {
        failures++;
        console.log(`not ok ${i + 1} - ${t.name}`);
        console.log(String(error.stack ?? error).replace(/^/gm, "# "));
      }
    }
  } catch (error) {
    failures++;
    console.log("not ok - the set-up");
    console.log(String(error.stack).replace(/^/gm, "# "));
  } finally {
    await after(given);
  }
  process.exit(failures > 0 || wanted.length === 0 ? 1 : 0);
}
