/* hook_card.js - the account's web hook: its address, its secret once, and how
 * the last try went. */

import { hook, removeHook, setHook, testHook } from "./api.js";
import { el, setText } from "./dom.js";
import { ago, now, timeNode } from "./time.js";
import { text } from "./value.js";

const LOOK_MS = 1000;
const LOOKS = 45; // as long as it is tried again

/** How the last try went, in words; "" when there was none. Pure. */
export function lastWords(last) {
  if (!last) return "";
  if (last.taken) return "The last alert was delivered";
  const then = last.again ? "it is tried again" : "it was given up";
  return `The last alert was not delivered, ${then}:` +
    ` ${text(last.fault, 160) ?? "the server says not why"}`;
}

/** {node, refresh(), close()} */
export function hookCard({ fail }) {
  const url = el("input", { type: "url", name: "hook", required: true,
    maxlength: 500, placeholder: "https://", autocomplete: "off",
    spellcheck: "false", "aria-describedby": "hook-says" });
  const says = el("p", { id: "hook-says", class: "says", role: "status" });
  const secret = el("div", { hidden: true });
  const last = el("p", { class: "hook-last", role: "status" });
  const test = el("button", { class: "small", type: "button",
    onclick: () => act(askForTest) }, "Send a test");
  const remove = el("button", { class: "small", type: "button",
    onclick: () => act(forget) }, "Remove it");
  const form = el("form", { onsubmit(event) {
    event.preventDefault();
    act(save);
  } }, el("label", { class: "field" }, el("span", {}, "Its address"), url),
  el("div", { class: "buttons" }, el("button", { class: "small", type:
    "submit" }, "Save"), test, remove), says);
  const node = el("section", { class: "card hook", "aria-label": "Web hook" },
    el("h2", {}, "Web hook"), el("p", { class: "quiet" }, "Alerts of the" +
      " devices that you own are posted there, too: a server of yours, or one" +
      " that writes to your chat."), form, secret, last);
  let timer = null, left = 0;

  function draw(given) {
    const there = Boolean(given.url);
    if (document.activeElement !== url) url.value = given.url ?? "";
    test.hidden = remove.hidden = !there;
    const words = lastWords(given.last);
    last.setAttribute("class", `hook-last ${given.last?.taken === false
      ? "bad" : "quiet"}`);
    if (words === "") last.replaceChildren();
    else last.replaceChildren(`${words} (`, timeNode(given.last.ts,
      ago(given.last.ts, now())), ").");
  }

  function showSecret(value) {
    secret.hidden = !value;
    secret.replaceChildren(...value ? [el("p", {}, "Its secret, shown this" +
      " once. Each alert comes with X-Nameplate-Signature: sha256= and the" +
      " HMAC-SHA256 of its body with it."), el("p", { class: "hook-secret" },
      el("code", { class: "long" }, value))] : []);
  }

  async function act(what) {
    setText(says, "");
    try {
      await what();
    } catch (error) {
      setText(says, error.message);
    }
  }

  async function save() {
    const given = await setHook(url.value.trim());
    showSecret(given.secret);
    draw(given);
    setText(says, "Saved. Send a test, to see whether it is heard.");
  }

  async function forget() {
    await removeHook();
    stop();
    showSecret(null);
    draw({});
    setText(says, "It was removed: alerts are shown on the page alone.");
  }

  /* How it goes is looked at until it went well, or nothing more comes. */
  async function askForTest() {
    const before = (await hook()).last?.ts;
    await testHook();
    setText(says, "A test is on its way.");
    left = LOOKS;
    stop();
    timer = setTimeout(() => look(before), LOOK_MS);
  }

  async function look(before) {
    try {
      const given = await hook();
      const news = given.last && given.last.ts !== before;
      if (news) {
        draw(given);
        setText(says, "");
      }
      if ((!news || given.last.again) && --left > 0) {
        timer = setTimeout(() => look(before), LOOK_MS);
      }
    } catch (error) {
      fail(error);
    }
  }

  function stop() {
    clearTimeout(timer);
    timer = null;
  }

  return { node, close: stop, async refresh() {
    try {
      draw(await hook());
    } catch (error) {
      fail(error);
    }
  } };
}
