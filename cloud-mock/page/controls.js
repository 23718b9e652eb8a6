/* controls.js - one control per property of the Thing Description.
 *
 * The description comes from the device: every member is looked at before it is
 * believed, and what is not understood becomes a read-only text. */

import { wish } from "./api.js";
import { announce, el, setClass, setText, svg } from "./dom.js";
import { now, setTime } from "./time.js";
import { choices, settingWords, sides } from "./setting.js";
import { equal, humanise, isObject, member, symbol, text, words }
  from "./value.js";

const PROPERTIES_MOST = 100;
const CHOICES_MOST = 50;
const LONG = 12; // characters that do not fit a big figure
const SETTLE_MS = 350; // of a slider or a list, moved with the keyboard

const finite = (value) =>
  typeof value === "number" && Number.isFinite(value) ? value : undefined;

/** What to draw for a property:
 * {kind, title, description, unit, group, minimum, maximum, step, options}. */
export function describe(name, property) {
  const p = isObject(property) ? property : {};
  const d = {
    name, title: text(p.title, 80) ?? humanise(name),
    description: text(p.description), unit: symbol(p.unit),
    group: text(p["nameplate:group"], 60) ?? "",
    minimum: finite(p.minimum), maximum: finite(p.maximum),
    step: finite(p.multipleOf) > 0 ? p.multipleOf
      : p.type === "integer" ? 1 : undefined,
    whole: p.type === "integer", private: p["nameplate:private"] === true,
  };
  return { ...d, kind: kindOf(p, d), options: p.enum };
}

function kindOf(p, d) {
  if (p.readOnly === true) return "value";
  if (Array.isArray(p.enum)) {
    const plain = p.enum.every((v) => ["string", "number", "boolean"]
      .includes(typeof v));
    return plain && p.enum.length > 0 && p.enum.length <= CHOICES_MOST
      ? "choice" : "value";
  }
  if (p.type === "boolean") return "toggle";
  if (p.type === "string") return "text";
  if (p.type !== "number" && p.type !== "integer") return "value";
  const bounded = d.minimum !== undefined && d.maximum !== undefined &&
    d.minimum < d.maximum;
  return p["nameplate:widget"] === "slider" && bounded ? "slider" : "number";
}

/** What is wrong with this number for this property, or "". */
export function numberFault(raw, d) {
  const n = Number(raw);
  const unit = d.unit ? ` ${d.unit}` : "";
  if (raw.trim() === "" || !Number.isFinite(n)) return "expected a number";
  if (d.minimum !== undefined && n < d.minimum) {
    return `expected at least ${d.minimum}${unit}`;
  }
  if (d.maximum !== undefined && n > d.maximum) {
    return `expected at most ${d.maximum}${unit}`;
  }
  const steps = d.step ? (n - (d.whole ? 0 : d.minimum ?? 0)) / d.step : 0;
  if (Math.abs(steps - Math.round(steps)) > 1e-6) {
    return `expected steps of ${d.step}${unit}`;
  }
  return "";
}

/* Each maker gets (description, id, commit) and gives {node, show(value)};
 * show never disturbs what a person is changing. */

function toggle(d, id, commit) {
  const node = el("button", { class: "switch", role: "switch", type: "button",
    "aria-labelledby": `${id}-label`, "aria-describedby": `${id}-state`,
    onclick: () => commit(node.getAttribute("aria-checked") !== "true") },
  el("span", { class: "knob" }));
  return { node, show(value) {
    node.setAttribute("aria-checked", value === true ? "true" : "false");
  } };
}

function settling(commit) {
  let timer = null;
  return {
    get busy() { return timer !== null; },
    commit(value) {
      clearTimeout(timer);
      timer = setTimeout(() => { timer = null; commit(value); }, SETTLE_MS);
    },
  };
}

function slider(d, id, commit) {
  const settle = settling(commit);
  const shown = el("output", { class: "shown" });
  let dragging = false;
  const input = el("input", { type: "range", id, min: d.minimum, max: d.maximum,
    step: d.step ?? "any", "aria-describedby": `${id}-state`,
    oninput: () => { dragging = true; say(Number(input.value)); },
    onchange: () => {
      dragging = false;
      settle.commit(Number(input.value));
    } });
  function say(value) {
    const said = words(value, d.unit);
    setText(shown, said);
    input.setAttribute("aria-valuetext", said);
  }
  return { node: el("div", { class: "slider" }, input, shown), show(value) {
    if (dragging || settle.busy) return;
    if (typeof value === "number") input.value = String(value);
    say(typeof value === "number" ? value : undefined);
  } };
}

