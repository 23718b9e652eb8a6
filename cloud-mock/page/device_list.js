/* device_list.js - all devices, the ones that need a look first to find. */

import { alertsCard } from "./alerts_card.js";
import { things } from "./api.js";
import { el, setChildren, setText } from "./dom.js";
import { isOnline, statusLine } from "./status.js";
import { text } from "./value.js";

const FILTER_FROM = 6; // so many devices need a filter

export const deviceTitle = (device) =>
  text(device.name, 80) ?? text(device.title, 80) ??
  text(device.model, 80) ?? device.thingName;

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

function empty(admin) {
  if (!admin) {
    return el("div", { class: "empty" }, el("h2", {}, "You have no device yet"),
      el("p", {}, "Add one with the code on its label, or ask its owner to" +
        " share it with you: your Account page has a link for that."),
      el("p", {}, el("a", { class: "button primary", href: "#/add" },
        "Add a device")));
  }
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

export function listPage({ fail, admin }) {
  const devices = new Map();
  const rows = new Map();
  const counted = el("p", { class: "quiet", role: "status" },
    "Asking the cloud");
  const filter = el("input", { type: "search", placeholder: "Filter",
    "aria-label": "Filter devices", oninput: draw, hidden: true });
  const none = el("p", { class: "empty", hidden: true },
    "No device matches the filter. Clear it to see all.");
  const body = el("div", {});
  const rooms = new Map(); // room -> {node, list}
  const alerts = alertsCard({ fail, titleOf: (name) =>
    devices.has(name) ? deviceTitle(devices.get(name)) : name });
  let known = false;

  function roomOf(name) {
    if (!rooms.has(name)) {
      const list = el("ul", { class: "rows card",
        "aria-label": name === "" ? "Devices" : name });
      rooms.set(name, { list, node: el("section", { class: "room" },
        name === "" ? null : el("h2", {}, name), list) });
    }
    return rooms.get(name);
  }

  /* Those without a room last, or alone. */
  function byRoom(shown) {
    const names = [...new Set(shown.map((d) => text(d.room, 80) ?? ""))]
      .sort((a, b) => (a === "") - (b === "") || a.localeCompare(b));
    return names.map((name) => {
      const room = roomOf(name);
      setChildren(room.list, shown.filter((d) =>
        (text(d.room, 80) ?? "") === name)
        .map((d) => rows.get(d.thingName).node));
      return room.node;
    });
  }

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
    setChildren(body, all.length === 0 ? [empty(admin)]
      : [...byRoom(shown), none]);
    setText(counted, all.length === 0 ? "" : summary(all));
  }

  async function refresh() {
    try {
      const answer = await things();
      devices.clear();
      for (const d of answer.things) devices.set(d.thingName, d);
      known = true;
      draw();
      await alerts.refresh();
      return answer.now;
    } catch (error) {
      fail(error);
      return undefined;
    }
  }

  return {
    title: "Devices", refresh,
    node: el("div", { class: "list" }, el("div", { class: "head" },
      el("h1", { tabindex: "-1" }, "Devices"), counted, filter,
      el("a", { class: "button small", href: "#/add" }, "Add a device")),
    alerts.node, body),
    onEvent(name, data) {
      alerts.onEvent(name, data);
      if (name === "ownership") refresh();
      else if (name === "status" && known) {
        devices.set(data.thingName, { ...devices.get(data.thingName), ...data });
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
