/* setting.js - desired against reported, in words.  Pure: the shadow, what this
 * page sent and the time come in; what to show comes out.
 *
 * A wish is open while the device reports something else.  It waits from the
 * later of two moments: when it was made, and when the device last came online
 * (before that nobody could hear it). */

import { equal, member, words } from "./value.js";

/** After this long without an answer a person should know. */
export const NO_ANSWER_MS = 8000;

const stamp = (shadow, side, name) => {
  const leaf = member(member(member(shadow, "metadata"), side), name);
  const seconds = member(leaf, "timestamp");
  return typeof seconds === "number" ? seconds * 1000 : 0;
};

/** What is wanted and what is, of one property. */
export function sides(shadow, name) {
  const state = member(shadow, "state");
  return {
    desired: member(member(state, "desired"), name),
    reported: member(member(state, "reported"), name),
    desiredAt: stamp(shadow, "desired", name),
    reportedAt: stamp(shadow, "reported", name),
  };
}

function open(now, status, both, unit) {
  const says = both.reported === undefined
    ? "it has not said anything yet" : `it says ${words(both.reported, unit)}`;
  if (status.state !== "online" && status.state !== "silent") {
    const never = status.state === "never";
    return status.state === "blocked"
      ? { phase: "queued", text: "cannot apply: the device is blocked" }
      : { phase: "queued", text: never ? "will apply when it first connects"
        : `will apply when it reconnects · ${says}` };
  }
  const from = Math.max(both.desiredAt, status.since ?? 0);
  if (now - from < NO_ANSWER_MS) {
    return { phase: "waiting", text: `waiting for device · ${says}` };
  }
  // Both stamps are whole seconds: only a later one is an answer.
  return both.reportedAt > both.desiredAt
    ? { phase: "refused",
      text: `the device keeps ${words(both.reported, unit)}` }
    : { phase: "no_answer", text: `no answer · ${says}` };
}

/**
 * What a setting shows.  `sent`: undefined, or what this page just sent, as
 * {value} and, when the server refused it, {error}.
 * Result: {phase, value, text, at?}, phase one of
 *   unknown | reported | applied | sending | failed |
 *   waiting | queued | no_answer | refused
 */
export function settingWords({ shadow, name, status, sent, now, unit = "" }) {
  const both = sides(shadow, name);
  const value = sent ? sent.value
    : both.desired !== undefined ? both.desired : both.reported;
  if (sent?.error) return { phase: "failed", value, text: sent.error };
  if (sent) return { phase: "sending", value, text: "sending" };
  if (both.desired === undefined) {
    return both.reported === undefined
      ? { phase: "unknown", value, text: "not reported yet" }
      : { phase: "reported", value, text: "reported", at: both.reportedAt };
  }
  if (equal(both.desired, both.reported)) {
    return { phase: "applied", value, text: "applied", at: both.reportedAt };
  }
  return { value, ...open(now, status, both, unit) };
}

/** May it be sent again, may it be taken back? */
export function choices(phase) {
  return {
    retry: ["no_answer", "refused", "failed"].includes(phase),
    cancel: ["waiting", "queued", "no_answer", "refused", "failed"]
      .includes(phase),
  };
}
