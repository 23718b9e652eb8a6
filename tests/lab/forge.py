"""Makes certificates and CRLs that no decent tool would make.

Everything is written in DER here, so every field can lie; OpenSSL makes the
keys and the signatures.

    forge = Forge(folder)
    below = forge.ca("below", path=0)          # under forge.root
    leaf = forge.leaf(below, names=["DNS:x"])  # .der .key .above
    chain(leaf)                                # [leaf, below]: no root
"""
import ipaddress
import itertools
import os
import threading

import der
from der import (BITS, BOOLEAN, GENERALIZED, INTEGER, OCTETS, PRINTABLE,
                 SEQUENCE, SET, UTC, UTF8, encode, oid)
from kit import run

HOST = "mqtt.lab.example"
PAST, FUTURE = "20210101000000Z", "20480101000000Z"
BEGIN, END = "20200101000000Z", "20491231235959Z"
FOREVER = "99991231235959Z"  # RFC 5280, section 4.1.2.5

ATTRIBUTES = {"CN": "2.5.4.3", "O": "2.5.4.10", "OU": "2.5.4.11",
              "SN": "2.5.4.5"}
USAGES = ["digitalSignature", "nonRepudiation", "keyEncipherment",
          "dataEncipherment", "keyAgreement", "keyCertSign", "cRLSign"]
PURPOSES = {"serverAuth": "1.3.6.1.5.5.7.3.1",
            "clientAuth": "1.3.6.1.5.5.7.3.2",
            "codeSigning": "1.3.6.1.5.5.7.3.3",
            "OCSPSigning": "1.3.6.1.5.5.7.3.9", "any": "2.5.29.37.0"}
FORMS = {"EMAIL": 1, "DNS": 2, "URI": 6, "IP": 7}  # RFC 5280, 4.2.1.6
UNKNOWN = "1.3.6.1.4.1.32473.1.77"  # an extension that nobody knows

# What OpenSSL is told, and what the certificate says.
KEYS = {"p256": ("EC", "ec_paramgen_curve:P-256"),
        "p384": ("EC", "ec_paramgen_curve:P-384"),
        "p521": ("EC", "ec_paramgen_curve:P-521"),
        "secp256k1": ("EC", "ec_paramgen_curve:secp256k1"),
        "rsa1024": ("RSA", "rsa_keygen_bits:1024"),
        "rsa2048": ("RSA", "rsa_keygen_bits:2048"), "ed25519": ("ED25519", "")}
NULL = [5, b""]
ALGORITHMS = {
    ("EC", "sha1"): ["1.2.840.10045.4.1"],
    ("EC", "sha256"): ["1.2.840.10045.4.3.2"],
    ("EC", "sha384"): ["1.2.840.10045.4.3.3"],
    ("EC", "sha512"): ["1.2.840.10045.4.3.4"],
    ("RSA", "md5"): ["1.2.840.113549.1.1.4", NULL],
    ("RSA", "sha1"): ["1.2.840.113549.1.1.5", NULL],
    ("RSA", "sha256"): ["1.2.840.113549.1.1.11", NULL],
    ("ED25519", "sha256"): ["1.3.101.112"],
}


def algorithm(kind, digest):
    dotted, *rest = ALGORITHMS[kind, digest]
    return [SEQUENCE, [oid(dotted), *rest]]


class Key:
    """A private key in a file; its public half and what it signs come to
    `folder`."""

    def __init__(self, path, folder, kind="EC"):
        self.path, self.kind = path, kind
        self.scratch = os.path.join(folder, os.path.basename(path))
        run("openssl", "pkey", "-in", path, "-pubout", "-outform", "DER",
            "-out", self.scratch + ".pub")
        with open(self.scratch + ".pub", "rb") as f:
            self.spki = der.parse(f.read())[0]

    @classmethod
    def make(cls, path, kind):
        algorithm_name, option = KEYS[kind]
        run("openssl", "genpkey", "-algorithm", algorithm_name, "-out", path,
            *(["-pkeyopt", option] if option else []))
        return cls(path, os.path.dirname(path), algorithm_name)

    def sign(self, data, digest="sha256", *options):
        name = f"{self.scratch}.{threading.get_ident()}"
        with open(name, "wb") as f:
            f.write(data)
        if self.kind == "ED25519":
            run("openssl", "pkeyutl", "-sign", "-rawin", "-inkey", self.path,
                "-in", name, "-out", name + ".sig")
        else:
            run("openssl", "dgst", "-" + digest, "-sign", self.path, *options,
                "-out", name + ".sig", name)
        with open(name + ".sig", "rb") as f:
            return f.read()


