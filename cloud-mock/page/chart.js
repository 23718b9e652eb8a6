/* chart.js - one line over time.  Where nothing came, nothing is drawn: a gap
 * is shaded, never bridged.  Drag to zoom, arrow keys to read. */

import { el, setChildren, setText, svg } from "./dom.js";
import { clock, DAY, day, HOUR, MINUTE, seconds } from "./time.js";
import { number } from "./value.js";

const HEIGHT = 230;
const EDGE = { top: 12, right: 10, bottom: 26, left: 58 };
const GAP_LEAST_MS = 10000;

/* --- pure parts ----------------------------------------------------------- */

/** How long without a point is a gap: well over the usual distance. */
export function gapOf(points) {
  if (points.length < 3) return Infinity;
  const apart = points.slice(1).map((p, i) => p[0] - points[i][0])
    .sort((a, b) => a - b);
  return Math.max(GAP_LEAST_MS, 3 * apart[Math.floor(apart.length * 0.8)]);
}

/** Runs of points without a gap. */
export function runs(points, gap = gapOf(points)) {
  const out = [];
  for (const p of points) {
    const run = out[out.length - 1];
    if (run && p[0] - run[run.length - 1][0] <= gap) run.push(p);
    else out.push([p]);
  }
  return out;
}

/** About `count` round numbers over [low, high]. */
export function ticks(low, high, count) {
  const span = high - low;
  if (!(span > 0)) return [low];
  const rough = span / count;
  const unit = 10 ** Math.floor(Math.log10(rough));
  const step = unit * [1, 2, 5, 10].find((m) => m * unit >= rough);
  const out = [];
  const last = Math.floor(high / step + 1e-9);
  for (let i = Math.ceil(low / step - 1e-9); i <= last; i++) {
    out.push(Number((i * step).toPrecision(12)));
  }
  return out;
}

const TIME_STEPS = [5000, 10000, 30000, MINUTE, 2 * MINUTE, 5 * MINUTE,
  10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 3 * HOUR, 6 * HOUR,
  12 * HOUR, DAY, 2 * DAY];

/** Round moments in the reader's zone, at most `count`. */
export function timeTicks(from, to, count) {
  const step = TIME_STEPS.find((s) => (to - from) / s <= count) ?? 7 * DAY;
  const zone = new Date(from).getTimezoneOffset() * MINUTE;
  const first = Math.ceil((from - zone) / step) * step + zone;
  const out = [];
  for (let t = first; t <= to; t += step) out.push(t);
  return { step, at: out };
}

/** Room above and below, and around a line that never moves. */
export function bounds(values, unit) {
  if (values.length === 0) return [0, 1];
  let low = Math.min(...values);
  let high = Math.max(...values);
  const least = Math.max(Math.abs(high) * 0.02, unit === "%" ? 2 : 1e-9);
  if (high - low < least) {
    low -= least / 2;
    high += least / 2;
  }
  const room = (high - low) * 0.08;
  // A quantity that is never negative keeps its zero in sight, not less.
  const floor = Math.min(...values) >= 0 ? 0 : -Infinity;
  return [Math.max(floor, low - room), high + room];
}

/** Smallest, mean and largest of the values, in words. */
export function digest(points, unit) {
  if (points.length === 0) return "";
  const values = points.map((p) => p[1]);
  const mean = values.reduce((a, b) => a + b, 0) / values.length;
  return `lowest ${number(Math.min(...values), unit)} · mean ` +
    `${number(mean, unit)} · highest ${number(Math.max(...values), unit)}`;
}

/** The point nearest in time, or undefined. */
export function nearest(points, t) {
  let low = 0;
  let high = points.length - 1;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (points[middle][0] < t) low = middle + 1;
    else high = middle;
  }
  const before = points[low - 1];
  return before && t - before[0] < points[low][0] - t ? before : points[low];
}

function timeWords(t, step) {
  if (step < MINUTE) return seconds(t);
  return step >= DAY ? day(t) : clock(t, t);
}

/* --- drawing -------------------------------------------------------------- */

/* The plane: from data to pixels and back. */
function plane(view, width) {
  const w = Math.max(10, width - EDGE.left - EDGE.right);
  const h = HEIGHT - EDGE.top - EDGE.bottom;
  const [low, high] = view.bounds;
  return {
    width, w, h, bottom: EDGE.top + h,
    x: (t) => EDGE.left + w * (t - view.from) / (view.to - view.from),
    y: (v) => EDGE.top + h * (1 - (v - low) / (high - low)),
    time: (x) => view.from + (view.to - view.from) *
      Math.min(1, Math.max(0, (x - EDGE.left) / w)),
  };
}

function grid(view, p) {
  const rows = ticks(...view.bounds, 4).map((v) => [
    svg("line", { class: "grid", x1: EDGE.left, x2: p.width - EDGE.right,
      y1: p.y(v), y2: p.y(v) }),
    svg("text", { class: "tick", x: EDGE.left - 8, y: p.y(v) + 4,
      "text-anchor": "end" }, number(v, view.unit)),
  ]);
  const { step, at } = timeTicks(view.from, view.to, Math.max(2, p.w / 90));
  const columns = at.map((t) => svg("text", { class: "tick", x: p.x(t),
    y: HEIGHT - 6, "text-anchor": p.x(t) > p.width - 40 ? "end" : "middle" },
  timeWords(t, step)));
  return [...rows.flat(), ...columns];
}

