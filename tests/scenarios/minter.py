"""Certificates byte by byte, for tests that want what no tool would make.

    key = Key(folder, "ca")
    root = certificate(key, name(CN="Root"), extensions=ca())
    leaf = certificate(other, name(CN="x"), by=key, issuer=name(CN="Root"),
                       extensions=leaf(names=["a.test"]))
    write(path, pem(leaf) + pem(root))
"""
import hashlib
import itertools
import subprocess

import der
from der import BITS, BOOLEAN, INTEGER, OCTETS, SEQUENCE, SET, UTF8, encode, oid
from kit import run

BASIC, USAGE, PURPOSE = "2.5.29.19", "2.5.29.15", "2.5.29.37"
NAMES, CONSTRAINTS = "2.5.29.17", "2.5.29.30"
SUBJECT_KEY, ISSUER_KEY = "2.5.29.14", "2.5.29.35"
SERVER, CLIENT, ANY = "1.3.6.1.5.5.7.3.1", "1.3.6.1.5.5.7.3.2", "2.5.29.37.0"
ATTRIBUTES = {"O": "2.5.4.10", "OU": "2.5.4.11", "CN": "2.5.4.3",
              "SN": "2.5.4.5"}
ECDSA_SHA256 = [SEQUENCE, [oid("1.2.840.10045.4.3.2")]]
LONG_AGO, LONG_AFTER = "20200101000000Z", "20491231235959Z"
SIGN_CERTIFICATES, SIGN_LISTS, SIGN = 0x04, 0x02, 0x80

pem = der.pem
_serials = itertools.count(0x4e00000000000001)


class Key:
    """A P-256 key in a file, or one that is there already."""

    def __init__(self, folder, base, path=None):
        self.path = path or f"{folder}/{base}.key"
        if not path:
            run("openssl", "ecparam", "-genkey", "-noout", "-name",
                "prime256v1", "-out", self.path)
        self.spki = subprocess.run(
            ["openssl", "pkey", "-in", self.path, "-pubout", "-outform", "DER"],
            capture_output=True, check=True).stdout
        self.identifier = hashlib.sha1(self.spki[26:]).digest()

    def sign(self, data):
        return subprocess.run(
            ["openssl", "dgst", "-sha256", "-sign", self.path], input=data,
            capture_output=True, check=True).stdout


def name(*pairs, **attributes):
    """name(O="Acme", CN="x"), or name(("O", "A"), ("O", "B"))."""
    return [SEQUENCE, [
        [SET, [[SEQUENCE, [oid(ATTRIBUTES[kind]), [UTF8, value.encode()]]]]]
        for kind, value in [*pairs, *attributes.items()]]]


def extension(dotted, value, critical=False):
    flag = [[BOOLEAN, b"\xff"]] if critical else []
    return [SEQUENCE, [oid(dotted), *flag, [OCTETS, encode(value)]]]


def usage(bits):
    unused = (bits & -bits).bit_length() - 1
    return extension(USAGE, [BITS, bytes([unused, bits])], True)


def basic(is_ca, limit=None):
    content = [[BOOLEAN, b"\xff"]] if is_ca else []
    if limit is not None:
        content.append([INTEGER, bytes([limit])])
    return extension(BASIC, [SEQUENCE, content], True)


def purposes(*dotted):
    return extension(PURPOSE, [SEQUENCE, [oid(d) for d in dotted]])


def names(*dns):
    return extension(NAMES, [SEQUENCE, [[0x82, d.encode()] for d in dns]])


def subtrees(bases):
    return [[SEQUENCE, [base]] for base in bases]


def constraints(permitted=(), excluded=()):
    """Bases as GeneralNames: dns("a.test"), directory(O="Acme")."""
    content = []
    if permitted:
        content.append([0xa0, subtrees(permitted)])
    if excluded:
        content.append([0xa1, subtrees(excluded)])
    return extension(CONSTRAINTS, [SEQUENCE, content], True)


def dns(text):
    return [0x82, text.encode()]


def directory(**attributes):
    return [0xa4, [name(**attributes)]]


def certificate(key, subject, by=None, issuer=None, extensions=(),
                begin=LONG_AGO, end=LONG_AFTER):
    """DER; without `by` it signs itself.  Key identifiers are added."""
    signer = by or key
    identifiers = [
        extension(SUBJECT_KEY, [OCTETS, key.identifier]),
        extension(ISSUER_KEY, [SEQUENCE, [[0x80, signer.identifier]]])]
    tbs = [SEQUENCE, [
        [0xa0, [[INTEGER, b"\x02"]]],
        [INTEGER, next(_serials).to_bytes(8, "big")],
        ECDSA_SHA256, issuer or subject,
        [SEQUENCE, [[der.GENERALIZED if moment >= "2050" else der.UTC,
                     (moment if moment >= "2050" else moment[2:]).encode()]
                    for moment in (begin, end)]],
        subject, der.parse(key.spki)[0],
        [0xa3, [[SEQUENCE, [*extensions, *identifiers]]]]]]
    return encode([SEQUENCE, [tbs, ECDSA_SHA256,
                              [BITS, b"\0" + signer.sign(encode(tbs))]]])
