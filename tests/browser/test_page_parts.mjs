/* test_page_parts.mjs - the parts of the page that need no browser: facts in,
 * words out. */

import { bounds, gapOf, nearest, runs, ticks, timeTicks }
  from "../../cloud-mock/page/chart.js";
import { enrolmentWords } from "../../cloud-mock/page/certificates_card.js";
import { describe, numberFault } from "../../cloud-mock/page/controls.js";
import { lastWords } from "../../cloud-mock/page/hook_card.js";
import { shortPrint, validity, verdict }
  from "../../cloud-mock/page/identity_card.js";
import { choices, NO_ANSWER_MS, settingWords }
  from "../../cloud-mock/page/setting.js";
import { statusWords, troubleWords } from "../../cloud-mock/page/status.js";
import { ago, clock, DAY, HOUR, MINUTE, span }
  from "../../cloud-mock/page/time.js";
import { equal, fillIn, humanise, leaf, number, seriesWords, words }
  from "../../cloud-mock/page/value.js";
import { assert, main, test } from "./tap.mjs";

const T = 1790000000; // seconds

function shadow(desired, reported, { desiredAt = T, reportedAt = T } = {}) {
  const side = (value, at) => value === undefined ? [{}, {}]
    : [{ led: value }, { led: { timestamp: at } }];
  const [d, dm] = side(desired, desiredAt);
  const [r, rm] = side(reported, reportedAt);
  return { state: { desired: d, reported: r },
    metadata: { desired: dm, reported: rm }, version: 1 };
}

const ONLINE = { state: "online", since: (T - 100) * 1000 };
const OFFLINE = { state: "offline", since: (T - 100) * 1000 };

const say = (s, more = {}) => settingWords({ shadow: s, name: "led",
  status: ONLINE, now: T * 1000 + 1000, ...more });

test("a web hook says how its last try went", () => {
  assert.equal(lastWords(undefined), "");
  assert.equal(lastWords({ ts: 1, taken: true }),
    "The last alert was delivered");
  assert.equal(lastWords({ ts: 1, taken: false, again: true, fault: "x" }),
    "The last alert was not delivered, it is tried again: x");
  assert.match(lastWords({ ts: 1, taken: false, again: false, fault: "x" }),
    /it was given up: x$/);
});

test("a setting that was never wanted shows what is reported", () => {
  assert.deepEqual(say(shadow(undefined, 5), { unit: "°C" }),
    { phase: "reported", value: 5, text: "reported", at: T * 1000 });
  assert.equal(say(shadow(undefined, undefined)).phase, "unknown");
  assert.equal(say(undefined).phase, "unknown");
});

test("a wish that is reported is applied", () => {
  assert.equal(say(shadow(5, 5)).phase, "applied");
  assert.equal(say(shadow({ a: [1] }, { a: [1] })).phase, "applied");
});

test("a wish to a device that is there waits, showing the wish", () => {
  const w = say(shadow(5, 4), { unit: "°C" });
  assert.equal(w.phase, "waiting");
  assert.equal(w.value, 5);
  assert.equal(w.text, "waiting for device · it says 4 °C");
});

test("a wish to a device that is away says when it will apply", () => {
  for (const state of ["offline", "never", "blocked"]) {
    assert.equal(say(shadow(5, 4), { status: { ...OFFLINE, state } }).phase,
      "queued");
  }
  assert.match(say(shadow(5, 4), { status: OFFLINE }).text,
    /^will apply when it reconnects/);
});

test("after some seconds there is no answer, and not before", () => {
  const at = (ms) => say(shadow(5, 4), { now: T * 1000 + ms }).phase;
  assert.equal(at(NO_ANSWER_MS - 1), "waiting");
  assert.equal(at(NO_ANSWER_MS), "no_answer");
});

test("an old wish gets its time again when the device comes back", () => {
  const now = T * 1000 + DAY;
  const s = shadow(5, 4);
  assert.equal(say(s, { now, status: { state: "online", since: now - 10 } })
    .phase, "waiting");
  assert.equal(say(s, { now }).phase, "no_answer");
});

test("a device that answers with something else keeps its own value", () => {
  const s = shadow(99, 30, { reportedAt: T + 2 });
  const w = say(s, { now: T * 1000 + NO_ANSWER_MS, unit: "°C" });
  assert.deepEqual([w.phase, w.text], ["refused", "the device keeps 30 °C"]);
});

