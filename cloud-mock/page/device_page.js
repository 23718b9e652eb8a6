/* device_page.js - one device: its parts, and who hears of what. */

import { thing as askThing } from "./api.js";
import { actionsCard } from "./actions_card.js";
import { alertsCard } from "./alerts_card.js";
import { certificatesCard } from "./certificates_card.js";
import { controls } from "./controls.js";
import { deviceTitle } from "./device_list.js";
import { el, setClass, setText } from "./dom.js";
import { historyCard } from "./history.js";
import { identityCard, verdict } from "./identity_card.js";
import { ownershipCard } from "./ownership_card.js";
import { Hidden } from "./hidden.js";
import { isOnline, statusLine, troubleWords } from "./status.js";
import { telemetry } from "./telemetry.js";
import { ago, now, setTime } from "./time.js";

function missing(message) {
  return el("div", { class: "card empty" }, el("h2", {}, "No such device"),
    el("p", {}, message), el("p", {}, el("a", { href: "#/" },
      "See the devices that are there")));
}

export function devicePage(thingName, { fail, retitle, mine, link, shared }) {
  const title = el("h1", { tabindex: "-1" }, thingName);
  const sub = el("p", { class: "quiet" });
  const heard = el("time", {});
  const heardLine = el("p", { class: "quiet heard" }, "last heard ", heard);
  const status = statusLine();
  const trouble = el("p", { class: "quiet trouble" });
  const hidden = new Hidden(thingName, mine, () => {
    showSettings();
    recall(); // whoever opened the channel has proved itself anew
  });
  const settings = controls(thingName,
    { wishPrivately: (desired) => hidden.wish(device, desired) });
  const again = { mine, link, shared, after: () => refresh() };
  const owners = ownershipCard(thingName, again);
  const actions = actionsCard(thingName, { after: again.after,
    ask: async (request) => (await mine).ask(device, request) });
  const certificates = certificatesCard(thingName, again);
  const alerts = alertsCard({ fail, thingName });
  const figures = telemetry(thingName, { fail });
  const card = identityCard();
  const past = historyCard(thingName, { fail });
  const proofLink = el("button", { class: "proof-link", type: "button",
    hidden: true, onclick: () => card.node.scrollIntoView() });
  const hero = el("div", { class: "hero" },
    el("a", { class: "back", href: "#/" }, "‹ Devices"), title, sub,
    el("div", { class: "hero-status" }, status.node, heardLine, trouble),
    proofLink);
  const body = el("div", { class: "columns" },
    el("div", { class: "column" }, alerts.node, settings.node, figures.node),
    el("div", { class: "side" }, card.node, owners.node, actions.node,
      certificates.node),
    past.node); // last: it grows by itself, and pushes nothing away
  const node = el("div", { class: "device loading" }, hero, body);
  let device = null;
  let proof = null;
  let asked = 0;
  let early = false; // something was told before the first answer came

  function showSettings() {
    if (!device) return;
    const facts = { shadow: device.shadow, status: device.status,
      hidden: hidden.shadow };
    settings.draw(device.td, facts);
    settings.update(facts);
    actions.update(device, hidden.role);
  }

  function draw() {
    setText(title, deviceTitle(device));
    setText(sub, [device.vendor, device.model, device.serial]
      .filter(Boolean).join(" · "));
    status.update(device.status);
    setText(trouble, troubleWords(device));
    trouble.hidden = trouble.textContent === "";
    setTime(heard, device.status.lastHeard, ago(device.status.lastHeard));
    heardLine.hidden = !device.status.lastHeard;
    showSettings();
    owners.update(device);
    actions.update(device, hidden.role);
    certificates.update(device);
    drawProof();
    retitle(deviceTitle(device));
  }

  function drawProof() {
    const { title: words, tone } = verdict(device, proof);
    card.update(device, proof);
    setText(proofLink, words);
    proofLink.hidden = false;
    setClass(proofLink, `proof-link ${tone}`);
  }

  /* What this browser checked itself. */
  async function recall() {
    try {
      proof = await (await mine).proof(thingName);
    } catch {
      return; // no key, no proof
    }
    if (device) drawProof();
  }

  async function refresh() {
    const mine = ++asked;
    try {
      const answer = await askThing(thingName);
      if (mine !== asked) return;
      // An event may have overtaken the answer.
      if ((device?.shadow?.version ?? 0) > (answer.shadow?.version ?? 0)) {
        answer.shadow = device.shadow;
      }
      device = answer;
      if (early) {
        early = false;
        return await refresh(); // the answer may be of the time before
      }
      setClass(node, "device");
      draw();
      recall();
      hidden.refresh(device, isOnline(device.status));
      figures.describe(device.td);
    } catch (error) {
      if (error.status !== 404) fail(error);
      else node.replaceChildren(hero, owners.released ? owners.node
        : missing(error.message));
      return;
    }
    await Promise.all([figures.refresh(), past.refresh(), alerts.refresh()]);
  }

  function takeStatus(next) {
    const became = device.status.state !== next.status.state;
    Object.assign(device, { status: next.status, outage: next.outage,
      dropped: next.dropped });
    draw();
    if (became) refresh(); // its certificate or agent may be another
  }

  function takeShadow(data) {
    if (data.name || !data.shadow) return;
    if ((data.shadow.version ?? 0) < (device.shadow?.version ?? 0)) return;
    device.shadow = data.shadow;
    showSettings();
  }

  const TAKE = {
    status: takeStatus,
    shadow: takeShadow,
    telemetry(data) {
      device.status.lastHeard = Math.max(device.status.lastHeard ?? 0, now());
      figures.onTelemetry(data);
    },
    td(data) {
      device.td = data.td;
      device.title = data.td?.title;
      draw();
      figures.describe(device.td);
    },
    history: (data) => past.onHistory(data.event),
    enrolment(data) {
      device.enrolment = data.enrolment;
      refresh(); // its certificates may be others
    },
    ownership() {
      past.forget(); // of a time before, perhaps
      refresh();
    },
  };

  return {
    node, title: thingName, refresh,
    onEvent(name, data) {
      alerts.onEvent(name, data);
      if (data.thingName !== thingName) return;
      if (device) TAKE[name]?.(data);
      else early = true;
    },
    tick() {
      if (!device) return;
      status.tick();
      setTime(heard, device.status.lastHeard, ago(device.status.lastHeard));
      settings.tick();
      figures.tick();
    },
    close() {},
  };
}