function choice(d, id, commit) {
  const settle = settling(commit);
  const unset = el("option", { value: "-1", disabled: true }, "not reported");
  const select = el("select", { id, "aria-describedby": `${id}-state`,
    onchange: () => settle.commit(d.options[Number(select.value)]) }, unset,
  d.options.map((v, i) => el("option", { value: i },
    typeof v === "string" ? text(v, 80) ?? "(empty)" : words(v, d.unit))));
  return { node: select, show(value) {
    if (settle.busy) return;
    const at = d.options.findIndex((v) => equal(v, value));
    setText(unset, value === undefined ? "not reported"
      : `${words(value, d.unit)} (not in the list)`);
    select.value = String(at);
  } };
}

/* A field with its own button: nothing is sent by merely leaving it. */
function typed(d, id, commit, { attributes, fault, parse }) {
  const complaint = el("span", { class: "fault", id: `${id}-fault`,
    role: "alert" });
  let current = "";
  const set = el("button", { type: "submit", class: "small" }, "Set");
  const input = el("input", { id, autocomplete: "off",
    "aria-describedby": `${id}-fault ${id}-state`, ...attributes,
    oninput: look, onkeydown: (event) => {
      if (event.key !== "Escape") return;
      input.value = current;
      look();
    } });
  function look() {
    set.disabled = input.value === current && !input.validity.badInput;
    if (set.disabled) complain("");
  }
  function complain(why) {
    setText(complaint, why);
    input.setAttribute("aria-invalid", why === "" ? "false" : "true");
  }
  function submit(event) {
    event.preventDefault();
    const why = fault(input.value);
    complain(why);
    if (why !== "" || set.disabled) return;
    current = input.value;
    look();
    commit(parse(input.value));
  }
  look();
  const node = el("form",
    { class: "typed", novalidate: true, onsubmit: submit },
    el("span", { class: "with-unit" }, input,
      d.unit ? el("span", { class: "unit", "aria-hidden": "true" }, d.unit)
        : null), set, complaint);
  return { node, show(value) {
    const next = value === undefined ? "" : String(value);
    if (input.value === current && !input.validity.badInput) input.value = next;
    current = next;
    look();
  } };
}

const number = (d, id, commit) => typed(d, id, commit, {
  attributes: { type: "number", inputmode: d.whole ? "numeric" : "decimal",
    min: d.minimum, max: d.maximum, step: d.step ?? "any" },
  fault: (raw) => numberFault(raw, d), parse: Number });

const plain = (d, id, commit) => typed(d, id, commit, {
  attributes: { type: "text", maxlength: 1000 }, fault: () => "",
  parse: (raw) => raw });

const MAKERS = { toggle, slider, choice, number, text: plain };

/* --- one setting: label, control, what became of it ----------------------- */

let ids = 0;

function setting(d, send) {
  const id = `setting-${++ids}`;
  let facts = null; // {shadow, status}
  let sent;
  let told = "";
  const state = el("span", { class: "state-text", id: `${id}-state` });
  const time = el("time", {});
  const retry = el("button", { class: "small", type: "button",
    onclick: () => commit(last().value) }, "Retry");
  const cancel = el("button", { class: "small", type: "button",
    onclick: takeBack }, "Cancel");
  const control = MAKERS[d.kind](d, id, commit);
  const bar = el("div", { class: "state" }, el("span", { class: "dot",
    "aria-hidden": "true" }), state, time,
  el("span", { class: "state-buttons" }, retry, cancel));
  const label = d.kind === "toggle"
    ? el("span", { id: `${id}-label`, class: "label" }, d.title)
    : el("label", { for: id, class: "label" }, d.title);
  if (d.private) label.append(padlock());
  const node = el("div", { class: "setting", "data-name": d.name },
    el("div", { class: "setting-head" }, label, d.description
      ? el("p", { class: "quiet" }, d.description) : null),
    el("div", { class: "control" }, control.node), bar);

  function last() {
    return settingWords({ ...facts, name: d.name, sent, now: now(),
      unit: d.unit });
  }

  async function put(value, desired) {
    const mine = sent = { value };
    draw();
    try {
      mine.version = (await send(d.name, desired)).version;
      if (sent === mine) settle();
    } catch (error) {
      if (sent === mine) sent = { value, error: error.message };
    }
    draw();
  }

  /* What was sent counts until the shadow we see contains it. */
  function settle() {
    if (sent?.version <= (facts.shadow?.version ?? 0)) sent = undefined;
  }

  function commit(value) {
    put(value, value);
  }

  function takeBack() {
    if (last().phase === "failed" &&
        sides(facts.shadow, d.name).desired === undefined) {
      sent = undefined; // it never reached the cloud
      draw();
      return;
    }
    put(sides(facts.shadow, d.name).reported, null);
  }

  function draw() {
    if (!facts) return;
    const w = last();
    const may = choices(w.phase);
    control.show(w.value);
    setClass(bar, `state ${w.phase}`);
    setText(state, w.text);
    if (w.at) setTime(time, w.at);
    time.hidden = !w.at;
    retry.hidden = !may.retry;
    cancel.hidden = !may.cancel;
    if (told !== "" && told !== w.phase && !["sending", "reported"]
      .includes(w.phase)) announce(`${d.title}: ${w.text}`);
    told = w.phase;
  }

  for (const [button, what] of [[retry, "Retry"], [cancel, "Cancel"]]) {
    button.setAttribute("aria-label", `${what} ${d.title}`);
  }
  return { node, tick: draw, update(next) {
    facts = next;
    settle();
    draw();
  } };
}

