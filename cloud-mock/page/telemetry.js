/* telemetry.js - every figure's last value, and one of them over time. */

import { points as askPoints, series as askSeries } from "./api.js";
import { chart } from "./chart.js";
import { el, setText } from "./dom.js";
import { ago, DAY, HOUR, MINUTE, now, setTime } from "./time.js";
import { fillIn, leaf, number, seriesWords } from "./value.js";

const SPANS = [["Live", 5 * MINUTE], ["1 h", HOUR], ["24 h", DAY],
  ["7 days", 7 * DAY]];
const KEPT = 4000; // points of the chosen series
const BEHIND = 2; // newest points may arrive out of order by so many

const isMachine = (s) => s.stream === "telemetry";
const idOf = (s) => `${s.stream}\n${s.key}`;

function tile(series, choose) {
  const title = el("span", { class: "tile-title" });
  const value = el("strong", {});
  const node = el("button", { class: "tile", type: "button",
    "aria-pressed": "false", onclick: () => choose(idOf(series)) },
  title, value);
  let td;
  function draw() {
    const w = seriesWords(series, td);
    setText(title, w.title);
    setText(value, number(series.last, w.unit));
  }
  return { series, node, draw, describe(next) { td = next; draw(); } };
}

export function telemetry(thingName, { fail }) {
  const tiles = new Map();
  let td = null;
  let chosen = null;
  let span = SPANS[1][1];
  let spanChosen = false;
  let zoom = null; // {from, to}
  let points = [];
  let asked = 0; // numbers the questions: only the last one's answer counts
  let drawnAt = 0;

  const picture = chart({ onZoom(from, to) { zoom = { from, to }; load(); } });
  const grid = el("div", { class: "tiles" });
  const heading = el("h3", {});
  const heard = el("time", {});
  const buttons = SPANS.map(([words, ms]) => el("button", { class: "small",
    type: "button", "aria-pressed": "false", onclick: () => {
      span = ms;
      spanChosen = true;
      zoom = null;
      load();
    } }, words));
  const reset = el("button", { class: "small", type: "button", onclick: () => {
    zoom = null;
    load();
  } }, "Leave zoom");
  const body = el("div", { class: "telemetry" },
    el("div", { class: "chart-head" }, el("div", {}, heading, heard),
      el("div", { class: "spans", role: "group", "aria-label": "Time shown" },
        reset, buttons)),
    picture.node, grid);
  const empty = el("div", { class: "empty" },
    el("h3", {}, "No figures yet"),
    el("p", {}, "The agent sends machine figures every [telemetry]" +
      " interval_s; an application on the device adds its own:"),
    el("pre", {}, "nameplate emit door '{\"open\":true,\"count\":1}'"));
  const node = el("section", { class: "card", "aria-label": "Telemetry" },
    el("h2", {}, "Telemetry"), empty, body);

  const view = () => zoom ?? { from: now() - span, to: now() };

  function draw() {
    empty.hidden = tiles.size > 0;
    body.hidden = tiles.size === 0;
    const t = tiles.get(chosen);
    if (!t) return;
    drawnAt = Date.now();
    const w = seriesWords(t.series, td);
    setText(heading, `${w.title}: ${number(t.series.last, w.unit)}`);
    setTime(heard, t.series.ts, `heard ${ago(t.series.ts)}`);
    buttons.forEach((b, i) => b.setAttribute("aria-pressed",
      String(!zoom && SPANS[i][1] === span)));
    reset.hidden = !zoom;
    picture.draw({ ...view(), ...w, points, now: now() });
  }

  async function load() {
    const t = tiles.get(chosen);
    if (!t) return;
    const mine = ++asked;
    draw();
    try {
      const answer = await askPoints(thingName, { stream: t.series.stream,
        key: t.series.key, from: view().from, to: view().to + MINUTE });
      if (mine !== asked) return;
      points = answer.points;
      settleSpan();
      draw();
    } catch (error) {
      if (mine === asked) fail(error);
    }
  }

  /* A device met just now has no hour to show yet. */
  function settleSpan() {
    const young = points.length > 0 && now() - points[0][0] < SPANS[0][1];
    if (!spanChosen && young) span = SPANS[0][1];
    spanChosen = true;
  }

  function choose(id) {
    if (chosen !== id) points = [];
    chosen = id;
    for (const [other, t] of tiles) {
      t.node.setAttribute("aria-pressed", String(other === id));
    }
    load();
  }

  function add(series) {
    const t = tile(series, choose);
    tiles.set(idOf(series), t);
    t.describe(td);
    grid.append(t.node);
    return t;
  }

  /* The device's own streams before the machine's figures. */
  function best() {
    const all = [...tiles.values()].map((t) => t.series);
    const own = all.find((s) => !isMachine(s));
    const s = own ?? all.find((x) => x.key === "cpu_percent") ?? all[0];
    return s && idOf(s);
  }

  async function refresh() {
    try {
      const { series } = await askSeries(thingName);
      series.sort((a, b) => isMachine(a) - isMachine(b));
      for (const s of series) {
        const t = tiles.get(idOf(s));
        if (t) fillIn(t.series, s);
        else add(s);
        tiles.get(idOf(s)).draw();
      }
      if (!tiles.has(chosen)) choose(best());
      else load();
      draw();
    } catch (error) {
      fail(error);
    }
  }

  function put(point) {
    const end = points.length;
    let i = end;
    while (i > 0 && end - i < BEHIND && points[i - 1][0] > point[0]) i--;
    if (points[i - 1]?.[0] !== point[0]) points.splice(i, 0, point);
    if (points.length > KEPT) points.splice(0, points.length - KEPT);
  }

  function take(data) {
    for (const t of tiles.values()) {
      if (t.series.stream !== data.stream) continue;
      const value = leaf(data.data, t.series.key);
      if (value === undefined) continue;
      Object.assign(t.series, { last: value, ts: data.ts });
      t.draw();
      if (idOf(t.series) === chosen && !zoom) put([data.ts, value]);
    }
    const known = [...tiles.values()]
      .some((t) => t.series.stream === data.stream);
    if (known) draw();
    else refresh();
  }

  empty.hidden = body.hidden = true; // until the first answer
  return {
    node, refresh,
    onTelemetry: take,
    describe(next) {
      td = next;
      for (const t of tiles.values()) t.describe(td);
      draw();
    },
    tick() {
      const pace = span <= 5 * MINUTE && !zoom ? 1000 : 10000;
      if (Date.now() - drawnAt >= pace - 50) draw();
    },
  };
}
