/* device_list.js - all devices, the ones that need a look first to find. */

import { things } from "./api.js";
import { el, setChildren, setText } from "./dom.js";
import { isOnline, statusLine } from "./status.js";
import { text } from "./value.js";

const FILTER_FROM = 6; // so many devices need a filter

export const deviceTitle = (device) =>
  text(device.title, 80) ?? text(device.model, 80) ?? device.thingName;

const plate = (device) =>
  [device.vendor, device.model, device.serial].filter(Boolean).join(" · ");

function row(thingName) {
  const title = el("span", { class: "row-title" });
  const sub = el("span", { class: "quiet" });
  const status = statusLine();
  const link = el("a", { class: "row",
    href: `#/things/${encodeURIComponent(thingName)}` },
  el("span", { class: "row-name" }, title, sub), status.node,
  el("span", { class: "chevron", "aria-hidden": "true" }, "›"));
  return {
    node: el("li", {}, link), tick: status.tick,
    update(device) {
      setText(title, deviceTitle(device));
      setText(sub, plate(device));
      status.update(device.status);
    },
  };
}

function empty() {
  return el("div", { class: "empty" },
    el("h2", {}, "No device has connected yet"),
    el("p", {}, "Give a device its factory certificate and start the agent" +
      " there. It appears here by itself when it connects for the first time:"),
    el("pre", {}, "factory issue --model MODEL --serial SERIAL\n" +
      "nameplate run -c nameplate.ini"));
}

function summary(devices) {
  const count = (test) => devices.filter(test).length;
  const online = count((d) => isOnline(d.status));
  const blocked = count((d) => d.status.state === "blocked");
  const never = count((d) => d.status.state === "never");
  return [`${online} of ${devices.length} online`,
    blocked && `${blocked} blocked`, never && `${never} never connected`]
    .filter(Boolean).join(" · ");
}

export function listPage({ fail }) {
  const devices = new Map();
  const rows = new Map();
  const list = el("ul", { class: "rows card", "aria-label": "Devices" });
  const counted = el("p", { class: "quiet", role: "status" },
    "Asking the cloud");
  const filter = el("input", { type: "search", placeholder: "Filter",
    "aria-label": "Filter devices", oninput: draw, hidden: true });
  const none = el("p", { class: "empty", hidden: true },
    "No device matches the filter. Clear it to see all.");
  const body = el("div", {});
  let known = false;

  function matches(device) {
    const wanted = filter.value.trim().toLowerCase();
    return [deviceTitle(device), plate(device), device.thingName,
      device.status.state].some((t) => t.toLowerCase().includes(wanted));
  }

  function draw() {
    if (!known) return;
    const all = [...devices.values()].sort((a, b) =>
      deviceTitle(a).localeCompare(deviceTitle(b)) ||
      a.thingName.localeCompare(b.thingName));
    for (const d of all) {
      if (!rows.has(d.thingName)) rows.set(d.thingName, row(d.thingName));
      rows.get(d.thingName).update(d);
    }
    const shown = all.filter(matches);
    filter.hidden = all.length < FILTER_FROM && filter.value === "";
    none.hidden = shown.length > 0 || all.length === 0;
    list.hidden = shown.length === 0;
    setChildren(list, shown.map((d) => rows.get(d.thingName).node));
    setChildren(body, all.length === 0 ? [empty()] : [list, none]);
    setText(counted, all.length === 0 ? "" : summary(all));
  }

  async function refresh() {
    try {
      const answer = await things();
      devices.clear();
      for (const d of answer.things) devices.set(d.thingName, d);
      known = true;
      draw();
      return answer.now;
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  return {
    title: "Devices", refresh,
    node: el("div", { class: "list" }, el("div", { class: "head" },
      el("h1", { tabindex: "-1" }, "Devices"), counted, filter), body),
    onEvent(name, data) {
      if (name === "status" && known) {
        devices.set(data.thingName, data);
        draw();
      } else if (name === "td" && devices.has(data.thingName)) {
        devices.get(data.thingName).title = text(data.td?.title);
        draw();
      }
    },
    tick() { for (const r of rows.values()) r.tick(); },
    close() {},
  };
}
