/* app.js - who is logged in, which page is shown, and whether it is true. */

import { logOut, session, things, whenLoggedOut } from "./api.js";
import { listPage } from "./device_list.js";
import { devicePage } from "./device_page.js";
import { el, setText } from "./dom.js";
import { Live } from "./live.js";
import { loginPage } from "./login.js";
import { ago, exact, learnServerTime, seconds } from "./time.js";

const main = document.getElementById("main");
const top = document.getElementById("top");
const lostBar = document.getElementById("lost");
const lostText = el("span", {});
const notice = el("p", { class: "notice", role: "alert", hidden: true });

let page = null;
let live = null;
let user = null;

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
    el("span", { class: "user" }, user),
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

/* The thing named in the address, or null for the list. */
function wanted() {
  const found = /^#\/things\/(.+)$/.exec(location.hash);
  try {
    return found ? decodeURIComponent(found[1]) : null;
  } catch {
    return null; // not an address this page made
  }
}

function route(focus) {
  if (user === null) return;
  const name = wanted();
  show(name === null ? listPage({ fail })
    : devicePage(name, { fail, retitle }));
  page.refresh();
  if (focus) {
    window.scrollTo(0, 0);
    main.querySelector("h1")?.focus({ preventScroll: true });
  }
}

/* --- logging in and out --------------------------------------------------- */

function askWho(reason) {
  live?.close();
  live = null;
  user = null;
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
    page.refresh?.(); // events were missed
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
  drawTop();
  live = new Live({ onState, stillLoggedIn, onEvent(kind, data) {
    if (kind === "ping") learnServerTime(data.now);
    page.onEvent?.(kind, data);
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

drawTop();
try {
  const name = await session();
  if (name === null) askWho("");
  else enter(name);
} catch (error) {
  askWho(error.message);
}
