"""What is wrong on our own side: the environment, the trust file, our own
certificate.  Each function meets a server and raises kit.Failed."""
import contextlib
import os
import shutil
import socket
import ssl
import threading

import der
import tls
from forge import HOST, Key, time as der_time
from kit import expect, read, wait_until, write
from lab import EX_CONFIG, TIMEOUT_S, address_of
from world import device, factory

PORT = 8883
CONNECT = b"\x10"


class Server:
    """Serves one chain by hand, visit after visit; `received` per visit."""

    def __init__(self, lab, leaf, address, port=PORT):
        self.leaf, self.received, self.lab = leaf, [], lab
        self.listener = socket.create_server((address, port))
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self):
        with contextlib.suppress(OSError):
            while True:
                stream, _ = self.listener.accept()
                with stream:
                    stream.settimeout(TIMEOUT_S + 5)
                    self._play(stream)

    def _play(self, stream):
        peer = tls.Peer13(stream, [self.leaf.der], self.leaf.key)
        try:
            peer.shake()
            while not peer.received:
                peer.next()
        except (tls.Gone, OSError):
            pass
        self.received.append(peer.received)

    def believed(self, times=1):
        """So many visits have brought a CONNECT."""
        wait_until(lambda: sum(r[:1] == CONNECT for r in self.received) >= times,
                   20, f"CONNECT number {times}: {self.received}")

    def refused(self, times=1):
        wait_until(lambda: len(self.received) >= times, 20, f"visit {times}")
        expect(not any(self.received), str(self.received))

    def close(self):
        with contextlib.suppress(OSError):
            self.listener.shutdown(socket.SHUT_RDWR)
        self.listener.close()


class Scene:
    """A server, and an agent that trusts the forge's root."""

    def __init__(self, lab, label, leaf=None):
        self.lab = lab
        self.room = contextlib.ExitStack()
        self.home, number = self.room.enter_context(lab.home(label))
        self.trust = write(self.home + "/trust.pem", lab.forge.root.pem)
        write(self.home + "/crl.pem", "")
        self.address = address_of(HOST, number)
        self.server = Server(lab, leaf or lab.forge.leaf(), self.address)
        self.agents = []

    def agent(self, **options):
        agent = self.lab.agent(self.home, HOST, self.address, PORT, **options)
        self.agents.append(agent)
        return agent

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with self.room:
            self.server.close()
            for agent in self.agents:
                agent.stop()


def leaves(agent, status, *words):
    """The agent ends by itself, and says why."""
    left = agent.process.wait(timeout=15)
    agent.process = None
    agent.check_log()
    expect(left == status, f"it left with {left}, not {status}: {agent.words()}")
    for word in words:
        expect(word in agent.words(), f"no '{word}' in: {agent.words()}")


# --- environment ------------------------------------------------------------

def environment(home, proxy, rogue):
    """Every variable that some TLS or HTTP library obeys."""
    names = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "MQTT_PROXY"]
    found = {n: f"http://127.0.0.1:{proxy}" for n in names}
    found.update({n.lower(): v for n, v in found.items()})
    for name in ("SSL_CERT_FILE", "CURL_CA_BUNDLE", "REQUESTS_CA_BUNDLE",
                 "NODE_EXTRA_CA_CERTS", "MBEDTLS_CA_FILE", "PAHO_TRUST_STORE"):
        found[name] = rogue
    for name in ("SSLKEYLOGFILE", "MQTT_C_CLIENT_TRACE", "CURL_HOME"):
        found[name] = home + "/written"
    found.update({"SSL_CERT_DIR": home, "OPENSSL_CONF": rogue,
                  "MQTT_C_CLIENT_TRACE_LEVEL": "MAXIMUM",
                  "NAMEPLATE_INSECURE": "1", "NAMEPLATE_TRUST": rogue,
                  "CURL_SSL_BACKEND": "openssl", "GNUTLS_SYSTEM_PRIORITY_FILE":
                  rogue})
    return found


