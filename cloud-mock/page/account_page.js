/* account_page.js - the account's browsers, how others find them, and where its
 * alerts go. */

import { keys, removeKey } from "./api.js";
import { announce, el } from "./dom.js";
import { hookCard } from "./hook_card.js";
import { keyLink } from "./keylink.js";
import { drawQr } from "./scan.js";
import { date } from "./time.js";

export function accountPage({ mine, fail, user }) {
  const hook = hookCard({ fail });
  const list = el("ul", { class: "people" });
  const picture = el("div", {});
  const link = el("input", { readonly: true, "aria-label": "This browser's link",
    onfocus: () => link.select() });
  const copy = el("button", { class: "small", type: "button",
    async onclick() {
      link.select();
      await navigator.clipboard?.writeText(link.value).catch(() => {});
      announce("The link was copied");
    } }, "Copy");
  const node = el("div", { class: "account" },
    el("a", { class: "back", href: "#/" }, "‹ Devices"),
    el("h1", { tabindex: "-1" }, user),
    el("section", { class: "card" }, el("h2", {}, "Let an owner add this browser"),
      el("p", { class: "quiet" }, "To share a device with you, its owner scans" +
        " this or opens the link. It is this browser's public key: nobody can" +
        " do anything with it but give you rights."),
      picture, el("div", { class: "copy" }, link, copy)),
    el("section", { class: "card" }, el("h2", {}, "Your browsers"),
      el("p", { class: "quiet" }, "Each has a key of its own, made there and" +
        " kept there."), list), hook.node);

  async function remove(key) {
    try {
      await removeKey(key);
      await refresh();
    } catch (error) {
      fail(error);
    }
  }

  function row({ key, name, added }, own) {
    const here = key === own;
    return el("li", {}, el("span", {}, name, here ? el("strong", {},
      " (this one)") : null, el("span", { class: "quiet" },
      ` since ${date(added)}`)), here ? null : el("button", { class: "small",
      type: "button", "aria-label": `Remove ${name}`,
      onclick: () => remove(key) }, "Remove"));
  }

  async function refresh() {
    hook.refresh();
    try {
      const { signer } = await mine;
      link.value = keyLink(signer.point, user);
      picture.replaceChildren(await drawQr(link.value, "This browser's key"));
      list.replaceChildren(...(await keys()).keys.map((k) =>
        row(k, signer.point)));
    } catch (error) {
      fail(error);
    }
  }
  return { node, title: "Account", refresh, close: hook.close };
}
