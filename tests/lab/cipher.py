"""The cryptography of one TLS cipher suite, to play a server that lies:
X25519 (RFC 7748), ChaCha20-Poly1305 (RFC 8439), HKDF and the PRF of TLS 1.2.
For tests: neither fast nor quiet about its secrets."""
import hashlib
import hmac
import struct

P25519 = 2**255 - 19
BASE_POINT = b"\x09" + bytes(31)


def x25519(scalar, point):
    """RFC 7748, section 5."""
    k = int.from_bytes(scalar, "little") & ~7 & ~(1 << 255) | 1 << 254
    u = int.from_bytes(point, "little") & (1 << 255) - 1
    x2, z2, x3, z3, swap = 1, 0, u, 1, 0
    for bit in reversed(range(255)):
        if swap ^ (k >> bit & 1):
            x2, z2, x3, z3 = x3, z3, x2, z2
        swap = k >> bit & 1
        a, b, c, d = x2 + z2, x2 - z2, x3 + z3, x3 - z3
        e = (a * a - b * b) % P25519
        da, cb = d * a % P25519, c * b % P25519
        x3, z3 = (da + cb)**2 % P25519, u * (da - cb)**2 % P25519
        x2, z2 = a * a * b * b % P25519, e * (a * a + 121665 * e) % P25519
    if swap:
        x2, z2 = x3, z3
    return (x2 * pow(z2, -1, P25519) % P25519).to_bytes(32, "little")


def _quarter(s, a, b, c, d):
    for x, y, z, turn in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8),
                          (c, d, b, 7)):
        s[x] = s[x] + s[y] & 0xffffffff
        word = s[z] ^ s[x]
        s[z] = (word << turn | word >> 32 - turn) & 0xffffffff


def _block(key, counter, nonce):
    start = struct.unpack("<16I", b"expand 32-byte k" + key +
                          struct.pack("<I", counter) + nonce)
    s = list(start)
    for _ in range(10):
        for i in range(4):
            _quarter(s, i, i + 4, i + 8, i + 12)
        for i in range(4):
            _quarter(s, i, (i + 1) % 4 + 4, (i + 2) % 4 + 8, (i + 3) % 4 + 12)
    return struct.pack("<16I", *((a + b) & 0xffffffff for a, b in zip(s, start)))


def _stream(key, nonce, data):
    pad = b"".join(_block(key, i + 1, nonce)
                   for i in range((len(data) + 63) // 64))
    return bytes(a ^ b for a, b in zip(data, pad))


def _tag(key, nonce, text, extra):
    secret = _block(key, 0, nonce)
    r = int.from_bytes(secret[:16], "little") & 0x0ffffffc0ffffffc0ffffffc0fffffff
    data = (extra + bytes(-len(extra) % 16) + text + bytes(-len(text) % 16) +
            struct.pack("<QQ", len(extra), len(text)))
    total = 0
    for i in range(0, len(data), 16):
        total = (total + int.from_bytes(data[i:i + 16] + b"\1", "little")) * r \
            % (2**130 - 5)
    total += int.from_bytes(secret[16:32], "little")
    return (total & 2**128 - 1).to_bytes(16, "little")


def seal(key, nonce, text, extra):
    text = _stream(key, nonce, text)
    return text + _tag(key, nonce, text, extra)


def unseal(key, nonce, data, extra):
    text, tag = data[:-16], data[-16:]
    if _tag(key, nonce, text, extra) != tag:
        raise ValueError("the record's tag is wrong")
    return _stream(key, nonce, text)


def hmac256(key, data):
    return hmac.digest(key, data, "sha256")


def expand(secret, label, context, size):
    """HKDF-Expand-Label of RFC 8446, section 7.1; up to 32 bytes."""
    label = b"tls13 " + label
    info = (struct.pack("!HB", size, len(label)) + label +
            bytes([len(context)]) + context)
    return hmac256(secret, info + b"\1")[:size]


def prf(secret, label, seed, size):
    """RFC 5246, section 5."""
    seed, out = label + seed, b""
    a = seed
    while len(out) < size:
        a = hmac256(secret, a)
        out += hmac256(secret, a + seed)
    return out[:size]


def digest(data):
    return hashlib.sha256(data).digest()
