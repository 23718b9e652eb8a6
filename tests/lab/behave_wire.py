"""What is no TLS at all, is too old or too weak, or comes in odd pieces."""
import os
import ssl
import struct
import time

import tls
from behaviour import behaviour, close, hold, reset
from tls import CCS, HANDSHAKE, Peer12, Peer13


# --- other languages --------------------------------------------------------

def says(data):
    def play(peer):
        peer.take(1)
        peer.send(data)
        hold(peer)
    return play


def other_language(name, what, data, why="tls", **options):
    play = says(data)
    play.__name__ = name
    behaviour(what, why, **options)(play)


other_language("speaks_http", "plain HTTP",
               b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n")
other_language("speaks_mqtt", "a CONNACK in clear", b"\x20\x02\x00\x00",
               endless=True)  # it is shorter than the head of a record
other_language("speaks_noise", "bytes that mean nothing", bytes(range(256)) * 4)
other_language("speaks_zeros", "64 KB of zeros", bytes(65536))
other_language("record_of_64_kb", "a record of 65535 bytes",
               b"\x16\x03\x03\xff\xff" + bytes(65535))
other_language("message_of_16_mb", "a ServerHello of 16 MB",
               b"\x16\x03\x03\x00\x08\x02\xff\xff\xff\x03\x03\x00\x00",
               endless=True)
other_language("record_of_no_kind", "a record of type 99",
               b"\x63\x03\x03\x00\x02\x01\x01")
other_language("record_of_version_9", "a record of version 9.9",
               b"\x16\x09\x09\x00\x02\x01\x01")
other_language("alert_at_once", "a fatal alert for an answer",
               b"\x15\x03\x03\x00\x02\x02\x28", "refused")
other_language("alert_of_one_byte", "an alert that is cut short",
               b"\x15\x03\x03\x00\x01\x02")


@behaviour("noise without end", "tls")
def floods_noise(peer):
    while True:
        peer.send(os.urandom(65536))


@behaviour("closed after accept", "tls", detail="hung up")
def closes_at_once(peer):
    peer.take(1)
    close(peer)


@behaviour("reset after accept", "tls")
def resets_at_once(peer):
    peer.take(1)
    reset(peer)


# --- old and weak -----------------------------------------------------------

def openssl(name, what, settings, why="refused", **options):
    """A real OpenSSL server that is set to be old or weak."""
    def play(peer):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers(settings.get("suites", "ALL") + ":@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion.TLSv1
        context.maximum_version = settings.get("newest", ssl.TLSVersion.TLSv1_2)
        context.load_cert_chain(peer.chain_file, peer.key.path)
        incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        inside = context.wrap_bio(incoming, outgoing, server_side=True)
        incoming.write(peer.stream.recv(65536))
        try:
            inside.do_handshake()
        except ssl.SSLWantReadError:
            pass
        except ssl.SSLError:
            pass  # its alert is on the way
        peer.send(outgoing.read())
        hold(peer)
    play.__name__ = name
    behaviour(what, why, **options)(play)


openssl("tls_1_0_only", "TLS 1.0 and nothing newer",
        {"newest": ssl.TLSVersion.TLSv1}, "tls", detail="alert 70")
openssl("tls_1_1_only", "TLS 1.1 and nothing newer",
        {"newest": ssl.TLSVersion.TLSv1_1}, "tls", detail="alert 70")
openssl("cbc_only", "suites with CBC alone",
        {"suites": "ECDHE-ECDSA-AES128-SHA256:ECDHE-ECDSA-AES128-SHA"})
openssl("rsa_exchange_only", "suites with RSA key exchange alone",
        {"suites": "AES128-GCM-SHA256"})
openssl("dhe_only", "suites with finite-field DHE alone",
        {"suites": "DHE-RSA-AES128-GCM-SHA256"})
openssl("null_only", "suites without encryption",
        {"suites": "ECDHE-ECDSA-NULL-SHA:NULL-SHA256"})
openssl("nobody_only", "suites without certificates", {"suites": "aNULL"})


@behaviour("ServerHello of TLS 1.0", "tls", Peer12, alert=70)
def rolls_back_to_tls_1_0(peer):
    peer.hello(version=0x0301)
    hold(peer)


@behaviour("ServerHello of TLS 1.1", "tls", Peer12, alert=70)
def rolls_back_to_tls_1_1(peer):
    peer.hello(version=0x0302)
    hold(peer)


@behaviour("ServerHello of SSL 3", "tls", Peer12)
def rolls_back_to_ssl_3(peer):
    peer.hello(version=0x0300)
    hold(peer)


@behaviour("TLS 1.2 with the mark of a server that knows 1.3", "tls", Peer12,
           alert=47)
def downgrade_to_tls_1_2(peer):
    peer.hello(random=os.urandom(24) + tls.DOWNGRADE)
    peer.certificate()
    peer.exchange()
    peer.done()


@behaviour("TLS 1.2 with the mark for TLS 1.1", "tls", Peer12, alert=47)
def downgrade_to_tls_1_1(peer):
    peer.hello(random=os.urandom(24) + b"DOWNGRD\0")
    peer.certificate()
    peer.exchange()
    peer.done()


@behaviour("a suite that was not offered", "tls", Peer12, alert=80)
def suite_not_offered(peer):
    peer.hello(suite=0x002f)  # TLS_RSA_WITH_AES_128_CBC_SHA
    hold(peer)


@behaviour("TLS 1.3 with a suite that was not offered", "tls", Peer13, alert=47)
def suite_13_not_offered(peer):
    peer.hear_hello()
    peer.say(tls.SERVER_HELLO, peer.server_hello(suite=0xc02b))
    hold(peer)


# --- pieces and floods ------------------------------------------------------

ENDLESS = "talks without end"
STALLS = "the server stalls in the handshake"


# mbedTLS wants the four bytes of a message's head in one record.
@behaviour("nothing: records of four bytes, TLS 1.3", None, Peer13)
def short_records_13(peer):
    peer.largest = 4
    peer.shake()


@behaviour("nothing: records of four bytes, TLS 1.2", None, Peer12)
def short_records_12(peer):
    peer.largest = 4
    peer.shake()


@behaviour("records of one byte", "tls", Peer13)
def one_byte_records(peer):
    peer.largest = 1
    peer.shake()


@behaviour("nothing: 16 bytes now and then", None, Peer13)
def short_segments(peer):
    send = peer.send

    def slowly(data):
        for i in range(0, len(data), 16):
            send(data[i:i + 16])
            time.sleep(0.001)
    peer.send = slowly
    peer.shake()


# Whether a byte is there when the time is over is luck: it stalls or talks on.
@behaviour("a byte now and then, without end", "tls", Peer13,
           detail=(STALLS, ENDLESS), endless=True)
def drips(peer):
    peer.hear_hello()
    data = tls.message(tls.SERVER_HELLO, peer.server_hello()) * 99
    data = struct.pack("!BHH", HANDSHAKE, 0x0303, 16000) + data
    for i in range(len(data)):
        peer.send(data[i:i + 1])
        time.sleep(0.05)


@behaviour("empty handshake records without end", "tls", Peer13)
def floods_empty_records(peer):
    peer.take(1)
    while True:
        peer.send(struct.pack("!BHH", HANDSHAKE, 0x0303, 0) * 1000)


@behaviour("warning alerts without end", "tls", Peer12, detail=ENDLESS,
           endless=True)
def floods_warnings(peer):
    peer.take(1)
    while True:
        peer.send(b"\x15\x03\x03\x00\x02\x01\x5a" * 1000)


@behaviour("ChangeCipherSpecs without end", "tls", Peer13, detail=ENDLESS,
           endless=True)
def floods_change_cipher_spec(peer):
    peer.hello()
    while True:
        peer.send(struct.pack("!BHHB", CCS, 0x0303, 1, 1) * 1000)


@behaviour("HelloRequests without end in the handshake", "tls", Peer12)
def floods_hello_requests(peer):
    peer.hear_hello()
    while True:
        peer.send((struct.pack("!BHH", HANDSHAKE, 0x0303, 4) + bytes(4)) * 1000)


# --- stalls -----------------------------------------------------------------


@behaviour("silence after accept", "tls", detail=STALLS, endless=True)
def stalls_after_accept(peer):
    hold(peer)


@behaviour("silence after half a ServerHello", "tls", Peer13, detail=STALLS,
           endless=True)
def stalls_in_server_hello(peer):
    send = peer.send
    peer.send = lambda data: send(data[:len(data) // 2])
    peer.hear_hello()
    peer.say(tls.SERVER_HELLO, peer.server_hello())
    hold(peer)


def stalls(name, what, peer, steps, **options):
    def play(peer):
        for step in steps:
            getattr(peer, step)()
        hold(peer)
    play.__name__ = name
    behaviour("silence after " + what, "tls", peer, detail=STALLS,
              endless=True, **options)(play)


stalls("stalls_after_server_hello", "ServerHello", Peer13, ["hello"])
stalls("stalls_after_extensions", "EncryptedExtensions", Peer13,
       ["hello", "extensions"])
stalls("stalls_after_certificate", "Certificate", Peer13,
       ["hello", "extensions", "certificate"])
stalls("stalls_before_finished", "CertificateVerify", Peer13,
       ["hello", "extensions", "certificate", "verify"])
stalls("stalls_after_server_hello_12", "ServerHello, TLS 1.2", Peer12, ["hello"])
stalls("stalls_after_certificate_12", "Certificate, TLS 1.2", Peer12,
       ["hello", "certificate"])
stalls("stalls_before_done_12", "ServerKeyExchange, TLS 1.2", Peer12,
       ["hello", "certificate", "exchange"])
stalls("stalls_before_finished_12", "the client's Finished, TLS 1.2", Peer12,
       ["hello", "certificate", "exchange", "done"])


# --- resets -----------------------------------------------------------------

def resets(name, what, peer, steps):
    def play(peer):
        for step in steps:
            getattr(peer, step)()
        reset(peer)
    play.__name__ = name
    behaviour("reset after " + what, "tls", peer)(play)


resets("resets_after_server_hello", "ServerHello", Peer13, ["hello"])
resets("resets_after_certificate", "Certificate", Peer13,
       ["hello", "extensions", "certificate"])
resets("resets_before_finished", "CertificateVerify", Peer13,
       ["hello", "extensions", "certificate", "verify"])
resets("resets_after_server_hello_12", "ServerHello, TLS 1.2", Peer12, ["hello"])
resets("resets_after_certificate_12", "Certificate, TLS 1.2", Peer12,
       ["hello", "certificate"])
resets("resets_before_finished_12", "the client's Finished, TLS 1.2", Peer12,
       ["hello", "certificate", "exchange", "done"])