class Made:
    """A certificate, its key, and who signed it."""

    def __init__(self, data, key, subject, above):
        self.der, self.key, self.subject, self.above = data, key, subject, above

    @property
    def pem(self):
        return der.pem(self.der)


def chain(made):
    """From this one up to the one below the root."""
    links = []
    while made.above is not None:
        links.append(made)
        made = made.above
    return links


# --- parts ------------------------------------------------------------------

def name(text, kind=UTF8):
    """"O=Acme,CN=x" as a Name; PRINTABLE for another string type."""
    rdns = [part.partition("=")[::2] for part in text.split(",") if part]
    return [SEQUENCE, [[SET, [[SEQUENCE, [oid(ATTRIBUTES[a]), [
        PRINTABLE if a == "SN" else kind, v.encode()]]]]] for a, v in rdns]]


def time(text):
    """UTCTime until 2049, GeneralizedTime from then on."""
    if text < "2050":
        return [UTC, text[2:].encode()]
    return [GENERALIZED, text.encode()]


def general(text):
    """"DNS:x", "IP:::1", "IP:10.0.0.0/8", "IP:hex 00ff", "DN:O=x", "URI:..."
    and "EMAIL:..." as a GeneralName; bytes for dNSName are taken as they are."""
    if isinstance(text, bytes):
        return [0x82, text]
    form, _, value = text.partition(":")
    if form == "DN":
        return [0xa4, [name(value)]]
    if form == "OTHER":
        return [0xa0, [oid(UNKNOWN), [0xa0, [[UTF8, value.encode()]]]]]
    if form != "IP":
        return [0x80 | FORMS[form], value.encode()]
    if value.startswith("hex "):
        return [0x87, bytes.fromhex(value[4:])]
    if "/" in value:
        network = ipaddress.ip_network(value)
        return [0x87, network.network_address.packed + network.netmask.packed]
    return [0x87, ipaddress.ip_address(value).packed]


def extension(dotted, value, critical=False):
    flag = [[BOOLEAN, b"\xff"]] if critical else []
    content = value if isinstance(value, bytes) else encode(value)
    return [SEQUENCE, [oid(dotted), *flag, [OCTETS, content]]]


def basic(is_ca, path=None):
    content = [[BOOLEAN, b"\xff"]] if is_ca else []
    if path is not None:
        content.append([INTEGER, bytes([path])])
    return extension("2.5.29.19", [SEQUENCE, content], critical=True)


def usage(*names):
    bits = sum(0x80 >> USAGES.index(n) for n in names)
    spare = (bits & -bits).bit_length() - 1 if bits else 0
    return extension("2.5.29.15", [BITS, bytes([spare, bits])], critical=True)


def purposes(*names):
    return extension("2.5.29.37", [SEQUENCE, [oid(PURPOSES[n]) for n in names]])


def alternative(names, critical=False):
    return extension("2.5.29.17", [SEQUENCE, [general(n) for n in names]],
                     critical)


def constraints(permitted=(), excluded=(), critical=True, bounds=()):
    """`bounds`: extra items of each subtree, as minimum and maximum."""
    def trees(tag, names):
        return [[tag, [[SEQUENCE, [general(n), *bounds]] for n in names]]] \
            if names else []
    return extension("2.5.29.30", [SEQUENCE, trees(0xa0, permitted) +
                                   trees(0xa1, excluded)], critical)


