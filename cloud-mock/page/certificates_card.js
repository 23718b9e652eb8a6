/* certificates_card.js - the certificates a device enrolled for, and the
 * firmware's version.  Draws nothing when the server tells nothing. */

import { command } from "./api.js";
import { el, setText } from "./dom.js";
import { validity } from "./identity_card.js";
import { now } from "./time.js";
import { isObject, text } from "./value.js";

/** {node, update(device)} */
export function certificatesCard(thingName, { after }) {
  const list = el("ul", { class: "people" });
  const out = el("p", { class: "quiet", role: "status" });
  const rotate = el("button", { class: "small", type: "button",
    onclick: () => ask("rotate", "A new certificate was asked for.") },
  "Rotate");
  const node = el("section", { class: "card", hidden: true,
    "aria-label": "Certificates" }, el("h2", {}, "Certificates"), list, out,
  rotate);
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

  function row(c, may) {
    const valid = validity(c.notAfter, now());
    const id = text(c.certificateId, 80) ?? "";
    const active = c.status === "ACTIVE";
    return el("li", {}, el("span", {}, text(c.kind, 40) ?? text(c.subject, 80)
      ?? id.slice(0, 12), " ", el("span", { class: `quiet ${valid.tone}` },
      `${text(c.status, 20) ?? ""} ${valid.text}`)), may && active && id
      ? el("button", { class: "small", type: "button", "aria-label":
        `Revoke ${id.slice(0, 8)}`, onclick: () =>
        ask(`certificates/${encodeURIComponent(id)}/revoke`, "It was revoked.")
      }, "Revoke") : null);
  }

  return { node, update(device) {
    const all = Array.isArray(device.certificates) ? device.certificates : [];
    const given = JSON.stringify([all, device.enrolment, device.role]);
    if (given === drawn) return;
    drawn = given;
    const may = ["owner", "admin"].includes(device.role);
    node.hidden = all.length === 0 && !isObject(device.enrolment);
    rotate.hidden = !may;
    list.replaceChildren(...all.filter(isObject).map((c) => row(c, may)));
  } };
}
