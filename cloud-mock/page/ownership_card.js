/* ownership_card.js - whose it is, who may use it, and giving it away. */

import { announce, el, setChildren, setText } from "./dom.js";
import { readKeyLink } from "./keylink.js";
import { offer as sendOffer } from "./api.js";

const CAN = { owner: "own it", operator: "may set it", viewer: "may look at it",
  admin: "run this cloud, and see what is not private" };

const WIPED = ["private settings and what was wished", "pairing secrets of all" +
  " browsers", "what applications keep of you", "names, rooms, history and" +
  " telemetry in the cloud"];

function person(name, what, ...buttons) {
  return el("li", {}, el("span", {}, name, " ", el("span", { class: "quiet" },
    what)), el("span", { class: "state-buttons" }, ...buttons));
}

const small = (words, label, onclick) => el("button", { class: "small",
  type: "button", "aria-label": label, onclick }, words);

/** {node, update(device)}; `after` is called when something changed, `shared`
 * when somebody was given a role. */
export function ownershipCard(thingName, { mine, link, shared, after }) {
  const says = el("p", {});
  const fault = el("p", { class: "fault", role: "alert" });
  const people = el("ul", { class: "people" });
  const tools = el("div", { class: "tools" });
  const node = el("section", { class: "card", "aria-label": "Ownership" },
    el("h2", {}, "Ownership"), says, people, fault, tools);
  const forms = new Map();
  let device = null, seen = null, role = null, drawn = "";

  async function act(words, work) {
    setText(fault, "");
    try {
      const answer = await work();
      announce(words);
      await after();
      return answer;
    } catch (error) {
      setText(fault, error.code === "STALE"
        ? "It was changed elsewhere meanwhile. Look again, then repeat this."
        : error.message);
      if (error.code === "STALE") await after();
      return null;
    }
  }

  const change = (words, fn, more) => act(words, async () => {
    const answer = await (await mine).change(device, fn, more);
    if ("new_code" in (more ?? {})) released(answer); // before it is gone
    return answer;
  });

  function without(key) {
    return (f) => ({ ...f, members: f.members.filter((m) => m.key !== key),
      owner: { ...f.owner, keys: f.owner.keys.filter((k) => k !== key) } });
  }

  function rows(me) {
    const r = seen.record, owns = role === "owner";
    const list = r.owner.keys.map((key, i) => person(r.owner.name,
      key === me ? "owner, this browser" : `owner, browser ${i + 1}`,
      ...(owns && key !== me ? [small("Remove", `Remove browser ${i + 1}`,
        () => change("The browser was removed", without(key)))] : [])));
    return list.concat(r.members.map((m) => person(m.name, m.role,
      ...(owns ? [small("Remove", `Remove ${m.name}`,
        () => change(`${m.name} was removed`, without(m.key)))] : []))));
  }

  /* --- sharing ------------------------------------------------------------- */

  function shareForm() {
    const given = link ? { value: new URL(`#${new URLSearchParams(
      { k: link.key, n: link.name })}`, location.href).href } : {};
    const key = el("input", { id: "share-key", autocomplete: "off",
      required: true, ...given });
    const name = el("input", { id: "share-name", autocomplete: "off",
      value: link?.name ?? "" });
    key.addEventListener("input", () => {
      const found = readKeyLink(key.value);
      if (found?.name && name.value === "") name.value = found.name;
    });
    const choice = el("select", { id: "share-role" },
      el("option", { value: "viewer" }, "may look"),
      el("option", { value: "operator" }, "may look and set"),
      el("option", { value: "browser" }, "is another browser of mine"),
      el("option", { value: "give" }, "shall own it instead of me"));
    const form = el("form", { class: "fields", async onsubmit(event) {
      event.preventDefault();
      const done = await share(readKeyLink(key.value), name.value.trim(),
        choice.value);
      if (!done) return;
      shared();
      for (const input of [key, name]) input.removeAttribute("value");
      form.reset();
      form.parentNode.open = false;
    } }, el("label", { class: "field", for: "share-key" },
        "Their link (from their Account page)"), key,
    el("label", { class: "field", for: "share-name" }, "Name"), name,
    el("label", { class: "field", for: "share-role" }, "This person"), choice,
    el("button", { type: "submit", class: "primary" }, "Do it"));
    return el("details", { class: "proof", open: link !== null },
      el("summary", {}, "Share it, or give it away"), form);
  }

  /* True: it was done. */
  async function share(found, name, what) {
    if (!found) {
      setText(fault, "That is no browser's link. The other person finds theirs" +
        " on their Account page.");
      return false;
    }
    const member = { name: name || found.name || "Guest", key: found.key };
    link = null;
    if (what === "give") {
      return await act("The offer waits for their answer", async () => {
        const holder = await mine;
        await sendOffer(thingName, await holder.offer(device, member));
      }) !== null;
    }
    return await (what === "browser"
      ? change("The browser was added", (f) => ({ ...f, owner: { ...f.owner,
        keys: [...f.owner.keys, found.key] } }))
      : change(`${member.name} was added`, (f) => ({ ...f, members: [
        ...f.members.filter((m) => m.key !== found.key),
        { ...member, role: what }] }))) !== null;
  }

  /* --- releasing ----------------------------------------------------------- */

  function releaseForm() {
    const fresh = el("input", { type: "checkbox", id: "release-code" });
    const dialog = el("dialog", { "aria-labelledby": "release-title" },
      el("h2", { id: "release-title" }, "Release this device?"),
      el("p", {}, "It will be nobody's, and this is wiped:"),
      el("ul", { class: "wiped" }, WIPED.map((w) => el("li", {}, w))),
      el("label", { class: "check" }, fresh, " Make a new code, so that who has" +
        " seen the label cannot claim it"),
      el("div", { class: "state-buttons" },
        el("button", { type: "button", onclick: () => dialog.close() }, "Keep it"),
        el("button", { type: "button", class: "danger", async onclick() {
          dialog.close();
          await change("It was released", (f) => ({ ...f, act: "release",
            owner: null, recovery: null, members: [] }),
          { new_code: fresh.checked || undefined });
        } }, "Release and wipe")));
    return el("div", {}, el("button", { type: "button",
      onclick: () => dialog.showModal() }, "Release"), dialog);
  }

  function released(answer) {
    drawn = "released";
    setChildren(tools, []);
    setChildren(people, []);
    setText(says, "It is nobody's now.");
    tools.append(el("p", {}, "Wiped on the device: ",
      (answer.wiped ?? []).join(", ") || "nothing was there", "."));
    if (!answer.code) return;
    tools.append(el("h3", {}, "Its new code"), el("p", {}, "Hand it over with" +
      " the device; it is shown once. The label's code is void."),
    el("p", { class: "secret" }, el("code", {},
      answer.code.replace(/(\d{3})(?=\d)/g, "$1 "))));
  }

  /* --- being given, coming back -------------------------------------------- */

  function offerBox(offer) {
    return el("div", { class: "notice" }, el("p", {},
      `${seen.record.owner.name} wants to give you this device. What is theirs` +
      " on it is wiped when you accept."), el("button", { type: "button",
      class: "primary", onclick: () => act("It is yours", async () =>
        (await mine).accept(device, offer)) }, "Accept it"));
  }

  function recoverForm() {
    const code = el("input", { id: "recover-code", autocomplete: "off",
      autocapitalize: "characters", spellcheck: "false" });
    return el("details", { class: "proof" },
      el("summary", {}, "I am the owner and lost my browser"),
      el("form", { class: "fields", onsubmit: async (event) => {
        event.preventDefault();
        const { read, signer } = await import("./recovery.js");
        const found = read(code.value);
        if (found.fault) setText(fault, found.fault);
        else act("Welcome back", async () => (await mine).recover(device,
          await signer(found.bytes)));
      } }, el("label", { class: "field", for: "recover-code" },
        "Recovery code"), code, el("button", { type: "submit" }, "Come back")));
  }

  function sentence(me) {
    if (!seen?.record.owner) {
      return "It belongs to nobody. Whoever has the code of its label can" +
        " claim it.";
    }
    const whose = `It belongs to ${seen.record.owner.name}. `;
    if (role) return role === "owner" ? "It is yours." : `${whose}You` +
      ` ${CAN[role]}.`;
    return me && device.role !== "admin" ? `${whose}This browser is not known` +
      " to the device: an owner can add it (Account shows its link)."
      : `${whose}You ${CAN[device.role] ?? "may look"}.`;
  }

  /* Made once, and kept through every drawing: what somebody is typing stays,
   * whatever arrives. */
  const form = (make) => forms.get(make) ??
    forms.set(make, make()).get(make);

  async function draw() {
    const holder = await mine;
    const me = holder.signer.point;
    seen = await holder.record(device).catch(() => null);
    role = await holder.role(device);
    const offer = role && role !== "owner" ? await holder.offered(device) : null;
    const now = JSON.stringify([device.ownership, device.offer, device.role,
      link]);
    if (now === drawn || drawn === "released") return;
    drawn = now;
    setText(says, sentence(me));
    setChildren(people, seen?.record.owner ? rows(me) : []);
    setChildren(tools, [
      !seen?.record.owner ? el("a", { href: "#/add" }, "Claim it") : null,
      offer ? offerBox(offer) : null,
      role === "owner" ? form(shareForm) : null,
      role === "owner" ? form(releaseForm) : null,
      seen?.record.recovery && role !== "owner" ? form(recoverForm) : null,
    ].filter(Boolean));
  }

  return { node, update(next) {
    device = next;
    draw().catch((error) => setText(fault, error.message));
  },
  /** Given up just now: what there is to say of it stands in the card. */
  get released() { return drawn === "released"; } };
}