function gaps(list, view, p) {
  const out = [];
  const shade = (from, to) => {
    const x = Math.max(EDGE.left, p.x(from));
    const w = Math.min(p.width - EDGE.right, p.x(to)) - x;
    const size = { x, y: EDGE.top, width: w, height: p.h };
    if (w > 1) out.push(svg("rect", { class: "gap", ...size }));
  };
  for (let i = 1; i < list.length; i++) {
    shade(list[i - 1][list[i - 1].length - 1][0], list[i][0][0]);
  }
  if (list.length > 0) {
    const last = list[list.length - 1];
    if (view.now - last[last.length - 1][0] > view.gap) {
      shade(last[last.length - 1][0], Math.min(view.now, view.to));
    }
  }
  return out;
}

function line(run, p) {
  if (run.length === 1) {
    return [svg("circle", { class: "lone", cx: p.x(run[0][0]),
      cy: p.y(run[0][1]), r: 2.5 })];
  }
  const d = run.map(([t, v], i) =>
    `${i ? "L" : "M"}${p.x(t).toFixed(1)} ${p.y(v).toFixed(1)}`).join("");
  const area = `${d}L${p.x(run[run.length - 1][0]).toFixed(1)} ${p.bottom}` +
    `L${p.x(run[0][0]).toFixed(1)} ${p.bottom}Z`;
  return [svg("path", { class: "area", d: area }),
    svg("path", { class: "line", d })];
}

/** {node, draw({points, from, to, unit, title, now})}; `onZoom(from, to)` when
 * a person chose a part. */
export function chart({ onZoom }) {
  let view = null;
  let at = null; // the moment being read
  let drag = null;
  const canvas = svg("g", {});
  const cursor = svg("g", { class: "cursor" });
  const picture = svg("svg", { class: "chart", height: HEIGHT, tabindex: "0",
    role: "img" }, canvas, cursor);
  const said = el("p", { class: "reading-at", "aria-live": "polite" });
  const none = el("p", { class: "chart-none" });
  const node = el("div", { class: "chart-box" }, picture, none, said);

  const width = () => Math.max(200, node.clientWidth);

  function drawCursor() {
    const p = plane(view, width());
    const point = at === null ? undefined : nearest(view.points, at);
    const parts = [];
    if (drag && Math.abs(drag.x - drag.from) > 4) {
      parts.push(svg("rect", { class: "zoom", y: EDGE.top, height: p.h,
        x: Math.min(drag.x, drag.from), width: Math.abs(drag.x - drag.from) }));
    }
    if (point) {
      const x = p.x(point[0]);
      parts.push(svg("line", { class: "hair", x1: x, x2: x, y1: EDGE.top,
        y2: p.bottom }), svg("circle", { class: "spot", cx: x,
        cy: p.y(point[1]), r: 4 }));
      const when = view.to - view.from > DAY ? `${day(point[0])} ` : "";
      setText(said, `${number(point[1], view.unit)} at ` +
        when + seconds(point[0]));
    } else {
      setText(said, digest(view.points, view.unit));
    }
    setChildren(cursor, parts);
  }

  function draw() {
    if (!view) return;
    const p = plane(view, width());
    const list = runs(view.points, view.gap);
    picture.setAttribute("viewBox", `0 0 ${p.width} ${HEIGHT}`);
    picture.setAttribute("width", p.width);
    const all = digest(view.points, view.unit) || "no values";
    picture.setAttribute("aria-label", `${view.title} from ` +
      `${clock(view.from)} to ${clock(view.to)}: ${all}.` +
      " Arrow keys read single values.");
    setChildren(canvas, [...grid(view, p), ...gaps(list, view, p),
      ...list.flatMap((run) => line(run, p))]);
    setText(none, view.points.length === 0
      ? "Nothing was reported in this time." : "");
    drawCursor();
  }

  const place = (event) => event.clientX - picture.getBoundingClientRect().left;

  picture.addEventListener("pointermove", (event) => {
    if (!view) return;
    at = plane(view, width()).time(place(event));
    if (drag) drag.x = place(event);
    drawCursor();
  });
  picture.addEventListener("pointerdown", (event) => {
    if (!view || event.pointerType !== "mouse" || event.button !== 0) return;
    drag = { from: place(event), x: place(event) };
    picture.setPointerCapture(event.pointerId);
  });
  picture.addEventListener("pointerup", () => {
    if (!drag) return;
    const p = plane(view, width());
    const [a, b] = [p.time(drag.from), p.time(drag.x)].sort((x, y) => x - y);
    const far = Math.abs(drag.x - drag.from) > 12;
    drag = null;
    drawCursor();
    if (far && b - a > 2000) onZoom(a, b);
  });
  picture.addEventListener("pointerleave", () => {
    at = null;
    if (view && !drag) drawCursor();
  });
  picture.addEventListener("blur", () => {
    at = null;
    if (view) drawCursor();
  });
  picture.addEventListener("keydown", (event) => {
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (!view || !step || view.points.length === 0) return;
    event.preventDefault();
    const here = at === null ? view.points.length
      : view.points.indexOf(nearest(view.points, at));
    const next = Math.min(view.points.length - 1, Math.max(0, here + step));
    at = view.points[next][0];
    drawCursor();
  });
  new ResizeObserver(draw).observe(node);

  return { node, draw(next) {
    const points = next.points.filter(([t]) => t >= next.from && t <= next.to);
    view = { ...next, points, gap: gapOf(next.points),
      bounds: bounds(points.map((p) => p[1]), next.unit) };
    draw();
  } };
}
