/* claim_page.js - adding a device: scan or type, and see what is proved. */

import { claimStep } from "./api.js";
import { claim, ClaimError, hitBytes } from "./claim.js";
import { announce, el, setClass, setText } from "./dom.js";
import { grouped as groupedDigits, parse, readFragment } from "./passcode.js";
import { grouped, newCode, read, signer as recoverySigner } from "./recovery.js";
import { scanner } from "./scan.js";
import { thingName } from "./thing_name.js";

const STEPS = [["asking", "Asking the device"],
  ["code", "Checking the code"], ["genuine", "Checking who made it"],
  ["owned", "Making it yours"]];

const SETTLE_MS = 1000; // until a device that just came hears commands
const TRIES = 3;

const PROVED = {
  code: () => "The code matches: whoever answers knows the code of this label.",
  genuine: (n) => `Genuine ${n.vendor} ${n.model}, serial number ${n.serial}:` +
    " its factory key signed for this very conversation.",
  owned: () => "It is yours: your browser's key is in its record.",
};

/* The steps as a list that says itself as it goes on. */
function progress() {
  const rows = new Map(STEPS.map(([id, words]) => [id,
    el("li", { class: "step" }, el("span", {}, words))]));
  const node = el("ol", { class: "steps", "aria-label": "Progress",
    hidden: true }, [...rows.values()]);
  const order = STEPS.map(([id]) => id);

  function set(id, state, words) {
    setClass(rows.get(id), `step ${state}`);
    if (words) setText(rows.get(id).firstChild, words);
  }

  return { node,
    reset() {
      node.hidden = false;
      for (const [id, words] of STEPS) set(id, "", words);
    },
    reached(id, what) {
      if (id === "answered") {
        set("asking", "done", "The device answered");
        set("code", "now");
        return;
      }
      const at = order.indexOf(id);
      if (PROVED[id]) {
        set(id, "done", PROVED[id](what));
        announce(PROVED[id](what));
      }
      for (const one of order.slice(0, at)) {
        setClass(rows.get(one), "step done");
      }
      const next = order[id === "asking" ? at : at + 1];
      if (next) set(next, "now");
      if (id === "asking") set("asking", "now");
    },
    failed() {
      for (const row of rows.values()) {
        if (row.className === "step now") setClass(row, "step bad");
      }
    },
    waiting() { set("asking", "now", "Waiting for the device to connect"); } };
}

function proofList(name, scanned) {
  const line = (head, rest) => el("li", {}, el("strong", {}, head), ` ${rest}`);
  return el("ul", { class: "proofs" },
    line("The code matched.", "It went through no server."),
    line("It is the device of this label.", scanned
      ? "Its key has the number in the label's square code."
      : "Its key is bound to the code: no other device's answer fits."),
    line(`It is genuine ${name.vendor} ${name.model}.`,
      "The vendor's factory certified its key."),
    line(`Its serial number is ${name.serial}.`,
      "The certificate says so; compare it with the label."));
}

/* What the owner sees after success, and only once. */
function success({ name, yours }, code, scanned) {
  const open = el("a", { class: "button primary",
    href: `#/things/${encodeURIComponent(name.thing)}` }, "Open it");
  const kept = el("label", { class: "check" }, el("input", { type: "checkbox" }),
    " I have written it down");
  const recovery = code === null ? null : el("div", { class: "recovery" },
    el("h3", {}, "Your recovery code"),
    el("p", {}, "If you lose this browser, only this code or another browser" +
      " of yours brings you back. It is shown once and kept nowhere."),
    el("p", { class: "secret" }, el("code", {}, grouped(code))), kept);
  if (recovery) {
    open.setAttribute("aria-disabled", "true");
    open.addEventListener("click", (event) => {
      if (kept.querySelector("input").checked) return;
      event.preventDefault();
      kept.querySelector("input").focus();
    });
    kept.addEventListener("change", () => open.setAttribute("aria-disabled",
      String(!kept.querySelector("input").checked)));
  }
  return el("section", { class: "card claimed" },
    el("h2", { tabindex: "-1" }, yours ? "It is yours already"
      : "It is yours"), proofList(name, scanned), recovery, open);
}