function reading(d) {
  const value = el("dd", {});
  const node = el("div", { class: "reading", title: d.description ?? null,
    "data-name": d.name }, el("dt", {}, d.title,
    d.private ? padlock() : null), value);
  return { node, tick() {}, update({ shadow }) {
    const both = sides(shadow, d.name);
    const said = words(both.reported, d.unit);
    setText(value, said);
    setClass(value, said.length > LONG ? "long" : "");
  } };
}

/* What the cloud cannot read. */
const padlock = () => el("span", { class: "padlock", role: "img",
  title: "Private: only you and the device can read it",
  "aria-label": "(private)" }, svg("svg", { viewBox: "0 0 16 16" },
  svg("path", { d: "M4 7V5a4 4 0 0 1 8 0v2h1v7H3V7zm2 0h4V5a2 2 0 0 0-4 0z" })));

/* A private property that this browser cannot read now. */
function sealed(d, why) {
  const says = el("dd", { class: "long" });
  return { node: el("div", { class: "reading", "data-name": d.name },
    el("dt", {}, d.title, padlock()), says), tick() {}, update() {
    setText(says, why());
  } };
}

/* --- all of them ---------------------------------------------------------- */

function grouped(list) {
  const groups = new Map();
  for (const d of list) {
    if (!groups.has(d.group)) groups.set(d.group, []);
    groups.get(d.group).push(d);
  }
  return groups;
}

function nothing() {
  return el("div", { class: "empty" }, el("h3", {}, "Nothing to set yet"),
    el("p", {}, "This device has not published a Thing Description. Name one" +
      " in the agent's configuration, and its settings appear here:"),
    el("pre", {}, "[device]\ndescription = thing.json"));
}

/** The card of settings and readings; {node, draw(td), update(facts), tick()},
 * facts {shadow, status, hidden}: `hidden` is the private settings' shadow, or
 * a text on why there is none.  `wishPrivately(desired)` asks for one. */
export function controls(thingName, { wishPrivately } = {}) {
  const body = el("div", {});
  const node = el("section", { class: "card", "aria-label": "Settings" },
    el("h2", {}, "Settings"), body);
  const send = (d) => (name, value) => (d.private ? wishPrivately
    : (desired) => wish(thingName, desired))({ [name]: value });
  const closed = () => typeof facts?.hidden === "string";
  let parts = [];
  let drawn;
  let facts = null;

  function sections(list) {
    const isReading = (d) => d.kind === "value" || (d.private && closed());
    const readings = list.filter(isReading);
    const out = [];
    parts = [];
    const make = (d) => {
      const part = d.private && closed() ? sealed(d, () => facts.hidden)
        : d.kind === "value" ? reading(d) : setting(d, send(d));
      parts.push({ ...part, private: d.private });
      return part.node;
    };
    if (readings.length) {
      out.push(el("dl", { class: "readings" }, readings.map(make)));
    }
    for (const [group, members] of grouped(
      list.filter((d) => !isReading(d)))) {
      out.push(el("div", { class: "group" },
        group ? el("h3", {}, group) : null, members.map(make)));
    }
    return out;
  }

  return {
    node,
    draw(td, next) {
      facts = next ?? facts;
      const text = JSON.stringify([td ?? null, closed()]);
      if (text === drawn) return;
      drawn = text;
      const properties = member(td, "properties");
      const list = isObject(properties) ? Object.entries(properties)
        .slice(0, PROPERTIES_MOST).map(([n, p]) => describe(n, p)) : [];
      body.replaceChildren(...(list.length ? sections(list) : [nothing()]));
      if (facts) this.update(facts);
    },
    update(next) {
      facts = next;
      for (const part of parts) {
        part.update(part.private && !closed()
          ? { ...facts, shadow: facts.hidden } : facts);
      }
    },
    tick() { for (const part of parts) part.tick(); },
  };
}
