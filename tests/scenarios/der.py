"""DER for tests that spoil certificates: a tree of [tag, content], where the
content of a constructed item is a list of items and else bytes."""
import base64
import re

SEQUENCE, SET, OID, OCTETS, BITS, BOOLEAN, INTEGER = 48, 49, 6, 4, 3, 1, 2
UTF8, PRINTABLE, IA5, UTC, GENERALIZED = 12, 19, 22, 23, 24


def parse(data):
    items = []
    while data:
        tag, length, start = data[0], data[1], 2
        if length & 0x80:
            start += length & 0x7f
            length = int.from_bytes(data[2:start], "big")
        content = data[start:start + length]
        items.append([tag, parse(content) if tag & 0x20 else content])
        data = data[start + length:]
    return items


def encode(item):
    tag, content = item
    if isinstance(content, list):
        content = b"".join(map(encode, content))
    length = len(content)
    if length < 0x80:
        head = bytes([length])
    else:
        size = (length.bit_length() + 7) // 8
        head = bytes([0x80 | size]) + length.to_bytes(size, "big")
    return bytes([tag]) + head + content


def oid(dotted):
    first, second, *rest = map(int, dotted.split("."))
    out = bytes([first * 40 + second])
    for number in rest:
        digits = [number & 0x7f]
        while number := number >> 7:
            digits.append(0x80 | number & 0x7f)
        out += bytes(reversed(digits))
    return [OID, out]


def unpem(text):
    """The DER of each certificate in a PEM text."""
    return [base64.b64decode(block) for block in re.findall(
        "-----BEGIN CERTIFICATE-----(.*?)-----END", text, re.S)]


def pem(data):
    return ("-----BEGIN CERTIFICATE-----\n" +
            base64.encodebytes(data).decode() + "-----END CERTIFICATE-----\n")


class Certificate:
    """The parts of a certificate, to be changed in place."""

    def __init__(self, data):
        self.tree = parse(data)[0]
        self.tbs, self.algorithm, self.signature = self.tree[1]
        (self.version, self.serial, self.inner, self.issuer, self.validity,
         self.subject, self.spki, extensions) = self.tbs[1]
        self.extensions = extensions[1][0][1]

    def pem(self):
        return pem(encode(self.tree))

    def attribute(self, dotted):
        """[string type, value] of a subject's attribute."""
        for rdn in self.subject[1]:
            if rdn[1][0][1][0] == oid(dotted):
                return rdn[1][0][1][1]
        raise KeyError(dotted)

    def extension(self, dotted):
        for extension in self.extensions:
            if extension[1][0] == oid(dotted):
                return extension
        raise KeyError(dotted)

    def value(self, dotted):
        """The OCTET STRING of an extension."""
        return self.extension(dotted)[1][-1]

    def remove(self, dotted):
        self.extensions.remove(self.extension(dotted))

    def add(self, dotted, value, critical=False):
        flag = [[BOOLEAN, b"\xff"]] if critical else []
        self.extensions.append(
            [SEQUENCE, [oid(dotted), *flag, [OCTETS, encode(value)]]])

    def set_critical(self, dotted, critical):
        extension = self.extension(dotted)[1]
        extension[1:-1] = [[BOOLEAN, b"\xff"]] if critical else []