/** `label`: {thing, hit, code} of a link, or null.  `mine`: a promise. */
export function claimPage({ label, mine, fail }) {
  let waitingFor = null, busy = false, last = null, closed = false, tries = 0;
  const plate = ["vendor", "model", "serial"].map((name) => el("input", {
    id: `claim-${name}`, name, required: true, autocapitalize: "none",
    spellcheck: "false", autocomplete: "off" }));
  const code = el("input", { id: "claim-code", name: "code", required: true,
    inputmode: "numeric", autocomplete: "off", "aria-describedby":
    "claim-code-hint claim-fault", oninput: regroup });
  const fault = el("p", { id: "claim-fault", class: "fault", role: "alert" });
  const button = el("button", { class: "primary", type: "submit" }, "Claim it");
  const known = el("p", { class: "label-read" });
  const steps = progress();
  const verdict = el("div", { class: "verdict bad", role: "alert",
    hidden: true });
  const camera = scanner((text) => {
    const found = readFragment(text.replace(/^[^#]*#/, "#"));
    if (found) useLabel(found);
    return found !== null;
  });
  const typed = el("div", { class: "fields" },
    ["Vendor", "Model", "Serial number"].flatMap((words, i) => [
      el("label", { class: "field", for: plate[i].id }, words), plate[i]]),
    el("label", { class: "field", for: "claim-code" }, "Code"), code,
    el("p", { id: "claim-code-hint", class: "quiet" },
      "Ten digits; the last one finds slips"));
  const form = el("form", { novalidate: true, onsubmit: submit }, known, typed,
    fault, button);
  const scan = el("button", { type: "button", onclick: () => camera.start() },
    "Scan the label");
  const ask = el("section", { class: "card" },
    el("p", {}, "The label on the device has a square code and ten digits." +
      " The code never goes to a server."), scan, camera.node, form, steps.node,
    verdict);
  const body = el("div", {}, ask);
  const node = el("div", { class: "claim" },
    el("a", { class: "back", href: "#/" }, "‹ Devices"),
    el("h1", { tabindex: "-1" }, "Add a device"), body);

  function regroup() {
    const at = code.selectionStart === code.value.length;
    const digits = code.value.replace(/\D/g, "");
    if (at && digits.length <= 10 && /^[\d ]*$/.test(code.value)) {
      code.value = groupedDigits(digits);
    }
  }

  function useLabel(found) {
    label = found;
    typed.hidden = scan.hidden = true;
    setText(known, `Label of ${found.thing}`);
    button.focus();
    announce(`Label of ${found.thing} was read`);
  }

  /* What is to be claimed, or null with a word on why not. */
  function wanted() {
    if (label) return { ...label, hit: hitBytes(label.hit) };
    const digits = parse(code.value);
    const [vendor, model, serial] = plate.map((input) => input.value.trim());
    const thing = thingName({ vendor, model, serial });
    fault.classList.remove("waiting");
    setText(fault, thing === null ? "type vendor, model and serial number as" +
      " they stand on the label" : digits.fault ?? "");
    code.setAttribute("aria-invalid", String(Boolean(digits.fault)));
    return fault.textContent === "" ? { thing, code: digits.code } : null;
  }

  function showFailure(error) {
    steps.failed();
    const told = error instanceof ClaimError;
    verdict.replaceChildren(el("h2", {}, error.message),
      el("p", {}, told ? error.next : "Nothing has changed. Try again."));
    verdict.hidden = false;
  }

  function showWaiting(error) {
    steps.waiting();
    verdict.hidden = true;
    announce(`${error.message} ${error.next}`);
    fault.classList.add("waiting");
    setText(fault, `${error.message} ${error.next}`);
  }

  async function run(what) {
    const holder = await mine;
    const secret = newCode();
    const helper = await recoverySigner(read(secret).bytes);
    const result = await claim({ ...what, signer: holder.signer,
      user: holder.user, recovery: helper.point,
      anchors: await holder.anchors(), ask: claimStep },
    (step, more) => {
      if (step === "genuine") holder.keepProof(more, true);
      steps.reached(step, more);
    });
    camera.stop();
    body.replaceChildren(success(result, result.yours ? null : secret,
      Boolean(what.hit)));
    body.querySelector("h2").focus();
  }

  function later(what) {
    setTimeout(() => {
      if (!closed) begin(what);
    }, SETTLE_MS);
  }

  async function begin(what) {
    if (busy) return;
    busy = button.disabled = true;
    last = what;
    waitingFor = null;
    verdict.hidden = true;
    fault.classList.remove("waiting");
    setText(fault, "");
    steps.reset();
    try {
      await run(what);
    } catch (error) {
      if (error.status === 401) fail(error);
      else if (error.code === "no_answer" && ++tries < TRIES) later(what);
      else if (error.reason === "waiting") showWaiting(error);
      else showFailure(error);
      if (["waiting", "code"].includes(error.reason)) waitingFor = what.thing;
    } finally {
      busy = button.disabled = false;
    }
  }

  function submit(event) {
    event.preventDefault();
    const what = wanted();
    tries = TRIES;
    if (what) begin(what);
  }

  if (label) useLabel(label);
  return { node, title: "Add a device", refresh() {},
    onEvent(name, data) {
      if (name === "arrived" && !closed && data.thingName === waitingFor) {
        tries = 0;
        later(last);
      }
    },
    close() {
      closed = true;
      camera.stop();
    } };
}
