/* login.js - the log-in form. */

import { logIn, signUp } from "./api.js";
import { el, setText } from "./dom.js";

function field(label, attributes) {
  const input = el("input", attributes);
  return { input, node: el("label", { class: "field" },
    el("span", {}, label), input) };
}

const MODES = {
  in: { button: "Log in", busy: "Logging in", other: "Create an account" },
  up: { button: "Create the account", busy: "Creating it",
    other: "I have an account" },
};

/** `reason`: why a person is asked again, or "". `done(user)` after success. */
export function loginPage({ reason, done }) {
  let mode = MODES.in;
  const user = field("User", { name: "user", autocomplete: "username",
    required: true, autocapitalize: "none", spellcheck: "false",
    "aria-describedby": "login-says" });
  const password = field("Password", { name: "password", type: "password",
    autocomplete: "current-password", required: true,
    "aria-describedby": "login-says" });
  const says = el("p", { id: "login-says", class: "says", role: "alert" },
    reason);
  const button = el("button", { class: "primary", type: "submit" }, "Log in");
  const other = el("button", { class: "plain", type: "button",
    onclick: turn }, MODES.in.other);
  let waiting = null;

  function free() {
    clearInterval(waiting);
    button.disabled = false;
    setText(button, mode.button);
  }

  function turn() {
    mode = mode === MODES.in ? MODES.up : MODES.in;
    password.input.setAttribute("autocomplete",
      mode === MODES.in ? "current-password" : "new-password");
    setText(button, mode.button);
    setText(other, mode.other);
    setText(says, "");
    user.input.focus();
  }

  function hold(seconds) {
    let left = seconds;
    button.disabled = true;
    waiting = setInterval(() => {
      if (--left <= 0) free();
      else setText(button, `Try again in ${left} s`);
    }, 1000);
    setText(button, `Try again in ${left} s`);
  }

  async function submit(event) {
    event.preventDefault();
    button.disabled = true;
    setText(button, mode.busy);
    setText(says, "");
    try {
      if (mode === MODES.up) {
        await signUp(user.input.value, password.input.value);
      }
      const name = await logIn(user.input.value, password.input.value);
      free();
      done(name);
    } catch (error) {
      free();
      setText(says, error.code === "wrong_login"
        ? "User and password do not go together. Check both and try again."
        : error.message);
      if (error.retryAfterS > 0) hold(error.retryAfterS);
      if (error.code === "wrong_login") password.input.select();
    }
  }

  const node = el("section", { class: "login card" },
    el("h1", { tabindex: "-1" }, "Meet your devices"),
    el("p", { class: "quiet" }, "Log in to see which devices are there, prove" +
      " who they are, and set them."),
    el("form", { onsubmit: submit }, user.node, password.node, says, button,
      other));
  return { node, title: "Log in", close: free, focus: user.input };
}
