/* world.mjs - the real parts around the page: factory, Mosquitto with our
 * plugin, cloudd, agents.  All files lie in one temporary folder, and only
 * processes started here are ended, by their own handles. */

import { spawn, spawnSync } from "node:child_process";
import { createHash, randomBytes } from "node:crypto";
import fs from "node:fs";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import { fileURLToPath } from "node:url";
import { assert, until } from "./tap.mjs";

const TOP = fileURLToPath(new URL("../../", import.meta.url));
export const BIN = process.env.NAMEPLATE_BIN ?? path.join(TOP, "build/dev/bin");
/** The page as it was built. */
export const PAGE = path.join(BIN, "../page");
const LIB = process.env.NAMEPLATE_LIB ?? path.join(TOP, "build/dev/lib");

export const USER = "you";
export const PASSWORD = "correct horse";

function freePort() {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

/** An application on the device, at the agent's local socket.  `answer` is
 * what it reports for what is desired; null: nothing. */
export class Application {
  answer = (desired) => desired;
  #socket;
  #rest = "";
  #id = 0;
  #waiting = new Map();

  static async at(file) {
    const app = new Application();
    await until(`the agent's socket ${file}`, () => app.#connect(file));
    return app;
  }

  #connect(file) {
    return new Promise((resolve) => {
      const socket = net.connect(file);
      socket.once("error", () => resolve(false));
      socket.once("connect", () => {
        this.#socket = socket.on("data", (bytes) => this.#take(String(bytes)));
        resolve(true);
      });
    });
  }

  #take(text) {
    const lines = (this.#rest + text).split("\n");
    this.#rest = lines.pop();
    for (const line of lines) {
      const said = JSON.parse(line);
      this.#waiting.get(said.id)?.(said);
      this.#waiting.delete(said.id);
      if (said.ev === "desired") this.#apply(said.state);
    }
  }

  async #ask(request) {
    const id = ++this.#id;
    const answer = new Promise((resolve) => this.#waiting.set(id, resolve));
    this.#socket.write(`${JSON.stringify({ id, ...request })}\n`);
    assert.equal((await answer).ok, true, JSON.stringify(request));
  }

  async #apply(desired) {
    const state = await this.answer(desired);
    if (state) await this.report(state);
  }

  watch() { return this.#ask({ op: "watch" }); }
  report(state) { return this.#ask({ op: "report", state }); }
  emit(stream, data) { return this.#ask({ op: "emit", stream, data }); }
  close() { this.#socket?.destroy(); }
}

export class World {
  #running = new Map();
  #apps = [];
  brokerOptions = []; // further ones of the broker
  cloudOptions = []; // and of cloudd

  constructor() {
    this.folder = fs.mkdtempSync(path.join(os.tmpdir(), "nameplate-page-"));
  }

  path(...parts) {
    return path.join(this.folder, ...parts);
  }

  log(name) {
    const file = this.path(`${name}.log`);
    return fs.existsSync(file) ? fs.readFileSync(file, "utf8") : "";
  }

  run(command, args, input) {
    const done = spawnSync(command, args,
      { cwd: this.folder, input, encoding: "utf8", timeout: 60000 });
    assert.equal(done.status, 0, `${command} ${args[0]}: ${done.stderr}`);
    return done.stdout;
  }

  start(name, command, args, environment = {}) {
    const log = fs.openSync(this.path(`${name}.log`), "a");
    const child = spawn(command, args, { cwd: this.folder,
      stdio: ["ignore", log, log], detached: true,
      env: { ...process.env, ...environment } });
    fs.closeSync(log);
    const over = new Promise((resolve) => child.once("exit", resolve));
    this.#running.set(name, { child, over });
  }

  /** SIGTERM and wait, or as told. */
  async stop(name, signal = "SIGTERM") {
    const { child, over } = this.#running.get(name);
    this.#running.delete(name);
    const end = (how) => {
      try {
        process.kill(-child.pid, how); // its own group: a shell's children too
      } catch (error) {
        if (error.code !== "ESRCH") throw error;
      }
    };
    end(signal);
    const timer = setTimeout(() => end("SIGKILL"), 8000);
    await over;
    clearTimeout(timer);
  }

  async close() {
    for (const app of this.#apps) app.close();
    for (const name of [...this.#running.keys()].reverse()) {
      await this.stop(name);
    }
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  alive(name) {
    const { child } = this.#running.get(name);
    assert.equal(child.exitCode ?? child.signalCode, null,
      `${name} ended:\n${this.log(name).slice(-2000)}`);
  }

  /* --- the parts ---------------------------------------------------------- */

  factory(...words) {
    return this.run(path.join(BIN, "factory"),
      [...words, "--folder", this.path("factory")]);
  }

  makeVendor(vendor, model) {
    this.model = model;
    this.factory("init", "--vendor", vendor);
    this.factory("model", "--model", model);
    this.factory("server", "--name", "localhost", "--ip", "127.0.0.1");
  }

  async startBroker() {
    const at = (...parts) => this.path("factory", ...parts);
    this.brokerPort ??= await freePort();
    this.start("broker", path.join(TOP, "cloud-mock/broker/start"), [
      "--folder", this.path("b"), "--port", String(this.brokerPort),
      "--plugin", path.join(LIB, "nameplate_broker.so"),
      "--devices-ca", this.devicesCa ?? at("root.crt"),
      ...this.brokerOptions, "--authority", at("root.crt"),
      "--authority", at("vendor.crt"), "--authority", at("models"),
      "--certificate", at("server/localhost/server.crt"),
      "--key", at("server/localhost/server.key"),
      "--strict", "no"]);
    await until("the broker listens", () => {
      this.alive("broker");
      return fs.existsSync(this.path("b/cloud.sock"));
    });
  }

  addUser() {
    this.run(path.join(BIN, "cloudd"), ["add-user", "--state",
      this.path("cloudd.sqlite"), "--user", USER], `${PASSWORD}\n`);
  }

  /** A session of this user, who is no admin and gets an account if there is
   * none: put into cloudd's file, as so many may not sign up from one address. */
  session(user) {
    const token = randomBytes(32).toString("hex"), now = Date.now();
    const digest = createHash("sha256").update(`session:${token}`).digest("hex");
    this.run("sqlite3", ["-cmd", ".timeout 8000", this.path("cloudd.sqlite"),
      `INSERT OR IGNORE INTO users(name, hash, role)
         VALUES('${user}', 'none', 'user');
       INSERT INTO sessions VALUES('${digest}', '${user}', ${now}, ${now});`]);
    return { cookies: [{ name: "np_session", value: token, path: "/",
      domain: "127.0.0.1", expires: -1, httpOnly: true, secure: false,
      sameSite: "Strict" }], origins: [] };
  }

  /** Each new browser is a key of its account, which may have only so many. */
  forgetKeys(user = USER) {
    this.run("sqlite3", ["-cmd", ".timeout 8000", this.path("cloudd.sqlite"),
      `DELETE FROM keys WHERE user='${user}'`]);
  }

  /** Starts again where it was before. */
  async startCloudd() {
    this.cloudPort ??= await freePort();
    this.address = `http://127.0.0.1:${this.cloudPort}`;
    const before = this.log("cloudd").length;
    this.start("cloudd", path.join(BIN, "cloudd"), [
      "--broker", this.path("b/cloud.sock"),
      "--state", this.path("cloudd.sqlite"),
      "--page", PAGE,
      "--listen", `127.0.0.1:${this.cloudPort}`, ...this.cloudOptions]);
    await until("cloudd listens", () => {
      this.alive("cloudd");
      return this.log("cloudd").slice(before).includes("listening ");
    });
  }

  /** Issue a certificate and write the configuration; gives
   * {serial, thing, certificate, socket}. */
  makeDevice(serial, description) {
    const { thing } = JSON.parse(this.factory("issue", "--model", this.model,
      "--serial", serial, "--json"));
    const certificate = this.path("factory/devices", thing, "device.crt");
    const socket = this.path(`${serial}.sock`);
    fs.writeFileSync(this.path(`${serial}.ini`), `[cloud]
endpoint = localhost:${this.brokerPort}
trust = factory/server/ca.crt
[identity]
certificate = ${certificate}
key = file:${certificate.replace(/crt$/, "key")}
[store]
folder = ${serial}.store
[local]
socket = ${socket}
[telemetry]
interval_s = 1
[device]
description = ${description}
`);
    return { serial, thing, certificate, socket };
  }

  startDevice({ serial }) {
    this.start(serial, path.join(BIN, "nameplate"),
      ["run", "-c", this.path(`${serial}.ini`)]);
  }

  async application({ socket }) {
    const app = await Application.at(socket);
    this.#apps.push(app);
    return app;
  }

  example(name) {
    return path.join(TOP, "examples", name);
  }

  /** The example, as a user of the agent would run it. */
  startThermostat({ serial, socket }, pauseS) {
    this.start(`thermostat-${serial}`, "python3",
      [this.example("thermostat.py")],
      { NAMEPLATE_SOCKET: socket, THERMOSTAT_PAUSE_S: String(pauseS) });
  }
}

export { TOP };
