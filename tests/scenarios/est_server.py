"""An EST server by hand (RFC 7030), its CA work done by OpenSSL, with moods.

    est = EstServer(folder, factory)      an `https://localhost:PORT` of its own
    est.mood = "html"                     how it answers from now on
    est.issued                            paths of the certificates it issued

Devices are let in by the factory's root or by its own CA; `password` makes it
want HTTP Basic too.
"""
import base64
import os
import re
import ssl
import subprocess
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from authority import Authority
from kit import expect, read, run, write

P7 = "application/pkcs7-mime; smime-type=certs-only"


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = 60

    def log_message(self, *_):
        pass

    def reply(self, status, body=b"", kind=None, **headers):
        self.send_response(status)
        if kind:
            self.send_header("Content-Type", kind)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def note(self):
        est = self.server.est
        operation = self.path.rsplit("/", 1)[1]
        peer = self.connection.getpeercert()
        est.asked.append((operation, self.path, peer))
        return est, operation

    def do_GET(self):
        est, operation = self.note()
        if est.answers_in_mood(self, operation):
            return
        if operation == "cacerts":
            self.reply(200, est.envelope(*est.named), P7)
        elif est.wishes:
            self.reply(200, base64.encodebytes(est.wishes),
                       "application/csrattrs")
        else:
            self.reply(204)

    def do_POST(self):
        est, operation = self.note()
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if est.password and self.headers.get("Authorization") != \
                "Basic " + base64.b64encode(est.password.encode()).decode():
            self.reply(401, b"who are you?", "text/plain")
            return
        if est.answers_in_mood(self, operation):
            return
        try:
            self.reply(200, est.enrol(base64.b64decode(body)), P7)
        except AssertionError as error:
            self.reply(400, str(error).encode(), "text/plain")


class Listener(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, *_):
        """A client that hangs up, or does not believe us."""


class EstServer:
    def __init__(self, folder, factory, label="", password=None, days=None,
                 devices=None):
        self.folder = os.path.join(folder, "est")
        os.makedirs(self.folder, exist_ok=True)
        self.authority = Authority(self.folder, "ops")
        self.named = [self.authority.crt]  # what cacerts answers
        self.label, self.password = label, password
        self.seconds = days * 86400 if days else 90 * 86400
        self.mood, self.wishes = None, b""
        self.shift = 0  # seconds that its clock is ahead
        self.asked, self.issued, self.later = [], [], 0
        self.lock = threading.Lock()
        home = os.path.join(factory.folder, "server/localhost")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(home + "/server.crt", home + "/server.key")
        context.verify_mode = ssl.CERT_OPTIONAL
        context.load_verify_locations(devices or factory.root)
        context.load_verify_locations(self.authority.crt)
        self.server = Listener(("127.0.0.1", 0), Handler)
        self.server.est = self
        self.server.socket = context.wrap_socket(
            self.server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self.server.server_address[1]}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def operations(self):
        return [operation for operation, _, _ in self.asked]

    # --- the CA --------------------------------------------------------------

    def envelope(self, *certificates):
        """Certs-only PKCS #7 in base64 with line breaks, by OpenSSL."""
        words = [w for c in certificates for w in ("-certfile", c)]
        done = subprocess.run(
            ["openssl", "crl2pkcs7", "-nocrl", *words, "-outform", "DER"],
            capture_output=True, check=True, stdin=subprocess.DEVNULL)
        return base64.encodebytes(done.stdout)

    def enrol(self, der):
        with self.lock:
            name = os.path.join(self.folder, f"d{len(self.issued)}")
            with open(name + ".csr", "wb") as f:
                f.write(der)
            seen = run("openssl", "req", "-inform", "DER", "-in", name + ".csr",
                       "-verify", "-noout", "-subject", "-nameopt", "RFC2253",
                       status=None)
            assert seen.returncode == 0, "not a request: " + seen.stderr
            self.sign(name)
            self.issued.append(name + ".crt")
        return self.envelope(name + ".crt")

    def sign(self, name):
        """Sign name.csr to name.crt as the mood wants it."""
        mood, now = self.mood, time.time() + self.shift
        ends = now + self.seconds
        begins = now - 300
        authority = self.authority
        extensions = ("basicConstraints=critical,CA:FALSE\n"
                      "keyUsage=critical,digitalSignature\n"
                      "extendedKeyUsage=clientAuth\n")
        request, subject = name + ".csr", []
        if mood == "another key":
            run("openssl", "req", "-new", "-nodes", "-newkey", "ec", "-pkeyopt",
                "ec_paramgen_curve:P-256", "-subj", "/CN=other", "-keyout",
                name + ".other", "-outform", "DER", "-out", request)
        if mood == "another name":
            subject = ["-subj", "/O=Acme/CN=acme:thermo-1:another"]
        if mood == "expired":
            begins, ends = now - 7200, now - 3600
        if mood == "not yet":
            begins = now + 86400
        if mood == "a ca":
            extensions = "basicConstraints=critical,CA:TRUE\n"
        if mood == "for servers":
            extensions = extensions.replace("clientAuth", "serverAuth")
        if mood == "unknown ca":
            other = os.path.join(self.folder, "rogue")
            os.makedirs(other, exist_ok=True)
            authority = Authority(other, "rogue")
        write(name + ".ext", extensions)
        run("openssl", "ca", "-batch", "-notext", "-preserveDN", "-md", "sha256",
            "-config", os.path.join(os.path.dirname(authority.base), "ca.cnf"),
            "-cert", authority.crt, "-keyfile", authority.key, "-inform", "DER",
            "-in", request, "-extfile", name + ".ext", *subject,
            "-startdate", stamp(begins), "-enddate", stamp(ends),
            "-out", name + ".crt")

    # --- moods ---------------------------------------------------------------

    def answers_in_mood(self, http, operation):
        """True when it did."""
        mood = self.mood or ""
        enrols = operation.startswith("simple")
        if mood == "later" and enrols and self.later > 0:
            self.later -= 1
            http.reply(202, Retry_After="1")
        elif mood == "throttle" and self.later > 0:
            self.later -= 1
            http.reply(429, Retry_After="1")
        elif mood == "put off" and enrols:
            http.reply(503, Retry_After="7200")
        elif mood == "html":
            http.reply(200, b"<html><body>Please log in</body></html>",
                       "text/html")
        elif mood == "rejects" and enrols:
            http.reply(400, b"serialNumber is not on the list", "text/plain")
        elif mood == "cut" and enrols:
            whole = self.envelope(self.authority.crt).replace(b"\n", b"")
            http.reply(200, whole[:401], P7)
        elif mood == "huge" and enrols:
            http.reply(200, b"A" * 3000000, P7)
        elif mood == "hangs up" and enrols:
            http.close_connection = True
            http.connection.close()
        elif mood == "silent" and enrols:
            time.sleep(90)
        elif mood == "der" and enrols:
            http.reply(200, base64.b64decode(
                self.envelope(self.authority.crt)), P7)
        elif mood == "binding" and operation == "csrattrs":
            http.reply(200, base64.b64encode(bytes.fromhex(
                "300b06092a864886f70d010907")), "application/csrattrs")
        else:
            return False
        return True


def stamp(seconds):
    return time.strftime("%Y%m%d%H%M%SZ", time.gmtime(seconds))


def certificate_id(path):
    """SHA-256 of the certificate, as `nameplate` says it."""
    words = run("openssl", "x509", "-in", path, "-noout", "-fingerprint",
                "-sha256").stdout
    return re.sub(r".*=|:|\s", "", words).lower()
