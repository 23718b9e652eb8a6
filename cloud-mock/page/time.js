/* time.js - moments in words, in the reader's zone, by the server's clock. */

import { el, setText } from "./dom.js";

const SECOND = 1000;
export const MINUTE = 60 * SECOND;
export const HOUR = 60 * MINUTE;
export const DAY = 24 * HOUR;

let ahead = 0; // the server's clock minus ours

export function learnServerTime(ms) {
  if (Number.isFinite(ms)) ahead = ms - Date.now();
}

/** Milliseconds by the server's clock: what its times are compared with. */
export function now() {
  return Date.now() + ahead;
}

const pad = (n) => String(n).padStart(2, "0");

function sameDay(a, b) {
  return a.getFullYear() === b.getFullYear() && a.getMonth() === b.getMonth() &&
    a.getDate() === b.getDate();
}

/** "14:02", "yesterday 14:02", "3 Nov 14:02", "3 Nov 2024". */
export function clock(ms, at = now()) {
  const then = new Date(ms);
  const hours = `${pad(then.getHours())}:${pad(then.getMinutes())}`;
  if (sameDay(then, new Date(at))) return hours;
  if (sameDay(then, new Date(at - DAY))) return `yesterday ${hours}`;
  return then.getFullYear() === new Date(at).getFullYear()
    ? `${day(ms)} ${hours}` : `${day(ms)} ${then.getFullYear()}`;
}

/** "3 Nov" */
export function day(ms) {
  return new Date(ms).toLocaleDateString("en-GB",
    { day: "numeric", month: "short" });
}

/** "3 Nov 2026" */
export function date(ms) {
  return `${day(ms)} ${new Date(ms).getFullYear()}`;
}

/** "14:02:31" */
export function seconds(ms) {
  const then = new Date(ms);
  return `${pad(then.getHours())}:${pad(then.getMinutes())}:` +
    pad(then.getSeconds());
}

/** "12 s", "3 min", "5 h", "4 days" */
export function span(ms) {
  const n = Math.max(0, ms);
  if (n < MINUTE) return `${Math.floor(n / SECOND)} s`;
  if (n < HOUR) return `${Math.floor(n / MINUTE)} min`;
  if (n < 2 * DAY) return `${Math.floor(n / HOUR)} h`;
  return `${Math.floor(n / DAY)} days`;
}

/** "just now", "12 s ago" */
export function ago(ms, at = now()) {
  return at - ms < 2 * SECOND ? "just now" : `${span(at - ms)} ago`;
}

/** The moment to the millisecond, with its zone: for the hover. */
export function exact(ms) {
  const then = new Date(ms);
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return `${then.getFullYear()}-${pad(then.getMonth() + 1)}-` +
    `${pad(then.getDate())} ${seconds(ms)}.` +
    `${String(then.getMilliseconds()).padStart(3, "0")} ${zone}`;
}

/** A <time> that shows words and, on hover, the exact moment. */
export function timeNode(ms, words = clock(ms)) {
  const node = el("time", {});
  setTime(node, ms, words);
  return node;
}

export function setTime(node, ms, words = clock(ms)) {
  const then = new Date(ms);
  if (!ms || Number.isNaN(then.getTime())) {
    node.removeAttribute("datetime");
    node.removeAttribute("title");
    setText(node, "never");
    return;
  }
  const iso = then.toISOString();
  if (node.getAttribute("datetime") !== iso) {
    node.setAttribute("datetime", iso);
    node.setAttribute("title", exact(ms));
  }
  setText(node, words);
}