test("what was sent shows until the cloud has it, and why it has not", () => {
  assert.equal(say(shadow(undefined, 4), { sent: { value: 5 } }).phase,
    "sending");
  const failed = say(shadow(undefined, 4),
    { sent: { value: 5, error: "The broker does not answer." } });
  assert.deepEqual([failed.phase, failed.value, failed.text],
    ["failed", 5, "The broker does not answer."]);
});

test("an open wish can be cancelled, an unanswered one retried", () => {
  const table = { unknown: "", reported: "", applied: "", sending: "",
    waiting: "c", queued: "c", no_answer: "rc", refused: "rc", failed: "rc" };
  for (const [phase, may] of Object.entries(table)) {
    assert.deepEqual(choices(phase),
      { retry: may.includes("r"), cancel: may.includes("c") }, phase);
  }
});

test("a property is drawn by its type, what is not understood as text", () => {
  const kind = (p) => describe("x", p).kind;
  assert.equal(kind({ type: "boolean" }), "toggle");
  assert.equal(kind({ type: "boolean", readOnly: true }), "value");
  assert.equal(kind({ type: "number" }), "number");
  assert.equal(kind({ type: "number", minimum: 0, maximum: 9,
    "nameplate:widget": "slider" }), "slider");
  assert.equal(kind({ type: "number", minimum: 0,
    "nameplate:widget": "slider" }), "number");
  assert.equal(kind({ type: "string" }), "text");
  assert.equal(kind({ type: "string", enum: ["a", "b"] }), "choice");
  for (const odd of [{ type: "object" }, { type: "colour" }, {}, null, 7, "x",
    [], { enum: [] }, { enum: [{}] }, { type: ["boolean"] }]) {
    assert.equal(kind(odd), "value", JSON.stringify(odd));
  }
});

test("a hostile description is cut and stays data", () => {
  const d = describe("__proto__", { title: { toString: "x" }, type: "number",
    minimum: "0", maximum: NaN, multipleOf: -1, unit: 5,
    description: "y".repeat(5000) });
  assert.equal(d.title, "Proto");
  assert.deepEqual([d.minimum, d.maximum, d.step, d.unit],
    [undefined, undefined, undefined, ""]);
  assert.ok(d.description.length <= 200);
  assert.equal(leaf(JSON.parse('{"a":1}'), "__proto__.x"), undefined);
  assert.equal(settingWords({ shadow: { state: { reported: {} } },
    name: "constructor", status: ONLINE, now: 0 }).phase, "unknown");
});

test("a number outside its range or between its steps is explained", () => {
  const d = describe("t", { type: "number", minimum: 5, maximum: 30,
    multipleOf: 0.5, unit: "celsius" });
  assert.equal(numberFault("21.5", d), "");
  assert.equal(numberFault("4", d), "expected at least 5 °C");
  assert.equal(numberFault("31", d), "expected at most 30 °C");
  assert.equal(numberFault("21.3", d), "expected steps of 0.5 °C");
  assert.equal(numberFault("", d), "expected a number");
  assert.equal(numberFault("1.5", describe("n", { type: "integer" })),
    "expected steps of 1");
});

test("numbers have units and fitting digits", () => {
  const table = [[21.499999, "°C", "21.5 °C"], [0, "%", "0 %"],
    [810000000, "B", "810 MB"], [120.5, "B/s", "120.5 B/s"],
    [999, "B", "999 B"], [1e12, "B", "1 TB"], [90, "s", "90 s"],
    [90000, "s", "25 h"], [864000, "s", "10 days"],
    [0.00001, "V", "0.00001000 V"],
    [2e15, "", "2.000e+15"],
    [1234567.8, "", "1234568"], [NaN, "V", "–"], [-3.14159, "", "-3.14"]];
  for (const [n, unit, expected] of table) {
    assert.equal(number(n, unit), expected);
  }
});

test("values of every type have words", () => {
  assert.deepEqual([undefined, true, false, 3, "a", "", null, [1]]
    .map((v) => words(v)),
  ["not reported", "on", "off", "3", "a", "(empty)", "null", "[1]"]);
  assert.equal(words("x".repeat(999)).length, 200);
});

