/* alerts_card.js - what somebody should look at. */

import { alerts, dismiss } from "./api.js";
import { el } from "./dom.js";
import { ago, timeNode } from "./time.js";
import { text } from "./value.js";

/** Of all devices, or of one; {node, refresh(), onEvent(name, data)}. */
export function alertsCard({ fail, thingName, titleOf }) {
  const list = el("ul", { class: "alerts" });
  const node = el("section", { class: "card alert-card", hidden: true,
    "aria-label": "Alerts" }, el("h2", {}, "Alerts"), list);
  let all = [];

  async function drop(id) {
    try {
      await dismiss(id);
      all = all.filter((a) => a.id !== id);
      draw();
    } catch (error) {
      fail(error);
    }
  }

  function row(a) {
    const where = thingName ? null : el("a", { href:
      `#/things/${encodeURIComponent(a.thingName)}` }, titleOf(a.thingName));
    return el("li", { class: a.over ? "over" : "" }, el("span", {}, where,
      where ? ": " : null, text(a.text, 300) ?? "", el("span",
        { class: "quiet" }, " ", timeNode(a.ts, ago(a.ts)),
        a.over ? "; it is over" : "")),
    el("button", { class: "small", type: "button", "aria-label":
      `Dismiss: ${text(a.text, 80)}`, onclick: () => drop(a.id) }, "Dismiss"));
  }

  function draw() {
    const shown = all.filter((a) => !thingName || a.thingName === thingName)
      .slice(0, 20);
    node.hidden = shown.length === 0;
    list.replaceChildren(...shown.map(row));
  }

  return { node, draw,
    async refresh() {
      try {
        ({ alerts: all } = await alerts());
        draw();
      } catch (error) {
        fail(error);
      }
    },
    onEvent(name, data) {
      if (name !== "alert") return;
      all = [data, ...all.filter((a) => a.id !== data.id)];
      draw();
    } };
}
