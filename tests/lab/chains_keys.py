"""Keys, signatures and the shape of the certificate itself."""
import hashlib

import der
from der import BITS, BOOLEAN, INTEGER, SEQUENCE
from forge import (HOST, UNKNOWN, alternative, basic, extension, flip_last_bit)
from kit import run
from row import bad, good

EMPTY = [SEQUENCE, []]


def rows(f):
    return signatures(f) + keys(f) + extensions(f) + shapes(f)


def signatures(f):
    middle = f.ca("signer")
    rsa = f.ca("rsa", None, kind="rsa2048")
    pss = [SEQUENCE, [der.oid("1.2.840.113549.1.1.10"), EMPTY]]
    other = [SEQUENCE, [der.oid("1.2.840.10045.4.3.3")]]
    zeros = der.encode([SEQUENCE, [[INTEGER, b"\0"]] * 2])
    changed = f.leaf(names=["DNS:mqtt.lab.exampl3"])
    changed.der = changed.der.replace(b"mqtt.lab.exampl3", HOST.encode())
    return [
        good("sha1_on_the_anchor", "nothing: nobody needs an anchor's signature",
             f.leaf(f.ca("sha1 root", None, digest="sha1"))),
        good("p384_with_sha384", "nothing", f.leaf(f.ca(
            "p384", None, kind="p384", digest="sha384"), kind="p384",
            digest="sha384")),
        bad("leaf_signature_flipped", "a bit of the leaf's signature",
            "bad_signature", f.leaf(spoil=flip_last_bit)),
        bad("ca_signature_flipped", "a bit of the intermediate's signature",
            "bad_signature", f.leaf(f.ca("broken", spoil=flip_last_bit))),
        bad("name_written_in_later", "the name was changed after signing",
            "bad_signature", changed),
        bad("signed_by_another_key", "the issuer's name, not its key",
            "bad_signature", f.leaf(middle, signer=f.key("thief"))),
        bad("signature_of_zeros", "r = s = 0 (CVE-2022-21449)",
            ("bad_signature", "malformed"), f.leaf(spoil=lambda _: zeros)),
        bad("signature_empty", "no byte of signature",
            ("bad_signature", "malformed"), f.leaf(spoil=lambda _: b"")),
        bad("algorithms_differ", "SHA-256 inside, SHA-384 outside",
            ("malformed", "bad_signature"), f.leaf(outer=other)),
        bad("sha1_leaf", "the leaf is signed with SHA-1", "weak_signature",
            f.leaf(digest="sha1")),
        bad("sha1_ca", "the intermediate is signed with SHA-1",
            "weak_signature", f.leaf(f.ca("sha1", digest="sha1"))),
        bad("md5_leaf", "the leaf is signed with MD5", "unsupported_algorithm",
            f.leaf(rsa, digest="md5")),
        bad("pss_with_sha1", "RSA-PSS with its defaults, SHA-1",
            ("weak_signature", "unsupported_algorithm"),
            f.leaf(rsa, scheme=pss, digest="sha1", signer=Pss(rsa.key))),
    ]


class Pss:
    """Signs as RSASSA-PSS with the defaults of RFC 8017, A.2.3."""
    kind = "RSA"

    def __init__(self, key):
        self.key = key

    def sign(self, data, digest):
        return self.key.sign(data, digest, "-sigopt", "rsa_padding_mode:pss",
                             "-sigopt", "rsa_pss_saltlen:20")


def keys(f):
    no = "unsupported_algorithm"
    return [
        good("rsa_2048", "nothing", f.leaf(f.ca("rsa", None, kind="rsa2048"),
                                           kind="rsa2048")),
        bad("rsa_1024_leaf", "the leaf's key has 1024 bits", "weak_key",
            f.leaf(kind="rsa1024")),
        bad("rsa_1024_ca", "the CA's key has 1024 bits", "weak_key",
            f.leaf(f.ca("rsa1024", kind="rsa1024"))),
        bad("rsa_exponent_1", "a CA whose signatures need no private key",
            ("weak_key", "malformed", no, "bad_signature"), exponent_one(f)),
        bad("p521_leaf", "the leaf's key is on P-521", no, f.leaf(kind="p521"),
            by_hand=True),
        bad("p521_ca", "the CA's key is on P-521", no,
            f.leaf(f.ca("p521", kind="p521"))),
        bad("secp256k1_leaf", "the leaf's key is on secp256k1", no,
            f.leaf(kind="secp256k1"), by_hand=True),
        bad("ed25519_leaf", "the leaf's key is Ed25519", no,
            f.leaf(kind="ed25519"), by_hand=True),
        bad("ed25519_ca", "the CA's key is Ed25519", no,
            f.leaf(f.ca("ed25519", kind="ed25519"))),
        bad("point_off_the_curve", "the leaf's key is no point of its curve",
            ("malformed", no), off_the_curve(f), on_wire=["tls"]),
        bad("curve_spelled_out", "explicit curve parameters (CVE-2020-0601)",
            (no, "malformed"), spelled_out(f)),
    ]


