/* live.js - the server's events, and noticing when they stop.
 *
 * The server pings every 15 s.  A stream that breaks is opened again after 1 to
 * 5 s; one that is silent for SILENT_MS is as good as broken.  `onState` hears
 * "lost" only after GRACE_MS, so that a server's restart does not flash. */

const SILENT_MS = 35000;
const GRACE_MS = 1500;
const EVENTS = ["status", "shadow", "telemetry", "td", "history", "ping",
  "ownership", "sealed", "arrived", "alert", "enrolment"];

export class Live {
  #source = null;
  #options;
  #state = "connecting";
  #brokenAt = 0;
  #tries = 0;
  #retry = null;
  #watch;
  #closed = false;
  heardAt = Date.now();

  /** {onEvent(name, data), onState("up"|"lost"), stillLoggedIn()}; the last
   * is asked before each new try. */
  constructor(options) {
    this.#options = options;
    this.#watch = setInterval(() => this.#look(), 500);
    this.#open();
  }

  get lost() {
    return this.#state === "lost";
  }

  tryNow() {
    clearTimeout(this.#retry);
    this.#tries = 0;
    this.#reopen();
  }

  close() {
    this.#closed = true;
    clearInterval(this.#watch);
    clearTimeout(this.#retry);
    this.#source?.close();
    this.#source = null;
  }

  #open() {
    const source = new EventSource("/api/events");
    this.#source = source;
    source.onopen = () => this.#up();
    source.onerror = () => this.#broken();
    for (const name of EVENTS) {
      source.addEventListener(name, (event) => this.#take(name, event.data));
    }
  }

  #take(name, text) {
    this.heardAt = Date.now();
    let data;
    try {
      data = JSON.parse(text);
    } catch {
      return; // not an event of ours; the next full answer repairs it
    }
    this.#options.onEvent(name, data);
  }

  #up() {
    this.heardAt = Date.now();
    this.#brokenAt = 0;
    this.#tries = 0;
    const before = this.#state;
    this.#state = "up";
    if (before !== "up") this.#options.onState("up");
  }

  #broken() {
    this.#source?.close();
    this.#source = null;
    this.#brokenAt ||= Date.now();
    // A gap of any length may have swallowed events: what follows is not "up".
    if (this.#state === "up") this.#state = "broken";
    const wait = Math.min(5000, 1000 * 2 ** this.#tries++);
    clearTimeout(this.#retry);
    this.#retry = setTimeout(() => this.#reopen(), wait);
  }

  async #reopen() {
    const idle = () => !this.#closed && this.#source === null;
    if (!idle()) return;
    const may = await this.#options.stillLoggedIn();
    if (!idle()) return;
    if (may) this.#open();
    else this.#broken();
  }

  #look() {
    if (this.#source && Date.now() - this.heardAt > SILENT_MS) this.#broken();
    if (this.#brokenAt && Date.now() - this.#brokenAt > GRACE_MS &&
        this.#state !== "lost") {
      this.#state = "lost";
      this.#options.onState("lost");
    }
  }
}
