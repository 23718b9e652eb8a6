/* value.js - what a device says, in words with units.  Pure. */

const SHORT = 200; // characters of a text worth showing in a line

const MACHINE = {
  cpu_percent: "CPU", memory_percent: "Memory",
  memory_used_bytes: "Memory used",
  disk_percent: "Disk", disk_free_bytes: "Disk free",
  network_rx_bytes_per_s: "Received", network_tx_bytes_per_s: "Sent",
  temperature_celsius: "Board temperature", uptime_s: "Uptime",
  agent_rss_bytes: "Agent memory", outbox_messages: "Messages waiting",
};

const UNITS = [
  [/_bytes_per_s$/, "B/s"], [/_bytes$/, "B"], [/_percent$/, "%"],
  [/_celsius$/, "°C"], [/_ms$/, "ms"], [/_s$/, "s"], [/_volts?$/, "V"],
  [/_amperes?$/, "A"], [/_watts?$/, "W"], [/_hz$/, "Hz"], [/_lux$/, "lx"],
  [/_pascals?$/, "Pa"], [/_meters?$/, "m"], [/_messages$/, ""],
];

/* What the Thing Description's authors write for units, as people read them. */
const SYMBOLS = {
  celsius: "°C", "degree celsius": "°C", degreecelsius: "°C", fahrenheit: "°F",
  kelvin: "K", percent: "%", percentage: "%", second: "s", seconds: "s",
  minute: "min", minutes: "min", hour: "h", hours: "h", volt: "V", ampere: "A",
  watt: "W", lux: "lx", pascal: "Pa", meter: "m", metre: "m",
};

export function isObject(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** An own member or undefined: a device may name one "__proto__". */
export function member(object, key) {
  return isObject(object) && Object.hasOwn(object, key) ? object[key]
    : undefined;
}

/** A text, or undefined; long ones are cut. */
export function text(value, most = SHORT) {
  if (typeof value !== "string" || value === "") return undefined;
  return value.length > most ? value.slice(0, most - 1) + "…" : value;
}

export function symbol(unit) {
  const words = text(unit, 20);
  return words === undefined ? "" : SYMBOLS[words.toLowerCase()] ?? words;
}

function trim(n) {
  const size = Math.abs(n);
  if (size !== 0 && (size >= 1e12 || size < 1e-4)) return n.toPrecision(4);
  const digits = size >= 1000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  return String(Number(n.toFixed(digits)));
}

function bytes(n, unit) {
  const steps = ["", "k", "M", "G", "T"];
  let i = 0;
  while (Math.abs(n) >= 1000 && i < steps.length - 1) {
    n /= 1000;
    i++;
  }
  return `${i === 0 ? trim(n) : Number(n.toPrecision(3))} ` +
    steps[i] + unit;
}

function duration(s) {
  if (s < 120) return `${trim(s)} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172800) return `${trim(Math.floor(s / 360) / 10)} h`;
  return `${trim(Math.floor(s / 8640) / 10)} days`;
}

/** A number with its unit: "21.5 °C", "1.2 GB", "3 min". */
export function number(n, unit = "") {
  if (!Number.isFinite(n)) return "–";
  if (unit === "B" || unit === "B/s") return bytes(n, unit);
  if (unit === "s") return duration(n);
  return unit === "" ? trim(n) : `${trim(n)} ${unit}`;
}

/** Any JSON value in words; `unit` counts for numbers. */
export function words(value, unit = "") {
  if (value === undefined) return "not reported";
  if (typeof value === "boolean") return value ? "on" : "off";
  if (typeof value === "number") return number(value, unit);
  if (typeof value === "string") return text(value) ?? "(empty)";
  return text(JSON.stringify(value));
}

/** "target_speed" or "targetSpeed" -> "Target speed" */
export function humanise(key) {
  const spaced = String(key).replace(/([a-z\d])([A-Z])/g, "$1 $2")
    .replace(/[_.\-]+/g, " ").trim().toLowerCase();
  return text(spaced === "" ? String(key)
    : spaced[0].toUpperCase() + spaced.slice(1), 60) ?? "?";
}

/** Fill in an answer of the server's: a newer value may have come by itself
 * while it was on its way. */
export function fillIn(series, answer) {
  if (answer.ts >= series.ts) Object.assign(series, answer);
}

/** Title and unit of a numeric series.  A property of the Thing Description
 * knows best; else the figure's name ends with its unit. */
export function seriesWords(series, td) {
  const bare = series.key === "value";
  const name = bare ? series.stream : series.key;
  const property = member(member(td, "properties"), name);
  const suffix = UNITS.find(([end]) => end.test(name));
  const stem = suffix ? name.replace(suffix[0], "") : name;
  const own = series.stream === "telemetry" ? MACHINE[name] : undefined;
  const where = series.stream === "telemetry" || bare
    ? "" : `${humanise(series.stream)}: `;
  return {
    title: text(member(property, "title"), 60) ?? own ?? where + humanise(stem),
    unit: symbol(member(property, "unit")) || (suffix ? suffix[1] : ""),
  };
}

/** The number at a path of names, as the server names its series. */
export function leaf(data, key) {
  if (typeof data === "number") return key === "value" ? data : undefined;
  let here = member(data, key);
  if (here === undefined) {
    here = data;
    for (const name of key.split(".")) here = member(here, name);
  }
  return typeof here === "number" ? here : undefined;
}

/** Deep equality of JSON; 1 and 1.0 are the same number. */
export function equal(a, b) {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((x, i) => equal(x, b[i]));
  }
  if (!isObject(a) || !isObject(b)) return false;
  const keys = Object.keys(a);
  return keys.length === Object.keys(b).length &&
    keys.every((k) => Object.hasOwn(b, k) && equal(a[k], b[k]));
}