def exponent_one(f):
    """With e = 1 the padded digest is its own signature (RFC 8017, 9.2)."""
    key = f.key("e1", "rsa2048")
    spki = der.parse(der.encode(key.spki))[0]
    numbers = der.parse(spki[1][1][1][1:])[0]
    numbers[1][1] = [INTEGER, b"\1"]
    spki[1][1][1] = b"\0" + der.encode(numbers)
    head = bytes.fromhex("3031300d060960864801650304020105000420")

    class Padding:
        kind = "RSA"

        @staticmethod
        def sign(data, _digest):
            text = head + hashlib.sha256(data).digest()
            return b"\0\1" + b"\xff" * (253 - len(text)) + b"\0" + text
    return f.leaf(f.ca("e1", key=key, spki=spki), signer=Padding)


def off_the_curve(f):
    scheme, point = f.key("leaf p256").spki[1]
    return f.leaf(spki=[SEQUENCE, [scheme, [BITS, flip_last_bit(point[1])]]])


def spelled_out(f):
    path = f.key("leaf p256").path
    run("openssl", "pkey", "-in", path, "-pubout", "-outform", "DER",
        "-ec_param_enc", "explicit", "-out", path + ".explicit")
    with open(path + ".explicit", "rb") as file:
        return f.leaf(spki=der.parse(file.read())[0])


def extensions(f):
    strange = extension(UNKNOWN, EMPTY, critical=True)
    # requireExplicitPolicy 0: every certificate must name a policy.
    policies = extension("2.5.29.36", [SEQUENCE, [[0x80, b"\0"]]], critical=True)
    return [
        good("unknown_extension", "nothing: it is not critical",
             f.leaf(extra=[extension(UNKNOWN, EMPTY)])),
        bad("unknown_critical_in_the_leaf", "a critical extension that nobody"
            " knows", "critical_extension", f.leaf(extra=[strange])),
        bad("unknown_critical_in_the_ca", "the same in the intermediate",
            "critical_extension", f.leaf(f.ca("strange", extra=[strange]))),
        bad("unknown_critical_in_the_anchor", "the same in the anchor",
            "critical_extension", f.leaf(f.ca("odd", None, extra=[strange]))),
        bad("policy_constraints", "a critical policyConstraints that the leaf"
            " does not meet", "critical_extension",
            f.leaf(f.ca("policies", extra=[policies]))),
        bad("names_twice", "two subjectAltNames, the second with our name",
            "malformed", f.leaf(names=["DNS:other.example"],
                                extra=[alternative(["DNS:" + HOST])]),
            by_hand=True),
        bad("basic_constraints_twice", "first no CA, then one", "malformed",
            f.leaf(f.ca("both", flags=False, extra=[basic(True)]))),
    ]


def shapes(f):
    leaf = f.leaf(f.ca("shapes"))
    above = leaf.above
    negative = extension("2.5.29.19", [SEQUENCE, [
        [BOOLEAN, b"\xff"], [INTEGER, b"\xff"]]], critical=True)

    def shape(name, wrong, data, reasons="malformed", others=(above,),
              **options):
        return bad(name, wrong, reasons, leaf, links=[data, *others],
                   garbage=True, by_hand=True, **options)
    return [
        shape("no_certificate", "an empty chain", b"", others=(),
              on_wire=["tls"]),
        shape("noise", "bytes that are no DER", bytes(range(200, 256)) * 5),
        shape("cut_in_half", "the first half of the leaf",
              leaf.der[:len(leaf.der) // 2]),
        shape("bytes_behind_the_end", "four bytes after the leaf",
              leaf.der + b"\0\0\0\0"),
        shape("length_too_great", "the leaf says it is 4 GB long",
              b"\x30\x84\xff\xff\xff\xff" + leaf.der[4:]),
        shape("length_indefinite", "BER where DER belongs",
              b"\x30\x80" + leaf.der[4:] + b"\0\0"),
        shape("intermediate_is_noise", "the leaf is fine, the CA is no DER",
              leaf.der, ("malformed", "unknown_issuer"), [b"\x30\x03abc"],
              on_wire=["tls"]),
        bad("version_4", "an X.509 version that does not exist", "malformed",
            f.leaf(version=4), garbage=True),
        bad("path_length_negative", "pathLenConstraint -1",
            ("malformed", "not_a_ca", "path_length"),
            f.leaf(f.ca("negative", flags=None, extra=[negative]))),
    ]

