/* hidden.js - a device's private settings, as a shadow that only this page and
 * the device see. */

import { isObject } from "./value.js";

const STRANGER = "private: only for whom the device's owner trusts";
const AWAY = "private: to be read when the device is connected";

export class Hidden {
  #thing;
  #mine;
  #changed;
  #state = null;
  #stamps = { desired: {}, reported: {} };
  #version = 0;
  #why = STRANGER;
  #turn = 0;
  role = null;

  /** `mine`: a promise; `changed()` when there is something new to show. */
  constructor(thing, mine, changed) {
    this.#thing = thing;
    this.#mine = mine;
    this.#changed = changed;
  }

  /** As the server's shadows are, or a text on why there is none. */
  get shadow() {
    if (this.#state === null) return this.#why;
    return { state: this.#state, metadata: this.#stamps,
      version: this.#version };
  }

  #merge(side, values) {
    const at = Math.floor(Date.now() / 1000);
    for (const [name, value] of Object.entries(values)) {
      if (value === null) delete this.#state[side][name];
      else this.#state[side][name] = value;
      this.#stamps[side][name] = { timestamp: at };
    }
    this.#version++;
    this.#changed();
  }

  #take(said) {
    if (this.#state && said.ev === "private" && isObject(said.state)) {
      this.#merge("reported", said.state);
    }
  }

  /** Look whether this browser may read them, and do. */
  async refresh(device, online) {
    const turn = ++this.#turn;
    try {
      const mine = await this.#mine;
      this.role = await mine.role(device);
      if (this.role === null || !online) {
        this.#state = null;
        this.#why = this.role === null ? STRANGER : AWAY;
        this.#changed();
        return;
      }
      mine.listen(this.#thing, (said) => this.#take(said));
      const { state } = await mine.ask(device, { op: "get" });
      if (turn !== this.#turn) return;
      this.#state = { desired: {}, reported: {} };
      this.#stamps = { desired: {}, reported: {} };
      this.#merge("desired", isObject(state?.desired) ? state.desired : {});
      this.#merge("reported", isObject(state?.reported) ? state.reported : {});
    } catch (error) {
      if (turn !== this.#turn) return;
      this.#state = null;
      this.#why = `private: ${error.message}`;
      this.#changed();
    }
  }

  /** Wish for them; gives {version} of the shadow that contains the wish. */
  async wish(device, desired) {
    await (await this.#mine).ask(device, { op: "set", state: desired });
    this.#merge("desired", desired);
    return { version: this.#version };
  }
}
