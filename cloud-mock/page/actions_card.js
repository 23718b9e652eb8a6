/* actions_card.js - what a device can be asked to do: identify, restart, and
 * the actions of its Thing Description. */

import { command, label } from "./api.js";
import { announce, el, setText } from "./dom.js";
import { describe, numberFault } from "./controls.js";
import { humanise, isObject, member, text, words } from "./value.js";

const ACTIONS_MOST = 30;

/* One action: a button, a field when it wants one value, its outcome. */
function action(name, about, invoke) {
  const title = text(member(about, "title"), 80) ?? humanise(name);
  const input = member(about, "input");
  const d = isObject(input) ? describe(name, input) : null;
  const field = d && d.kind !== "value" ? el("input", { "aria-label":
    `${title}: ${d.unit || "value"}`, type: d.kind === "text" ? "text"
    : d.kind === "toggle" ? "checkbox" : "number", step: "any" }) : null;
  const out = el("span", { class: "quiet", role: "status" });
  const button = el("button", { class: "small", type: "button", async onclick() {
    const number = ["number", "slider"].includes(d?.kind);
    const why = field && number ? numberFault(field.value, d) : "";
    if (why) {
      setText(out, why);
      return;
    }
    const value = !field ? undefined : number ? Number(field.value)
      : d.kind === "toggle" ? field.checked : field.value;
    button.disabled = true;
    setText(out, "asking the device");
    try {
      const output = await invoke(name, value);
      setText(out, output === undefined ? "done" : `done: ${words(output)}`);
    } catch (error) {
      setText(out, error.message);
    }
    button.disabled = false;
  } }, title);
  return el("div", { class: "action", "data-name": name,
    title: text(member(about, "description")) ?? null }, button, field, out);
}

/** {node, update(device, role)}; `ask(request)` goes through the channel. */
export function actionsCard(thingName, { ask, after }) {
  const out = el("p", { class: "quiet", role: "status" });
  const own = el("div", { class: "own-actions" });
  const name = el("input", { id: "label-name", maxlength: 60 });
  const room = el("input", { id: "label-room", maxlength: 60,
    list: "label-rooms" });
  const standard = el("div", { class: "spans" },
    el("button", { class: "small", type: "button",
      onclick: () => simple("identify", "It shows itself now.") }, "Identify"),
    el("button", { class: "small", type: "button",
      onclick: () => simple("restart", "It restarts.") }, "Restart"));
  const form = el("details", { class: "proof" },
    el("summary", {}, "Name and room"),
    el("form", { class: "fields", onsubmit: rename },
      el("label", { class: "field", for: "label-name" }, "Your name for it"),
      name, el("label", { class: "field", for: "label-room" }, "Room"), room,
      el("button", { type: "submit" }, "Save")));
  const node = el("section", { class: "card", "aria-label": "Actions" },
    el("h2", {}, "Actions"), standard, out, own, form);
  let drawn = "", role = null;

  async function simple(what, done) {
    setText(out, "asking the device");
    try {
      await command(thingName, what);
      setText(out, done);
    } catch (error) {
      setText(out, error.message);
    }
  }

  async function rename(event) {
    event.preventDefault();
    try {
      await label(thingName, { name: name.value.trim() || null,
        room: room.value.trim() || null });
      announce("Saved");
      await after();
    } catch (error) {
      setText(out, error.message);
    }
  }

  async function invoke(what, input) {
    const answer = role ? await ask({ op: "invoke", action: what, input })
      : await command(thingName, "invoke", { action: what, input });
    return answer.output;
  }

  return { node, update(device, mineRole) {
    role = mineRole;
    const may = role !== "viewer" && device.role !== "viewer";
    standard.hidden = !may;
    own.hidden = !may;
    if (document.activeElement !== name) name.value = device.name ?? "";
    if (document.activeElement !== room) room.value = device.room ?? "";
    const actions = member(device.td, "actions");
    const now = JSON.stringify(actions ?? null);
    if (now === drawn) return;
    drawn = now;
    own.replaceChildren(...(isObject(actions) ? Object.entries(actions) : [])
      .slice(0, ACTIONS_MOST).map(([n, a]) => action(n, a, invoke)));
  } };
}