test("series are named by the description, else by their own name", () => {
  const td = { properties:
    { temperature: { title: "Room", unit: "celsius" } } };
  const s = (stream, key) => seriesWords({ stream, key }, td);
  assert.deepEqual(s("room", "temperature"), { title: "Room", unit: "°C" });
  assert.deepEqual(s("temperature", "value"), { title: "Room", unit: "°C" });
  assert.deepEqual(s("telemetry", "cpu_percent"), { title: "CPU", unit: "%" });
  assert.deepEqual(s("door", "open_count"),
    { title: "Door: Open count", unit: "" });
  assert.equal(humanise("targetSpeed_max"), "Target speed max");
});

test("a value that came by itself outlives an older answer", () => {
  const live = { last: 7, ts: T + 5 };
  fillIn(live, { last: 6, ts: T });
  assert.deepEqual(live, { last: 7, ts: T + 5 });
  fillIn(live, { last: 8, ts: T + 5, count: 3 });
  assert.deepEqual(live, { last: 8, ts: T + 5, count: 3 });
});

test("numbers are found in messages as the server names them", () => {
  assert.equal(leaf(21, "value"), 21);
  assert.equal(leaf({ a: { b: 2 } }, "a.b"), 2);
  assert.equal(leaf({ "a.b": 3 }, "a.b"), 3);
  assert.equal(leaf({ a: "x" }, "a"), undefined);
  assert.equal(leaf(null, "a"), undefined);
});

test("JSON is equal by value", () => {
  assert.ok(equal({ a: [1, { b: null }] }, { a: [1, { b: null }] }));
  assert.ok(!equal([1], [1, 2]) && !equal({ a: 1 }, { b: 1 }) &&
    !equal(null, {}) && !equal(1, "1"));
});

test("times are said as people say them", () => {
  const noon = new Date(2026, 10, 24, 12, 5).getTime();
  assert.equal(clock(noon, noon + HOUR), "12:05");
  assert.equal(clock(noon - DAY, noon), "yesterday 12:05");
  assert.equal(clock(noon - 9 * DAY, noon), "15 Nov 12:05");
  assert.equal(clock(noon - 400 * DAY, noon), "20 Oct 2025");
  assert.equal(span(90 * MINUTE), "1 h");
  assert.equal(ago(noon, noon + 500), "just now");
  assert.equal(ago(noon, noon + 3 * HOUR), "3 h ago");
  assert.equal(span(-5), "0 s");
});

test("every state of a device has words, with time and reason", () => {
  const at = new Date(2026, 10, 24, 18, 0).getTime();
  const since = new Date(2026, 10, 24, 14, 2).getTime();
  const of = (state, more) => {
    const w = statusWords({ state, since, ...more }, at);
    return `${w.label} ${w.text}`;
  };
  assert.equal(of("online"), "online since 14:02");
  assert.match(of("silent"), /^online but silent connected, .* since 14:02$/);
  assert.equal(of("offline", { lastHeard: at - 3 * HOUR,
    reason: "MQTT_KEEP_ALIVE_TIMEOUT",
    text: "lost power or network (keep-alive ran out)" }),
  "offline last seen 3 h ago – lost power or network (keep-alive ran out)");
  assert.match(of("never"), /has not connected yet/);
  assert.match(of("blocked"), /since 14:02 – its certificate is not accepted/);
  assert.match(of("something new"), /never connected/);
});

test("an outage that is over and what was dropped are told in words", () => {
  const outage = { from: 1000, to: 181000, why: ["dns"],
    detail: "no name server answered" };
  assert.equal(troubleWords({ outage }),
    "Before, it was away for 3 min: no name server answered.");
  assert.equal(troubleWords({ dropped: { event: { full: 2, expired: 1 },
    telemetry: { full: 0 } } }),
  "Messages that its limits made it drop so far: 3.");
  assert.equal(troubleWords({ dropped: { event: { full: 0 } } }), "");
  assert.equal(troubleWords({ outage: { detail: 5 } }), "");
  assert.equal(troubleWords({}), "");
});

