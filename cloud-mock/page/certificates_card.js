/* certificates_card.js - the certificates a device enrolled for, and how that
 * goes.  Draws nothing when the server tells nothing. */

import { command } from "./api.js";
import { el, setText } from "./dom.js";
import { validity } from "./identity_card.js";
import { ago, now, span } from "./time.js";
import { isObject, text } from "./value.js";

const METHODS = { est: "EST", fleet: "AWS fleet provisioning",
  jitp: "its factory certificate alone" };

/** What the device says of its enrolment: how it is, the days left, the last
 * try and why it failed, the next one. "" when it says nothing. Pure. */
export function enrolmentWords(enrolment, at) {
  if (!isObject(enrolment)) return "";
  const state = text(enrolment.state, 40)?.replaceAll("_", " ");
  const method = Object.hasOwn(METHODS, enrolment.method)
    ? `, by ${METHODS[enrolment.method]}` : "";
  const words = [`It says: ${state ?? "nothing of its state"}${method}.`];
  const { days_left: left, last_attempt: last, next_attempt: next } = enrolment;
  const why = text(enrolment.last_error, 80)?.replaceAll("_", " ");
  if (Number.isFinite(left)) words.push(`${left} days left.`);
  if (Number.isFinite(last)) {
    const failed = why ? `, and failed: ${why}` : "";
    words.push(`Last tried ${ago(last, at)}${failed}.`);
  } else if (why) {
    words.push(`It failed: ${why}.`);
  }
  if (Number.isFinite(next) && next > at) {
    words.push(`Next try in ${span(next - at)}.`);
  }
  return words.concat(anchorWords(enrolment.anchors, at)).join(" ");
}

/** The roots that it believes the broker by, once they were rolled over. */
function anchorWords(anchors, at) {
  if (!isObject(anchors) || !Number.isFinite(anchors.generation)) return [];
  const since = Number.isFinite(anchors.since) && anchors.since > 0
    ? `, changed ${ago(anchors.since, at)}` : "";
  if (!(anchors.added > 0)) {
    return [`It believes the broker's configured roots alone${since}.`];
  }
  const until = Number.isFinite(anchors.both_until)
    ? `, both for another ${span(anchors.both_until * 1000 - at)}` : "";
  return [`It believes the broker's new root beside the old one${until}${since}.`];
}

/** {node, update(device)} */
export function certificatesCard(thingName, { after }) {
  const list = el("ul", { class: "people" });
  const out = el("p", { class: "quiet", role: "status" });
  const said = el("p", { class: "quiet enrolment", hidden: true });
  const rotate = el("button", { class: "small", type: "button",
    onclick: () => ask("rotate", "A new certificate was asked for.") },
  "Rotate");
  const node = el("section", { class: "card", hidden: true,
    "aria-label": "Certificates" }, el("h2", {}, "Certificates"), list,
  said, out, rotate);
  let drawn = "";

  async function ask(what, done) {
    try {
      await command(thingName, what);
      setText(out, done);
      await after();
    } catch (error) {
      setText(out, error.message);
    }
  }

  function revoke(id) {
    if (!confirm("Revoke this certificate? The device cannot connect with it" +
      " any more; without another one it is cut off for good.")) return;
    ask(`certificates/${encodeURIComponent(id)}/revoke`, "It was revoked.");
  }

  function row(c, may) {
    const valid = validity(c.notAfter, now());
    const id = text(c.certificateId, 80) ?? "";
    const active = c.status === "ACTIVE";
    return el("li", {}, el("span", {}, text(c.kind, 40) ?? text(c.subject, 80)
      ?? id.slice(0, 12), " ", el("span", { class: `quiet ${valid.tone}` },
      `${text(c.status, 20) ?? ""} ${valid.text}`)), may && active && id
      ? el("button", { class: "small", type: "button", "aria-label":
        `Revoke ${id.slice(0, 8)}`, onclick: () => revoke(id) }, "Revoke")
      : null);
  }

  return { node, update(device) {
    const all = Array.isArray(device.certificates) ? device.certificates : [];
    const given = JSON.stringify([all, device.enrolment, device.role]);
    if (given === drawn) return;
    drawn = given;
    const may = ["owner", "admin"].includes(device.role);
    node.hidden = all.length === 0 && !isObject(device.enrolment);
    rotate.hidden = !may;
    setText(said, enrolmentWords(device.enrolment, now()));
    said.hidden = said.textContent === "";
    list.replaceChildren(...all.filter(isObject).map((c) => row(c, may)));
  } };
}
