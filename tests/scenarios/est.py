"""The EST server of the mock for scenarios: a real broker, a real cloudd, curl
as the client and openssl as the judge.

    with folder() as tmp, Site(tmp) as site:
        device = site.device("S1")
        answer = site.enrol(device, Csr(tmp, device.thing))
        answer.certificate      # PEM, when the status is 200
"""
import base64
import os

from cloudd import CLOUDD, Cloudd
from kit import Factory, expect, read, run, wait_until, write
from mock import Device, MockCloud

P256 = ("ec", "ec_paramgen_curve:P-256")


def subject_of(thing):
    """What `factory` writes for Acme's Thermo-1."""
    return f"/O=Acme/OU=Thermo-1/CN={thing}/serialNumber={thing.split(':')[2]}"


class Csr:
    """A request made with openssl, and its key."""

    def __init__(self, folder, thing, name="new", subject=None, algorithm=P256,
                 digest="sha256", extension=None):
        self.key = os.path.join(folder, name + ".key")
        self.path = os.path.join(folder, name + ".csr")
        words = ["-addext", extension] if extension else []
        subject = subject_of(thing) if subject is None else subject
        run("openssl", "req", "-new", "-nodes", "-newkey", algorithm[0],
            "-pkeyopt", algorithm[1], "-subj", subject or "/", "-" + digest,
            "-keyout", self.key, "-out", self.path, *words)

    def pem(self):
        return read(self.path)

    def base64(self):
        return "".join(self.pem().split("\n")[1:-2])

    def der(self):
        return base64.b64decode(self.base64())


class Answer:
    """What came back: .status, .headers, .text; .certificates in PEM."""

    def __init__(self, folder, head, body):
        lines = head.split("\n")
        self.status = int(lines[0].split()[1]) if head else 0
        self.headers = {k.lower(): v.strip() for k, v in
                        (line.split(":", 1) for line in lines if ":" in line)}
        self.text = body
        self.folder = folder

    @property
    def der(self):
        return base64.b64decode(self.text)

    @property
    def certificates(self):
        """openssl reads the certs-only message."""
        path = os.path.join(self.folder, "answer.p7")
        with open(path, "wb") as f:
            f.write(self.der)
        pem = run("openssl", "pkcs7", "-inform", "DER", "-in", path,
                  "-print_certs").stdout
        return [part + "-----END CERTIFICATE-----\n" for part in
                pem.split("-----END CERTIFICATE-----") if "BEGIN" in part]

    @property
    def certificate(self):
        expect(self.status == 200, f"{self.status} {self.text}")
        expect(len(self.certificates) == 1, self.text)
        return self.certificates[0]


class Site:
    """Broker, operational CA and EST server, until the end of the with-block.
    `life_s` and words for the broker; `est_…` words for cloudd."""

    def __init__(self, folder, life_s=3600, vendor=None, **options):
        self.folder = folder
        self.vendor = vendor or Factory(folder)
        self.state = os.path.join(folder, "operational")
        run(CLOUDD, "operational-ca", "--est-state", self.state)
        est = {k: v for k, v in options.items() if k.startswith("est")}
        rest = {k: v for k, v in options.items() if k not in est}
        self.cloud = MockCloud(folder, self.vendor, operational=self.state,
                               operational_life_s=life_s, **rest)
        server = os.path.join(self.vendor.folder, "server/localhost")
        self.cloudd = Cloudd(folder, self.cloud, **{
            "est": "127.0.0.1:0", "est_state": self.state,
            "est_trust": self.vendor.root, "est_key": f"{server}/server.key",
            "est_certificate": f"{server}/server.crt", **est})
        self.url = None

    def __enter__(self):
        self.cloud.start()
        try:
            self.cloudd.__enter__()
            self.find_url()
        except BaseException:
            self.cloud.stop()
            raise
        return self

    def __exit__(self, *what):
        try:
            self.cloudd.__exit__(*what)
        finally:
            self.cloud.__exit__(*what)

    def find_url(self):
        def url():
            for line in self.cloudd.words().splitlines()[::-1]:
                if line.startswith("est https://127.0.0.1:"):
                    return "https://localhost:" + line.rsplit(":", 1)[1]
            return None
        self.url = wait_until(url, 10, "the EST server listens")

    def device(self, serial):
        return self.cloud.device(serial)

    def curl(self, path, *words, shown=None, status=None):
        """One request; `shown` has the .certificate and .key to show."""
        head = os.path.join(self.folder, "head")
        write(head, "")
        # For curl, a colon would begin the key's password.
        client = ["--cert", shown.certificate.replace(":", "\\:"), "--key",
                  shown.key] if shown else []
        done = run("curl", "-sS", "--max-time", "30", "--cacert",
                   self.cloud.server_ca, "-D", head, *client, *words,
                   self.url + path, status=status)
        return Answer(self.folder, read(head), done.stdout or done.stderr)

    def enrol(self, device, csr, verb="simpleenroll", label="", body=None,
              *words, kind="application/pkcs10"):
        """simpleenroll or simplereenroll; `device` None shows nothing."""
        data = os.path.join(self.folder, "body")
        with open(data, "wb") as f:
            f.write(csr.base64().encode() if body is None else body)
        label = label + "/" if label else ""
        return self.curl(f"/.well-known/est/{label}{verb}", "-H",
                         "Content-Type: " + kind, "--data-binary",
                         "@" + data, *words, shown=device)

    def enrolled(self, device, name="new", verb="simpleenroll"):
        """The same device with a new operational certificate and key."""
        csr = Csr(self.folder, device.thing, name)
        folder = os.path.join(self.folder, "enrolled-" + name)
        os.mkdir(folder)
        write(os.path.join(folder, "device.crt"),
              self.enrol(device, csr, verb).certificate)
        write(os.path.join(folder, "device.key"), read(csr.key))
        return Device(self.cloud, folder, device.thing)


def certificate_id(folder, pem):
    """SHA-256 of the DER, by openssl."""
    path = write(os.path.join(folder, "for-id.crt"), pem)
    return run("openssl", "x509", "-in", path, "-noout", "-fingerprint",
               "-sha256").stdout.split("=")[1].replace(":", "").strip().lower()
