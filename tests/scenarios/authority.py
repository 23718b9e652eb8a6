"""Certificates that `factory` would never make, made with OpenSSL.

    root = Authority(folder)
    leaf = root.leaf("expired", end="20200101000000Z")
    leaf.crt, leaf.key    # the certificate with those above it, and its key
"""
import os

from kit import read, run, write

GOOD_NAMES = "DNS:localhost,IP:127.0.0.1"
CONFIG = """
[ca]
default_ca = all
[all]
database = {folder}/index
new_certs_dir = {folder}
rand_serial = yes
unique_subject = no
policy = any
[any]
organizationName = optional
organizationalUnitName = optional
serialNumber = optional
commonName = optional
"""


class Pair:
    def __init__(self, base):
        self.base, self.crt, self.key = base, base + ".crt", base + ".key"


class Authority(Pair):
    """A CA; by itself a root, else under `above`."""

    def __init__(self, folder, name="root", above=None, purpose=None, **dates):
        super().__init__(os.path.join(folder, name))
        self.above = above
        extensions = ("basicConstraints=critical,CA:TRUE\n"
                      "keyUsage=critical,keyCertSign,cRLSign\n"
                      "subjectKeyIdentifier=hash\n")
        if purpose:
            extensions += f"extendedKeyUsage={purpose}\n"
        if above:
            above.sign(self, f"/CN={name}", extensions, **dates)
            return
        write(os.path.join(folder, "index"), "")
        write(os.path.join(folder, "ca.cnf"), CONFIG.format(folder=folder))
        write(self.base + ".cnf", "[req]\ndistinguished_name=dn\n[dn]\n[ext]\n"
              + extensions)
        run("openssl", "req", "-x509", "-new", "-nodes", "-config",
            self.base + ".cnf", "-extensions", "ext", "-newkey", "ec",
            "-pkeyopt", "ec_paramgen_curve:P-256", "-days", "3650", "-subj",
            f"/CN={name}", "-keyout", self.key, "-out", self.crt)

    def sign(self, pair, subject, extensions, begin=None, end=None,
             algorithm=("ec", "ec_paramgen_curve:P-256"), digest="sha256"):
        """A new key and its certificate, followed by ours unless we are the
        root."""
        kind, option = algorithm
        run("openssl", "req", "-new", "-nodes", "-newkey", kind, "-pkeyopt",
            option, "-subj", subject, "-keyout", pair.key, "-out",
            pair.base + ".csr")
        write(pair.base + ".ext", extensions)
        run("openssl", "ca", "-batch", "-notext", "-preserveDN", "-md", digest, "-config",
            os.path.join(os.path.dirname(self.base), "ca.cnf"), "-cert",
            self.crt, "-keyfile", self.key, "-in", pair.base + ".csr",
            "-extfile", pair.base + ".ext", "-startdate",
            begin or "20200101000000Z", "-enddate", end or "20491231235959Z",
            "-out", pair.crt)
        if self.above:
            write(pair.crt, read(pair.crt) + read(self.crt))

    def leaf(self, name, names=GOOD_NAMES, purpose="serverAuth",
             subject="/CN=localhost", **options):
        pair = Pair(os.path.join(os.path.dirname(self.base), name))
        extensions = ("basicConstraints=critical,CA:FALSE\n"
                      "keyUsage=critical,digitalSignature\n")
        if names:
            extensions += f"subjectAltName={names}\n"
        if purpose:
            extensions += f"extendedKeyUsage={purpose}\n"
        self.sign(pair, subject, extensions, **options)
        return pair


def crl(authority, *revoked, days=7):
    """The authority's list, with these pairs on it."""
    folder = os.path.dirname(authority.base)
    base = ["openssl", "ca", "-config", os.path.join(folder, "ca.cnf"), "-cert",
            authority.crt, "-keyfile", authority.key, "-md", "sha256"]
    for pair in revoked:
        run(*base, "-revoke", pair.crt)
    path = authority.base + ".crl"
    run(*base, "-gencrl", "-crlsec", days * 86400, "-out", path)
    return path