def integer(number):
    return [INTEGER, number.to_bytes(number.bit_length() // 8 + 1, "big")]


# --- the forge --------------------------------------------------------------

class Forge:
    def __init__(self, folder):
        self.folder = folder
        self.keys = {}
        self.lock = threading.Lock()
        self.serials = itertools.count(0x1000)
        self.root = self.ca("root", above=None)

    def key(self, label, kind="p256"):
        """The key of that label; made when it is new."""
        with self.lock:
            if label not in self.keys:
                self.keys[label] = Key.make(
                    os.path.join(self.folder, f"{len(self.keys)}.key"), kind)
            return self.keys[label]

    def issue(self, subject, key, above, extensions, *, begin=BEGIN, end=END,
              digest="sha256", version=3, issuer=None, signer=None, serial=None,
              spki=None, outer=None, spoil=None, scheme=None, tail=b""):
        """A certificate.  The last row of options is for lies: another issuer
        name, signing key, public key, outer algorithm, a function from
        signature to signature, an algorithm instead of the digest's own, bytes
        behind the end."""
        subject = name(subject) if isinstance(subject, str) else subject
        issuer = issuer or (above.subject if above else subject)
        issuer = name(issuer) if isinstance(issuer, str) else issuer
        signer = signer or (above.key if above else key)
        inner = scheme or algorithm(signer.kind, digest)
        tbs = [] if version == 1 else [[0xa0, [integer(version - 1)]]]
        tbs += [integer(serial or next(self.serials)), inner, issuer,
                [SEQUENCE, [time(begin), time(end)]], subject,
                spki or key.spki]
        if extensions:
            tbs.append([0xa3, [[SEQUENCE, extensions]]])
        tbs = [SEQUENCE, tbs]
        signature = signer.sign(encode(tbs), digest)
        if spoil:
            signature = spoil(signature)
        data = encode([SEQUENCE, [tbs, outer or inner, [BITS, b"\0" + signature]]])
        return Made(data + tail, key, subject, above)

    def ca(self, label, above="root", *, path=None, extra=(), purpose=None,
           subject=None, key=None, kind="p256", flags=True,
           usages=("keyCertSign", "cRLSign"), **lies):
        """A CA under `above`; None makes it a root.  `flags` False: not a CA
        by its own words; None: says nothing."""
        above = self.root if above == "root" else above
        extensions = [] if flags is None else [basic(flags, path)]
        if usages:
            extensions.append(usage(*usages))
        if purpose:
            extensions.append(purposes(*purpose))
        return self.issue(subject or f"O=Lab,CN={label}",
                          key or self.key("ca " + label, kind), above,
                          extensions + list(extra), **lies)

    def leaf(self, above=None, *, names=("DNS:" + HOST,),
             purpose=("serverAuth",), usages=("digitalSignature",), flags=False,
             extra=(), subject="CN=" + HOST, kind="p256", **lies):
        extensions = [] if flags is None else [basic(flags)]
        if usages:
            extensions.append(usage(*usages))
        if names is not None:
            extensions.append(alternative(names, critical=not subject))
        if purpose is not None:
            extensions.append(purposes(*purpose))
        return self.issue(subject, self.key("leaf " + kind, kind),
                          above or self.root, extensions + list(extra), **lies)

    def crl(self, above, revoked=(), *, begin=BEGIN, until=END, extra=(),
            signer=None, spoil=None):
        """A CRL of that CA, in PEM; `revoked` are certificates."""
        signer = signer or above.key
        scheme = algorithm(signer.kind, "sha256")
        entries = [[SEQUENCE, [serial_of(r), time("20240101000000Z")]]
                   for r in revoked]
        tbs = [SEQUENCE, [integer(1), scheme, above.subject, time(begin),
                          *([time(until)] if until else []),
                          *([[SEQUENCE, entries]] if entries else []),
                          [0xa0, [[SEQUENCE, [extension("2.5.29.20", integer(7)),
                                              *extra]]]]]]
        signature = signer.sign(encode(tbs))
        if spoil:
            signature = spoil(signature)
        data = encode([SEQUENCE, [tbs, scheme, [BITS, b"\0" + signature]]])
        return der.pem(data).replace("CERTIFICATE", "X509 CRL")


def serial_of(made):
    return der.parse(made.der)[0][1][0][1][1]


def flip_last_bit(data):
    return data[:-1] + bytes([data[-1] ^ 1])
