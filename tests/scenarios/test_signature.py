#!/usr/bin/env python3
"""Whoever signs an update signs it with OpenSSL; whoever forges one knows RSA.

Fresh keys each time.  The code that judges jobs and updates must take what
OpenSSL makes for the algorithm that was agreed, and nothing else: no other
padding, no other encoding of a good signature, no forgery that lax verifiers
are known to take.
"""
import hashlib
import os
import subprocess

from kit import BIN, expect, folder, main, run, scenario, write

NAMEPLATE = os.path.join(BIN, "nameplate")


def verify(algorithm, key, signature, path, status=None):
    return run(*command(algorithm, key, signature, path), status=status)


def command(algorithm, key, signature, path):
    return [NAMEPLATE, "verify", "--signature", signature, "--key", key, "--alg",
            algorithm, path]
PSS = ("-sigopt", "rsa_padding_mode:pss", "-sigopt", "rsa_pss_saltlen:32")
# algorithm: the key, and how OpenSSL is asked
KINDS = {
    "es256-der": ("EC", "ec_paramgen_curve:P-256", "-sha256", ()),
    "es384-der": ("EC", "ec_paramgen_curve:P-384", "-sha384", ()),
    "ps256": ("RSA", "rsa_keygen_bits:2048", "-sha256", PSS),
    "rs256": ("RSA", "rsa_keygen_bits:3072", "-sha256", ()),
}


def put(path, content):
    with open(path, "wb") as f:
        f.write(content)
    return path


def get(path):
    with open(path, "rb") as f:
        return f.read()


class Signer:
    def __init__(self, tmp, kind, *options):
        self.tmp = tmp
        self.name, option, self.digest, self.how = kind
        self.key, self.public = tmp + "/key.pem", tmp + "/public.pem"
        arguments = [w for o in (option, *options) for w in ("-pkeyopt", o)]
        run("openssl", "genpkey", "-algorithm", self.name, *arguments, "-out",
            self.key)
        run("openssl", "pkey", "-in", self.key, "-pubout", "-out", self.public)

    def sign(self, path, *how):
        out = self.tmp + "/signature"
        run("openssl", "dgst", self.digest, "-sign", self.key, *(how or self.how),
            "-out", out, path)
        return get(out)

    def judge(self, algorithm, value, path, status=None):
        return verify(algorithm, self.public, put(self.tmp + "/given", value),
                      path, status).returncode

    def modulus(self):
        said = run("openssl", "rsa", "-pubin", "-in", self.public, "-noout",
                   "-modulus").stdout
        return int(said.split("=")[1], 16)


def take(der):
    """r and s of a short ECDSA-Sig-Value."""
    r_end = 4 + der[3]
    return (int.from_bytes(der[4:r_end], "big"),
            int.from_bytes(der[r_end + 2:], "big"))


@scenario
def what_openssl_signs_is_genuine_and_nothing_else_is():
    with folder() as tmp:
        message = put(tmp + "/update", os.urandom(300000))
        changed = put(tmp + "/changed", get(message)[:-1] + b"?")
        longer = put(tmp + "/longer", get(message) + b"\0")
        for algorithm, kind in KINDS.items():
            signer = Signer(tmp, kind)
            value = signer.sign(message)
            forms = {algorithm: value}
            if kind[0] == "EC":
                size = 32 if "256" in algorithm else 48
                forms[algorithm[:5]] = b"".join(
                    n.to_bytes(size, "big") for n in take(value))
            for name, form in forms.items():
                expect(signer.judge(name, form, message) == 0, name)
                for other in (changed, longer, "/dev/null"):
                    expect(signer.judge(name, form, other) == 1, (name, other))
                for bad in (b"", form[:-1], form + b"\0", b"\0" + form, form * 2,
                            b"x" * 5000):
                    expect(signer.judge(name, bad, message) == 1, (name, len(bad)))
                for other in ("es256", "es256-der", "es384", "es384-der", "ps256",
                              "rs256"):
                    if other != name:
                        expect(signer.judge(other, form, message) == 1,
                               f"{name} as {other}")


@scenario
def a_pss_salt_of_another_length_is_refused():
    with folder() as tmp:
        message = put(tmp + "/update", b"update")
        signer = Signer(tmp, KINDS["ps256"])
        for salt, status in ((32, 0), (0, 1), (20, 1), (31, 1), (33, 1), ("max", 1)):
            value = signer.sign(message, "-sigopt", "rsa_padding_mode:pss",
                                "-sigopt", f"rsa_pss_saltlen:{salt}")
            expect(signer.judge("ps256", value, message) == status, salt)


