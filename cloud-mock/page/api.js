/* api.js - asking the server, with errors that a person can act on. */

let csrf = null;
let me = null; // what the server said of this session
let onLoggedOut = () => {};

/** `message` is a sentence to show; `code` the server's word, or the device's
 * with its `answer`; `retryAfterS` seconds to wait, or 0. */
export class ApiError extends Error {
  constructor(message, { status = 0, code = "", retryAfterS = 0, answer } = {}) {
    super(message);
    Object.assign(this, { status, code, retryAfterS, answer });
  }
}

/** Called whenever the server no longer knows us. */
export function whenLoggedOut(callback) {
  onLoggedOut = callback;
}

async function send(method, path, body) {
  const headers = { Accept: "application/json" };
  if (body !== undefined) headers["Content-Type"] = "application/json";
  if (csrf && method !== "GET") headers["X-CSRF-Token"] = csrf;
  try {
    return await fetch(path, {
      method, headers, credentials: "same-origin", cache: "no-store",
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(20000),
    });
  } catch {
    throw new ApiError("This page cannot reach its server. What you asked" +
      " for was not confirmed; try again when it is back.",
    { code: "offline" });
  }
}

async function refusal(answer) {
  const said = await answer.json().catch(() => ({}));
  return new ApiError(
    typeof said.message === "string" && said.message !== "" ? said.message
      : "The server could not do this. Its log says why; try again.",
    { status: answer.status, code: String(said.error ?? ""),
      answer: said.answer,
      retryAfterS: Number(answer.headers.get("Retry-After")) || 0 });
}

/** The answer's JSON, null when it is empty; throws ApiError. */
export async function ask(method, path, body) {
  const answer = await send(method, path, body);
  if (!answer.ok) {
    const error = await refusal(answer);
    if (error.status === 401 && error.code !== "wrong_login") onLoggedOut();
    throw error;
  }
  const text = await answer.text();
  return text === "" ? null : JSON.parse(text);
}

/** The user's name, or null when nobody is logged in. */
export async function session() {
  const answer = await send("GET", "/api/session");
  if (answer.status === 401) return null;
  if (!answer.ok) throw await refusal(answer);
  me = await answer.json();
  csrf = me.csrf;
  return me.user;
}

/** {user, role, challenge} of the session. */
export const whoAmI = () => me;

export async function signUp(user, password) {
  await ask("POST", "/api/signup", { user, password });
}

export async function logIn(user, password) {
  me = await ask("POST", "/api/login", { user, password });
  csrf = me.csrf;
  return me.user;
}

export async function logOut() {
  await ask("POST", "/api/logout", {});
  csrf = null;
}

const thingPath = (thing, rest = "") =>
  `/api/things/${encodeURIComponent(thing)}${rest}`;

export const things = () => ask("GET", "/api/things");
export const thing = (name) => ask("GET", thingPath(name));
export const series = (name) => ask("GET", thingPath(name, "/series"));

/** Wish for these settings; null takes a wish back. */
export const wish = (name, desired) =>
  ask("POST", thingPath(name, "/shadow"), { state: { desired } });

export const points = (name, { stream, key, from, to }) =>
  ask("GET", thingPath(name, "/telemetry?") + new URLSearchParams(
    { stream, key, from: Math.round(from), to: Math.round(to) }));

export function history(name, { before, kind }) {
  const query = new URLSearchParams();
  if (before) query.set("before", before);
  if (kind) query.set("kind", kind);
  return ask("GET", thingPath(name, `/history?${query}`));
}

/* --- owning ---------------------------------------------------------------- */

export const keys = () => ask("GET", "/api/keys");
export const addKey = (key) => ask("POST", "/api/keys", key);
export const removeKey = (key) => ask("DELETE", `/api/keys/${key}`);
export const claimStep = (body) => ask("POST", "/api/claim", body);
export const channelStep = (name, body) =>
  ask("POST", thingPath(name, "/channel"), body);
export const offer = (name, envelope) =>
  ask("PUT", thingPath(name, "/offer"), { envelope });
export const label = (name, words) =>
  ask("PUT", thingPath(name, "/label"), words);
export const command = (name, what, body = {}) =>
  ask("POST", thingPath(name, `/${what}`), body);
export const alerts = () => ask("GET", "/api/alerts");
export const hook = () => ask("GET", "/api/hook");
export const setHook = (url) => ask("PUT", "/api/hook", { url });
export const removeHook = () => ask("DELETE", "/api/hook");
export const testHook = () => ask("POST", "/api/hook/test", {});
export const dismiss = (id) => ask("POST", `/api/alerts/${id}/dismiss`, {});

export async function vendors() {
  const answer = await send("GET", "/api/vendors");
  if (!answer.ok) throw await refusal(answer);
  return answer.text();
}