def environment_has_no_influence(lab):
    rogue = lab.forge.ca("rogue", None)
    with socket.create_server(("127.0.0.1", 0)) as proxy, \
            Scene(lab, "environment") as good, \
            Scene(lab, "rogue", lab.forge.leaf(rogue)) as bad:
        proxy.setblocking(False)
        for scene in (good, bad):
            store = write(scene.home + "/rogue.pem", rogue.pem)
            scene.agent(environment=environment(
                scene.home, proxy.getsockname()[1], store)).start()
        good.server.believed()
        bad.server.refused()
        bad.agents[0].wait_for('why=certificate detail="unknown_issuer')
        for scene in (good, bad):
            expect(not os.path.exists(scene.home + "/written"),
                   "it wrote a file that the environment named")
        try:
            proxy.accept()
            expect(False, "somebody dialled the proxy of the environment")
        except BlockingIOError:
            pass


# --- the trust file ---------------------------------------------------------

def trust_swapped_while_running(lab):
    """What was loaded stays; after a restart the new file counts."""
    rogue = lab.forge.ca("rogue", None)
    with Scene(lab, "swapped") as scene:
        agent = scene.agent().start()
        scene.server.believed()
        write(scene.trust, rogue.pem)
        scene.server.believed(2)
        agent.stop()
        agent.start()
        agent.wait_for('why=certificate detail="unknown_issuer')


def trust_broken_while_running(lab):
    with Scene(lab, "broken") as scene:
        agent = scene.agent().start()
        scene.server.believed()
        write(scene.trust, "-----BEGIN CERTIFICATE-----\nMIIB\n")
        scene.server.believed(2)
        agent.stop()
        agent.start()
        leaves(agent, EX_CONFIG, scene.trust)


def trust_file_unusable(lab):
    """Each is refused at the start, in a line that names the file."""
    pem = lab.forge.root.pem
    cut = pem[:len(pem) // 2] + "\n-----END CERTIFICATE-----\n"
    key = read(lab.forge.root.key.path)
    for label, text in [("empty", ""), ("prose", "no certificate\n"),
                        ("cut", cut), ("key", key), ("first_cut", cut + pem),
                        ("last_cut", pem + cut)]:
        with Scene(lab, "trust_" + label) as scene:
            write(scene.trust, text)
            leaves(scene.agent().start(), EX_CONFIG, scene.trust)
            expect(not scene.server.received, "it dialled nevertheless")


def trust_file_missing(lab):
    with Scene(lab, "missing") as scene:
        os.remove(scene.trust)
        agent = scene.agent().start()
        status = agent.process.wait(timeout=15)
        agent.process = None
        expect(status in (66, EX_CONFIG) and scene.trust in agent.words(),
               f"{status}: {agent.words()}")


# --- our own certificate ----------------------------------------------------

def own_certificate_expired(lab):
    """The server says so in an alert, and the agent in words."""
    folder = lab.path("expired-device")
    shutil.copytree(device(), folder)
    links = der.unpem(read(folder + "/device.crt"))
    mine = der.Certificate(links[0])
    mine.validity[1][1] = der_time("20210101000000Z")
    mine.validity[1][0] = der_time("20200101000000Z")
    batch = Key(factory().batch() + "/ca.key", lab.path("forge"))
    mine.signature[1] = b"\0" + batch.sign(der.encode(mine.tbs))
    write(folder + "/device.crt", mine.pem() + "".join(map(der.pem, links[1:])))
    with Scene(lab, "expired") as scene:
        scene.server.close()
        listener = socket.create_server((scene.address, PORT))
        threading.Thread(target=demand, args=(lab, listener, scene.home),
                         daemon=True).start()
        agent = scene.agent(settings={
            "identity.certificate": folder + "/device.crt",
            "identity.key": "file:" + folder + "/device.key"}).start()
        agent.wait_for("offline why=refused")
        expect("our certificate is expired" in agent.words(), agent.words())
        listener.close()


def demand(lab, listener, home):
    """A real OpenSSL server that wants a device's certificate."""
    leaf = lab.forge.leaf()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(write(home + "/server.pem", leaf.pem),
                            leaf.key.path)
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(factory().root)
    with contextlib.suppress(OSError):
        while True:
            stream, _ = listener.accept()
            with contextlib.suppress(OSError):
                context.wrap_socket(stream, server_side=True).close()


def own_key_of_another(lab):
    with Scene(lab, "mismatched") as scene:
        agent = scene.agent(settings={"identity.key": "file:" +
                                      device("S2") + "/device.key"}).start()
        leaves(agent, EX_CONFIG, "another key")
        expect(not scene.server.received, "it dialled nevertheless")


ALL = [environment_has_no_influence, trust_swapped_while_running,
       trust_broken_while_running, trust_file_unusable, trust_file_missing,
       own_certificate_expired, own_key_of_another]