@scenario
def forged_rsa_signatures_are_refused():
    with folder() as tmp:
        message = put(tmp + "/update", b"a forged update")
        signer = Signer(tmp, KINDS["rs256"], "rsa_keygen_pubexp:3")
        expect(signer.judge("rs256", signer.sign(message), message) == 0, "genuine")
        info = bytes.fromhex("3031300d060960864801650304020105000420") + \
            hashlib.sha256(get(message)).digest()
        # Of a key with exponent 3 whoever wants can take a cube root; verifiers
        # that do not look at what stands behind the hash take it.
        size = 3072 // 8
        for padding in (8, 1, 0):
            start = b"\0\1" + b"\xff" * padding + b"\0" + info
            low = int.from_bytes(start + b"\0" * (size - len(start)), "big")
            root = 1 << (low.bit_length() + 2) // 3
            while True:  # Newton, from above
                lower = (2 * root + low // root ** 2) // 3
                if lower >= root:
                    break
                root = lower
            root += root ** 3 < low
            expect((root ** 3).to_bytes(size, "big").startswith(start), "a forgery")
            expect(signer.judge("rs256", root.to_bytes(size, "big"), message) == 1,
                   f"padding of {padding}")
        for number in (0, 1, signer.modulus() - 1, signer.modulus()):
            expect(signer.judge("rs256", number.to_bytes(size, "big"), message) == 1,
                   "a number that needs no key")


@scenario
def a_second_number_for_one_rsa_signature_is_refused():
    with folder() as tmp:
        for algorithm in ("rs256", "ps256"):
            while True:  # a modulus that leaves room above it
                signer = Signer(tmp, KINDS[algorithm])
                n = signer.modulus()
                if n >> (n.bit_length() - 8) < 0xd0:
                    break
            more = 1 << n.bit_length()
            while more >> n.bit_length():
                message = put(tmp + "/update", os.urandom(8))
                value = signer.sign(message)
                more = int.from_bytes(value, "big") + n
            expect(signer.judge(algorithm, value, message) == 0, "genuine")
            expect(signer.judge(algorithm, more.to_bytes(len(value), "big"),
                                message) == 1, "the number plus the modulus")


@scenario
def an_ecdsa_signature_in_another_encoding_is_refused():
    def integer(n, extra=b""):
        content = extra + n.to_bytes(n.bit_length() // 8 + 1, "big")
        return b"\2" + bytes([len(content)]) + content

    with folder() as tmp:
        message = put(tmp + "/update", b"update")
        signer = Signer(tmp, KINDS["es256-der"])
        value = signer.sign(message)
        r, s = take(value)
        order = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551
        good = integer(r) + integer(s)

        def judged(content, head=None):
            return signer.judge("es256-der", (head or b"\x30" + bytes(
                [len(content)])) + content, message)
        expect(judged(good) == 0, "twin: the one encoding")
        for content in (integer(r, b"\0") + integer(s), integer(r) + integer(s, b"\0"),
                        good + b"\5\0", good + b"\0", integer(r + order) + integer(s),
                        integer(r) + integer(s + order), integer(0) + integer(s),
                        integer(r) + integer(0), integer(order) + integer(s)):
            expect(judged(content) == 1, content.hex())
        for head in (b"\x30\x81" + bytes([len(good)]), b"\x30\x80", b"\x31" + bytes(
                [len(good)]), b"\x30" + bytes([len(good) - 1])):
            expect(judged(good, head) == 1, head.hex())


@scenario
def a_gigabyte_is_judged_in_little_memory():
    with folder() as tmp:
        big = tmp + "/big"
        with open(big, "wb") as f:
            f.truncate(1 << 30)
        signer = Signer(tmp, KINDS["es256-der"])
        value = signer.sign(big)
        given = put(tmp + "/given", value)
        child = subprocess.Popen(
            command("es256-der", signer.public, given, big),
            stdout=subprocess.DEVNULL)
        _, status, usage = os.wait4(child.pid, 0)
        child.returncode = os.waitstatus_to_exitcode(status)
        expect(child.returncode == 0, "genuine")
        expect(usage.ru_maxrss < 100 * 1024, f"{usage.ru_maxrss} KiB")


@scenario
def what_cannot_be_read_is_named():
    with folder() as tmp:
        message = put(tmp + "/update", b"update")
        signer = Signer(tmp, KINDS["rs256"])
        given = put(tmp + "/given", signer.sign(message))
        pkcs1 = tmp + "/pkcs1.pem"
        run("openssl", "rsa", "-pubin", "-in", signer.public, "-RSAPublicKey_out",
            "-out", pkcs1)
        der = tmp + "/key.der"
        run("openssl", "pkey", "-in", signer.key, "-pubout", "-outform", "DER",
            "-out", der)
        nul = put(tmp + "/nul", get(signer.public) + b"\0")
        big = put(tmp + "/big", get(signer.public) + b" " * 70000)
        none = tmp + "/none"
        for key, value, path, named in (
                (none, given, message, none), (signer.public, none, message, none),
                (signer.public, given, none, none), (signer.public, given, tmp, tmp),
                (signer.public, tmp, message, tmp), (signer.key, given, message,
                                                     signer.key),
                (pkcs1, given, message, pkcs1), (der, given, message, der),
                (nul, given, message, nul), (big, given, message, big),
                (write(tmp + "/text", "text"), given, message, tmp + "/text")):
            said = verify("rs256", key, value, path, status=65)
            expect(f'cannot read file="{named}"' in said.stderr, said)
        said = verify("es256", signer.public, given, message, status=1)
        expect("the key is not for this algorithm" in said.stderr, said)
        verify("rs256", signer.public, given, message, status=0)  # twin


@scenario
def the_size_of_an_rsa_key_has_bounds():
    with folder() as tmp:
        message = put(tmp + "/update", b"update")
        for bits, status in ((1024, 1), (2047, 1), (2048, 0), (4096, 0)):
            signer = Signer(tmp, ("RSA", f"rsa_keygen_bits:{bits}", "-sha256", ()))
            expect(signer.judge("rs256", signer.sign(message), message) == status,
                   bits)
            expect(signer.judge("ps256", signer.sign(message, *PSS), message)
                   == status, bits)


if __name__ == "__main__":
    main()
