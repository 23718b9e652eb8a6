/* app.js - who is logged in, which page is shown, and whether it is true. */

import { logOut, session, things, whenLoggedOut, whoAmI } from "./api.js";
import { listPage } from "./device_list.js";
import { devicePage } from "./device_page.js";
import { announce, el, setText } from "./dom.js";
import { readKeyLink } from "./keylink.js";
import { Live } from "./live.js";
import { loginPage } from "./login.js";
import { Mine } from "./mine.js";
import { readFragment } from "./passcode.js";
import { ago, exact, learnServerTime, seconds } from "./time.js";

const main = document.getElementById("main");
const top = document.getElementById("top");
const lostBar = document.getElementById("lost");
const lostText = el("span", {});
const notice = el("p", { class: "notice", role: "alert", hidden: true });

let page = null;
let live = null;
let user = null;
let mine = null;  // a promise: this browser as a holder of keys
let label = null; // of a link, until it is used; never in the address bar
let link = null;  // somebody's key, to share a device with

lostBar.append(el("strong", {}, "This page has lost its server. "), lostText,
  el("button", { class: "small", type: "button",
    onclick: () => live?.tryNow() }, "Try now"));

/* --- showing -------------------------------------------------------------- */

function retitle(words) {
  document.title = `${words} – Nameplate`;
}

function fail(error) {
  if (error.status === 401 || error.code === "offline") return; // shown apart
  setText(notice, error.message ?? "This page failed. Reload it.");
  notice.hidden = false;
}

function show(next) {
  page?.close();
  page = next;
  notice.hidden = true;
  main.replaceChildren(notice, page.node);
  retitle(page.title);
}

function drawTop() {
  top.replaceChildren(el("a", { class: "brand", href: "#/" },
    el("img", { src: "/icon.svg", alt: "", width: "28", height: "28" }),
    "Nameplate"), ...(user === null ? [] : [
    el("a", { class: "user", href: "#/account" }, user),
    el("button", { class: "small", type: "button", onclick: leave },
      "Log out")]));
}

function drawLost() {
  const away = live !== null && live.lost;
  lostBar.hidden = !away;
  document.body.classList.toggle("stale", away);
  if (!away) return;
  setText(lostText, `What you see is from ${seconds(live.heardAt)},` +
    ` ${ago(live.heardAt, Date.now())}. It keeps trying.`);
  lostText.title = exact(live.heardAt);
}

/* --- routes --------------------------------------------------------------- */

/* A label's code or somebody's key: taken, and gone from the address. */
function takeLink() {
  const found = readFragment(location.hash);
  const key = /^#k=/.test(location.hash) ? readKeyLink(location.hash) : null;
  if (!found && !key) return;
  label = found ?? label;
  link = key ?? link;
  history.replaceState(null, "", found ? "/#/add" : "/#/");
  if (key) announce(`Choose the device to share with ${key.name}`);
}

/* The thing named in the address, or null for the list. */
function wanted() {
  const found = /^#\/things\/(.+)$/.exec(location.hash);
  try {
    return found ? decodeURIComponent(found[1]) : null;
  } catch {
    return null; // not an address this page made
  }
}

async function pageFor() {
  if (location.hash === "#/add") {
    const { claimPage } = await import("./claim_page.js");
    const given = label;
    label = null;
    return claimPage({ fail, mine, label: given });
  }
  if (location.hash === "#/account") {
    const { accountPage } = await import("./account_page.js");
    return accountPage({ fail, mine, user });
  }
  const name = wanted();
  return name === null ? listPage({ fail, admin: whoAmI().role === "admin" })
    : devicePage(name, { fail, retitle, mine, link,
      shared: () => { link = null; } });
}

let turns = 0;

async function route(focus) {
  takeLink();
  if (user === null) return;
  const mineTurn = ++turns;
  let next;
  try {
    next = await pageFor();
  } catch {
    fail(new Error("A part of this page could not be loaded. Try again."));
    return;
  }
  if (mineTurn !== turns || user === null) return;
  show(next);
  if (link && /^(#\/)?$/.test(location.hash)) {
    notice.hidden = false;
    setText(notice, `Choose the device to share with ${link.name || "them"}.`);
  }
  page.refresh();
  if (focus) {
    window.scrollTo(0, 0);
    main.querySelector("h1")?.focus({ preventScroll: true });
  }
}

/* --- logging in and out --------------------------------------------------- */

function askWho(reason) {
  turns++;
  live?.close();
  live = null;
  user = mine = null;
  drawTop();
  drawLost();
  show(loginPage({ reason, done: enter }));
  page.focus.focus();
}

async function leave() {
  try {
    await logOut();
    askWho("");
  } catch (error) {
    fail(error);
  }
}

async function stillLoggedIn() {
  try {
    if (await session() !== null) return true;
    askWho("Your session has ended. Log in again.");
  } catch {
    // no server, no answer: the next try tells
  }
  return false;
}

function onState(state) {
  drawLost();
  if (state === "up") {
    setClock();
    page?.refresh?.(); // events were missed
  }
}

async function setClock() {
  try {
    learnServerTime((await things()).now);
  } catch {
    // the next ping tells the time
  }
}

function enter(name) {
  user = name;
  mine = Mine.open(name);
  mine.catch(fail);
  drawTop();
  live = new Live({ onState, stillLoggedIn, onEvent(kind, data) {
    if (kind === "ping") learnServerTime(data.now);
    if (kind === "sealed") mine.then((m) => m.onSealed(data), () => {});
    page?.onEvent?.(kind, data); // the first one may still be loading
  } });
  setClock();
  route(true);
}

whenLoggedOut(() => {
  if (user !== null) askWho("Your session has ended. Log in again.");
});
window.addEventListener("hashchange", () => route(true));
setInterval(() => {
  page?.tick?.();
  drawLost();
}, 1000);

takeLink();
drawTop();
try {
  const name = await session();
  if (name === null) askWho("");
  else enter(name);
} catch (error) {
  askWho(error.message);
}
