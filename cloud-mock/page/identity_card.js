/* identity_card.js - who the device is, and what exactly proves it. */

import { el, setChildren, setText } from "./dom.js";
import { clock, DAY, date, exact, now, timeNode } from "./time.js";
import { text } from "./value.js";

const FOR_LIFE_S = 250000000000; // a certificate to the year 9999 does not end
const AMBER_DAYS = 60;
const RED_DAYS = 14;

/** "a1b2c3d4…99887766": the ends are what people compare. Pure. */
export function shortPrint(hex) {
  return typeof hex === "string" && hex.length > 16
    ? `${hex.slice(0, 8)}…${hex.slice(-8)}` : "not known";
}

/** {text, tone} of the certificate's validity; seconds in. Pure. */
export function validity(notAfter, at) {
  if (typeof notAfter !== "number") return { text: "not known", tone: "" };
  if (notAfter > FOR_LIFE_S) {
    return { text: "for the device's life (no end date)", tone: "good" };
  }
  const days = Math.floor((notAfter * 1000 - at) / DAY);
  const until = `until ${date(notAfter * 1000)}`;
  if (days < 0) return { text: `ended ${date(notAfter * 1000)}`, tone: "bad" };
  return { text: `${until}, ${days} days left`,
    tone: days < RED_DAYS ? "bad" : days < AMBER_DAYS ? "warn" : "good" };
}

/** What is proved about this device, for its card's head; `proof`: what this
 * browser checked itself (mine.js), or null. Pure. */
export function verdict(device, proof) {
  const identity = device.identity ?? {};
  const what = [device.vendor, device.model].filter(Boolean).join(" ");
  if (identity.certificateStatus && identity.certificateStatus !== "ACTIVE") {
    return { tone: "bad", title: "Not accepted", text:
      `Its certificate is ${identity.certificateStatus.toLowerCase()}: the` +
      " broker refuses it, whoever holds the key." };
  }
  if (!identity.lastProved || !identity.certificateStatus) {
    return { tone: "", title: "Not proved yet", text:
      "The device has not connected, so its key has proved nothing." };
  }
  if (!proof) {
    return { tone: "good", title: `Genuine ${what}; serial number not checked`,
      text: "The cloud says that it holds the key that this vendor's factory" +
      " certified." };
  }
  if (proof.serial !== device.serial) {
    return { tone: "bad", title: "Another serial number", text:
      `This browser proved ${proof.serial}, the cloud shows` +
      ` ${device.serial}. Do not trust what it shows of this device.` };
  }
  return { tone: "good", title: `Genuine ${proof.vendor} ${proof.model}`, text:
    `Proved to this browser at ${clock(proof.at)}: genuine vendor, model,` +
    ` exact serial number ${proof.serial}.` };
}

/* What nobody but a person can see, or this browser has seen. */
function lastProof(device, proof) {
  if (!proof) {
    return el("li", { class: "quiet" }, el("strong", {}, "Not proved: "),
      "that the thing in front of you is this device. Compare the serial" +
      ` number on its label with ${device.serial}.`);
  }
  return el("li", {}, el("strong", {}, "Proved to this browser. "), "It" +
    " answered a challenge of this browser with that key, and the chain was" +
    " checked here: ", timeNode(proof.at), ". ", proof.label
    ? "The code of its label matched too, so it is the label's device."
    : "Compare the serial number on the label with " +
      `${proof.serial}.`);
}

function proofs(device, proof) {
  const identity = device.identity ?? {};
  const chain = Array.isArray(identity.chain) ? identity.chain : [];
  const when = identity.lastProved ? [" Last at ",
    timeNode(identity.lastProved), "."] : [];
  return el("ul", { class: "proofs" },
    el("li", {}, el("strong", {}, "It has the key. "), "The broker accepted a" +
      " mutual-TLS handshake signed with the key of this certificate.", when),
    el("li", {}, el("strong", {}, "The vendor made it. "), "The certificate's" +
      " chain leads to a CA registered for this vendor",
      chain.length ? `: ${chain[chain.length - 1]}.` : "."),
    el("li", {}, el("strong", {}, "It is not revoked. "),
      `The registry has it as ${identity.certificateStatus ?? "not known"}.`),
    lastProof(device, proof));
}

function chainList(device) {
  const identity = device.identity ?? {};
  const above = Array.isArray(identity.chain) ? [...identity.chain] : [];
  const all = [...above.reverse(), identity.subject ?? device.thingName];
  return el("ol", { class: "chain" }, all.map((name, i) => el("li", {},
    el("span", { class: "quiet" }, i === all.length - 1 ? "this device"
      : i === 0 ? "root" : "issued by"), el("span", {}, String(name)))));
}

function fact(label, value, tone) {
  return el("div", { class: "fact" }, el("dt", {}, label),
    el("dd", { class: tone || null }, value));
}

function code(hex, words) {
  return el("code", { title: hex ?? "" }, words);
}

function facts(device) {
  const identity = device.identity ?? {};
  const valid = validity(identity.notAfter, now());
  const begins = typeof identity.notBefore === "number"
    ? `Valid from ${exact(identity.notBefore * 1000)}` : "";
  return el("dl", { class: "facts" },
    fact("Vendor", device.vendor ?? "not known"),
    fact("Model", device.model ?? "not known"),
    fact("Serial number", device.serial ?? "not known"),
    fact("Thing name", el("code", {}, device.thingName)),
    fact("Key fingerprint", code(identity.fingerprint,
      shortPrint(identity.fingerprint))),
    fact("Issuer", identity.issuer ?? "not known"),
    fact("Valid", el("span", { title: begins }, valid.text), valid.tone),
    fact("First seen", identity.firstSeen
      ? timeNode(identity.firstSeen) : "never"),
    fact("Firmware", text(device.td?.version?.["nameplate:firmware"], 60)
      ?? "not told by its maker"),
    fact("Agent", identity.agent ? `nameplate ${identity.agent}`
      : "not reported"));
}

export function identityCard() {
  const title = el("h2", {});
  const words = el("p", {});
  const head = el("div", {}, title, words);
  const middle = el("div", {});
  const more = el("div", {});
  const node = el("section", { class: "card plate", "aria-label": "Identity" },
    head, middle, el("details", { class: "proof" },
      el("summary", {}, "Proof and certificate chain"), more));
  return {
    node,
    update(device, proof) {
      const v = verdict(device, proof);
      head.setAttribute("class", `verdict ${v.tone}`);
      setText(title, v.title);
      setText(words, v.text);
      setChildren(middle, [facts(device)]);
      const identity = device.identity ?? {};
      setChildren(more, [
        el("h3", {}, "What this proves"), proofs(device, proof),
        el("h3", {}, "Certificate chain"), chainList(device),
        el("h3", {}, "In full"), el("dl", { class: "facts" },
          fact("Key, SHA-256", el("code", { class: "long" },
            identity.fingerprint ?? "not known")),
          fact("Certificate, SHA-256", el("code", { class: "long" },
            identity.certificateId ?? "not known")))]);
    },
  };
}
