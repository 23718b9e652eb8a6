/* status.js - a device's connection: state, since when, why. */

import { el, setClass, setText, svg } from "./dom.js";
import { ago, clock, exact, now, setTime, span } from "./time.js";

const HOW = "A loss shows after 10 s, so a short break does not. A device" +
  " that says goodbye shows then; one that loses power shows when its" +
  " keep-alive ran out one and a half times.";

const SHAPES = {
  online: "M8 3a5 5 0 1 1 0 10a5 5 0 0 1 0-10z",
  silent: "M8 3a5 5 0 1 1 0 10a5 5 0 0 1 0-10zM8 5v6a3 3 0 0 0 0-6z",
  offline: "M8 3a5 5 0 1 1 0 10a5 5 0 0 1 0-10z" +
    "M8 5a3 3 0 1 0 0 6a3 3 0 0 0 0-6z",
  never: "M3 7h10v2H3z",
  blocked: "M4.5 3L8 6.5L11.5 3L13 4.5L9.5 8L13 11.5L11.5 13L8 9.5L4.5 13" +
    "L3 11.5L6.5 8L3 4.5z",
};

const LABELS = {
  online: "online", silent: "online but silent", offline: "offline",
  never: "never connected", blocked: "blocked",
};

export const isOnline = (status) =>
  status.state === "online" || status.state === "silent";

/** {state, label, text}: "online", "since 14:02". Pure. */
export function statusWords(status, at) {
  const state = Object.hasOwn(LABELS, status.state) ? status.state : "never";
  const why = typeof status.text === "string" && status.reason
    ? ` – ${status.text}` : "";
  const words = {
    online: `since ${clock(status.since, at)}`,
    silent: `connected, but has said nothing since ${clock(status.since, at)}`,
    offline: status.lastHeard
      ? `last seen ${ago(status.lastHeard, at)}${why}`
      : `since ${clock(status.since, at)}${why}`,
    never: "registered, and has not connected yet",
    blocked: `since ${clock(status.since, at)} – its certificate is not` +
      " accepted",
  };
  return { state, label: LABELS[state], text: words[state] };
}

/** "Before, it was away for 3 min: no name server answered. Messages were
 * dropped: 20." or "". Pure. */
export function troubleWords({ outage, dropped }) {
  const words = [];
  if (typeof outage?.detail === "string" && outage.to >= outage.from) {
    words.push(`Before, it was away for ${span(outage.to - outage.from)}:` +
      ` ${outage.detail}.`);
  }
  const lost = Object.values(dropped ?? {}).flatMap((c) => Object.values(c))
    .reduce((sum, n) => sum + (typeof n === "number" ? n : 0), 0);
  if (lost > 0) {
    words.push(`Messages that its limits made it drop so far: ${lost}.`);
  }
  return words.join(" ");
}

/** A line that says all of it; {node, update(status), tick()}. */
export function statusLine() {
  const path = svg("path", { "fill-rule": "evenodd" });
  const label = el("strong", {});
  const text = el("time", {});
  const node = el("p", { class: "status", title: HOW },
    svg("svg", { viewBox: "0 0 16 16", class: "mark", "aria-hidden": "true" },
      path), el("span", {}, label, " ", text));
  let last = null;

  function tick() {
    if (!last) return;
    const w = statusWords(last, now());
    setClass(node, `status ${w.state}`);
    path.setAttribute("d", SHAPES[w.state]);
    setText(label, w.label);
    const moment = w.state === "offline" ? last.lastHeard || last.since
      : last.since;
    if (moment) {
      setTime(text, moment, w.text);
      text.setAttribute("title", `${exact(moment)}. ${HOW}`);
    } else {
      setText(text, w.text);
    }
  }
  return { node, tick, update(status) { last = status; tick(); } };
}