test("how a device's enrolment goes is told in words", () => {
  const at = T * 1000;
  assert.equal(enrolmentWords({ state: "enrolled", method: "est",
    days_left: 89, last_attempt: at - 2 * HOUR, next_attempt: at + 50 * HOUR }, at),
  "It says: enrolled, by EST. 89 days left. Last tried 2 h ago." +
    " Next try in 2 days.");
  assert.equal(enrolmentWords({ state: "waiting", method: "fleet",
    last_attempt: at - 60000, last_error: "no_answer" }, at),
  "It says: waiting, by AWS fleet provisioning." +
    " Last tried 1 min ago, and failed: no answer.");
  assert.equal(enrolmentWords({ method: "x", last_error: "disk" }, at),
    "It says: nothing of its state. It failed: disk.");
  const rolled = (anchors) => enrolmentWords({ state: "enrolled", anchors }, at);
  assert.equal(rolled({ generation: 2, since: at - 3 * DAY, configured: 1,
    added: 1, both_until: T + 40 * 86400 }), "It says: enrolled. It believes" +
    " the broker's new root beside the old one, both for another 40 days," +
    " changed 3 days ago.");
  assert.equal(rolled({ generation: 3, since: 0, configured: 1, added: 0 }),
    "It says: enrolled. It believes the broker's configured roots alone.");
  assert.equal(rolled("many"), "It says: enrolled.");
  assert.equal(enrolmentWords(undefined, at), "");
  assert.equal(enrolmentWords("enrolled", at), "");
});

test("a certificate's end is told in time, and in colour", () => {
  const at = T * 1000;
  const days = (n) => validity(T + n * 86400, at);
  assert.equal(validity(253402300799, at).text,
    "for the device's life (no end date)");
  assert.deepEqual(["good", "warn", "bad", "bad"],
    [61, 59, 13, -1].map((n) => days(n).tone));
  assert.match(days(-1).text, /^ended /);
  assert.match(days(59).text, /59 days left/);
  assert.equal(validity(undefined, at).text, "not known");
  assert.equal(shortPrint("a1b2c3d4" + "0".repeat(48) + "99887766"),
    "a1b2c3d4…99887766");
});

test("genuine is said only of what proved it and is not revoked", () => {
  const shown = (status, identity, proof) => verdict({ vendor: "Acme",
    model: "T1", serial: "S1", status: { state: status }, identity }, proof);
  const device = (...of) => shown(...of).title;
  const proved = { lastProved: 1, certificateStatus: "ACTIVE" };
  const proof = { at: T * 1000, vendor: "Acme", model: "T1", serial: "S1" };
  assert.equal(device("offline", proved, null),
    "Genuine Acme T1; serial number not checked");
  assert.equal(device("offline", proved, proof), "Genuine Acme T1");
  assert.match(shown("offline", proved, proof).text, new RegExp("^Proved to" +
    " this browser at .*\\d.*: genuine vendor, model, exact serial number" +
    " S1\\.$"));
  // A cloud that shows another device's plate, or one that is revoked since.
  assert.equal(shown("online", proved, { ...proof, serial: "S2" }).tone, "bad");
  assert.equal(device("online", { ...proved, certificateStatus: "REVOKED" },
    proof), "Not accepted");
  assert.equal(device("online", { ...proved, certificateStatus: "REVOKED" }),
    "Not accepted");
  assert.equal(device("never", { certificateStatus: "ACTIVE" }),
    "Not proved yet");
  assert.equal(device("online", undefined), "Not proved yet");
});

test("a gap is never bridged", () => {
  const points = [0, 1, 2, 3, 60, 61, 62].map((i) => [i * 10000, i]);
  assert.deepEqual(runs(points).map((r) => r.length), [4, 3]);
  assert.equal(runs(points, Infinity).length, 1); // the twin: without the rule
  assert.equal(gapOf([[0, 1]]), Infinity);
});

test("axes have round numbers and keep their zero", () => {
  assert.deepEqual(ticks(0, 10, 4), [0, 5, 10]);
  assert.deepEqual(ticks(20.9, 21.6, 4), [21, 21.2, 21.4, 21.6]);
  assert.deepEqual(ticks(3, 3, 4), [3]);
  assert.equal(bounds([0, 10], "")[0], 0);
  assert.ok(bounds([5, 5, 5], "")[1] > bounds([5, 5, 5], "")[0]);
  assert.deepEqual(bounds([], ""), [0, 1]);
  const { at, step } = timeTicks(T * 1000, T * 1000 + HOUR, 6);
  assert.equal(step, 10 * MINUTE);
  assert.ok(at.every((t) => t % step === 0 && t >= T * 1000));
});

test("the nearest point is found from either side", () => {
  const points = [[0, 1], [10, 2], [20, 3]];
  assert.deepEqual([-5, 4, 6, 14, 99].map((t) => nearest(points, t)[0]),
    [0, 0, 10, 10, 20]);
  assert.equal(nearest([], 5), undefined);
});

await main();
