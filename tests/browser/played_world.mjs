/* played_world.mjs - played devices in a world: known to the broker by their
 * real certificates, spoken with through its privileged listener. */

import { spawn, spawnSync } from "node:child_process";
import fs from "node:fs";
import readline from "node:readline";
import { X509Certificate } from "node:crypto";
import { PlayedDevice } from "./played_device.mjs";
import { assert, until } from "./tap.mjs";

const derOf = (pem) => pem.match(/-----BEGIN CERT[^]*?-----END CERT[^-]*-----/g)
  .map((one) => new X509Certificate(one).raw);

let count = 0;

export class PlayedWorld {
  #children = new Set();

  constructor(world) {
    this.world = world;
    this.socket = world.path("b/cloud.sock");
  }

  #spawn(command, args) {
    const child = spawn(command, args, { stdio: ["ignore", "pipe", "ignore"] });
    this.#children.add(child);
    child.once("exit", () => this.#children.delete(child));
    return child;
  }

  close() {
    for (const child of this.#children) child.kill();
  }

  /** Publish as the device; resolves when the broker has it. */
  publish(topic, object, retained = false) {
    const done = spawnSync("mosquitto_pub", ["--unix", this.socket, "-i",
      `played-pub-${++count}`, "-q", "1", "-t", topic, "-m",
      JSON.stringify(object), ...retained ? ["-r"] : []],
    { encoding: "utf8", timeout: 20000 });
    assert.equal(done.status, 0, done.stderr);
  }

  /** A device with a certificate of the world's factory, not switched on. */
  make(serial, { code, td, made, ...more } = {}) {
    made ??= this.world.makeDevice(serial, "none");
    const at = made.certificate;
    const device = new PlayedDevice({ thing: made.thing, code,
      key: fs.readFileSync(at.replace(/crt$/, "key"), "utf8"),
      chain: derOf(fs.readFileSync(at, "utf8")), ...more });
    Object.assign(device, { serial, certificate: at, td });
    const hex = device.hit.toString("hex");
    device.label = `#t=${encodeURIComponent(made.thing)}&h=${hex}&c=${code}`;
    device.say = (topic, object, { retained } = {}) =>
      this.publish(`nameplate/${device.thing}/${topic}`, object, retained);
    return device;
  }

  /** Connect it and answer its commands. */
  async switchOn(device) {
    const at = device.certificate;
    const own = ["-h", "localhost", "-p", String(this.world.brokerPort),
      "--cafile", this.world.path("factory/server/ca.crt"), "--cert", at,
      "--key", at.replace(/crt$/, "key"), "-i", device.thing, "-q", "1", "-t",
      `nameplate/${device.thing}/nothing`];
    await this.#listen(device);
    spawnSync("mosquitto_pub", [...own, "-n"], { timeout: 20000 }); // introduced
    device.presence = this.#spawn("mosquitto_sub", own);
    if (device.td) this.publish(`nameplate/${device.thing}/td`, device.td, true);
    if (device.record) device.say("ownership", device.record.envelope,
      { retained: true });
  }

  /** Hear its commands; resolves when the broker has the subscription. */
  async #listen(device) {
    const base = `$aws/commands/things/${device.thing}/executions`;
    device.ears = this.#spawn("stdbuf", ["-oL", "mosquitto_sub", "--unix",
      this.socket, "-i", `played-${++count}`, "-q", "1", "-t", `${base}/+/request/json`, "-F",
      "%t\t%p", "-d"]);
    let there = false;
    readline.createInterface({ input: device.ears.stdout })
      .on("line", async (line) => {
        const [topic, payload] = line.split("\t");
        there ||= line.startsWith("Subscribed");
        if (payload === undefined) return;
        this.publish(topic.replace("/request/", "/response/"),
          await device.handle(JSON.parse(payload)));
      });
    await until("the played device listens", () => there);
  }

  async switchOff(device) {
    for (const child of [device.presence, device.ears]) {
      const over = new Promise((resolve) => child.once("exit", resolve));
      child.kill();
      await over;
    }
  }
}

/** Wait until cloudd shows it connected to an admin. */
export async function untilOnline(admin, device) {
  await until(`${device.thing} is online`, async () => {
    const { things } = await admin("/api/things");
    return things.find((t) => t.thingName === device.thing)?.status.state ===
      "online";
  });
}
