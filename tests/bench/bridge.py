"""The usual way to a durable spool: a Mosquitto on the device, with persistence,
as a bridge to the broker; applications publish into it."""
import os
import subprocess
import time

import kit
import peers


class Bridge(peers.Peer):
    name, serial, says = "Mosquitto bridge", "BRIDGE", None
    program = "/usr/sbin/mosquitto"

    def __init__(self, world):
        super().__init__(world)
        self.port = kit.free_port()
        store = os.path.join(world.folder, "bridge")
        os.makedirs(store, exist_ok=True)
        self.config = kit.write(os.path.join(store, "bridge.conf"), f"""
user root
listener {self.port} 127.0.0.1
allow_anonymous true
set_tcp_nodelay true
max_queued_messages 0
max_inflight_messages {peers.WINDOW}
persistence true
persistence_location {store}/
autosave_interval 1
log_type error
connection cloud
address localhost:{world.broker.port}
remote_clientid {self.client}
local_clientid bridge
bridge_protocol_version mqttv50
bridge_cafile {world.factory.server_ca}
bridge_certfile {self.chain}
bridge_keyfile {self.key}
restart_timeout 1 30
try_private false
notifications false
topic bench/# out 1
""")

    def command(self):
        return [self.program, "-c", self.config]

    def __enter__(self):
        super().__enter__()
        try:
            kit.wait_until(lambda: subprocess.run(
                self._publisher("-t", "bench/try", "-m", "x"),
                capture_output=True, check=False).returncode == 0, 10,
                "the bridge listens")
        except BaseException:
            self.__exit__()
            raise
        return self

    def _publisher(self, *arguments):
        return ["mosquitto_pub", "-V", "mqttv5", "-h", "127.0.0.1", "-p",
                str(self.port), "-q", "1", *arguments]

    def send(self, count):
        """Until a subscriber at the broker has the last one; its topic is new,
        for a bridge that was started again may say the old one again."""
        last = f"bench/last/{time.monotonic_ns()}"
        listener = self.world.listen("LISTENER", last)
        try:
            began = time.monotonic()
            subprocess.run(self._publisher("-l", "-M", str(peers.WINDOW),
                                           "-t", "bench/many"),
                           input=("x" * peers.BYTES + "\n") * (count - 1),
                           text=True, check=True)
            subprocess.run(self._publisher("-t", last, "-m",
                                           "x" * peers.BYTES), check=True)
            return listener.told.wait("x")[0] - began
        finally:
            listener.terminate()
            listener.wait()
