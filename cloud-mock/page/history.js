/* history.js - what happened to the device, newest first. */

import { history as askHistory } from "./api.js";
import { el, setText } from "./dom.js";
import { clock, date, timeNode } from "./time.js";
import { text } from "./value.js";

const PAGE = 100; // events in one answer

const KINDS = {
  connected: "online", disconnected: "offline", setting: "setting",
  registered: "registered", certificate: "certificate", event: "event",
  alarm: "alarm", ownership: "ownership", claim: "claim", command: "command",
};

const FILTERS = [["", "Everything"], ["connected", "Came online"],
  ["disconnected", "Went offline"], ["setting", "Settings"],
  ["ownership", "Ownership"], ["claim", "Tries to claim it"],
  ["command", "Commands"], ["certificate", "Certificate"], ["alarm", "Alarms"],
  ["registered", "Registered"],
  ["event", "Device's events"]];

const keyOf = (e) => `${e.ts} ${e.kind} ${e.text}`;

function detail(value) {
  if (value === undefined || value === null) return null;
  return el("span", { class: "quiet detail" },
    text(typeof value === "string" ? value : JSON.stringify(value), 300));
}

function row(event) {
  const kind = Object.hasOwn(KINDS, event.kind) ? event.kind : "event";
  const showDetail = kind === "event" || kind === "certificate";
  return el("li", { class: `event is-${kind}` },
    timeNode(event.ts, clock(event.ts)),
    el("span", { class: "kind" }, KINDS[kind]),
    el("span", { class: "event-text" }, text(event.text, 300) ?? "",
      event.who ? el("span", { class: "who" }, ` by ${text(event.who, 64)}`)
        : null,
      showDetail ? detail(event.detail) : null));
}

export function historyCard(thingName, { fail }) {
  const events = new Map();
  let asked = 0;
  let whole = false;
  const list = el("ol", { class: "events" });
  const none = el("p", { class: "empty", hidden: true });
  const older = el("button", { class: "small", type: "button", hidden: true,
    onclick: () => load(Math.min(...[...events.values()].map((e) => e.ts))) },
  "Show older");
  const filter = el("select", { "aria-label": "Show in history",
    onchange: () => { events.clear(); load(); } },
  FILTERS.map(([value, words]) => el("option", { value }, words)));
  const node = el("section", { class: "card", "aria-label": "History" },
    el("div", { class: "card-head" }, el("h2", {}, "History"), filter),
    list, none, older);

  function draw() {
    const all = [...events.values()].sort((a, b) => b.ts - a.ts);
    const rows = [];
    let last = "";
    for (const event of all) {
      const today = date(event.ts);
      if (today !== last) {
        rows.push(el("li", { class: "day" }, el("h3", {}, today)));
        last = today;
      }
      rows.push(row(event));
    }
    list.replaceChildren(...rows);
    none.hidden = rows.length > 0;
    setText(none, filter.value === ""
      ? "Nothing has happened yet. Connections, settings and the device's own" +
        " events are kept here."
      : "Nothing of this kind has happened. Choose Everything for the rest.");
    older.hidden = whole || rows.length === 0;
  }

  async function load(before) {
    const mine = ++asked;
    try {
      const answer = await askHistory(thingName,
        { before, kind: filter.value });
      if (mine !== asked) return;
      for (const e of answer.events) events.set(keyOf(e), e);
      whole = answer.events.length < PAGE;
      draw();
    } catch (error) {
      fail(error);
    }
  }

  return {
    node,
    refresh: () => load(),
    forget() {
      events.clear();
      draw();
    },
    onHistory(event) {
      if (filter.value !== "" && filter.value !== event.kind) return;
      events.set(keyOf(event), event);
      draw();
    },
  };
}
