"""Handshakes in which something is false, missing, or said twice."""
import struct

import der
import tls
from behaviour import behaviour, hold
from forge import flip_last_bit, name
from tls import CCS, CERTIFICATE, DATA, FINISHED, HANDSHAKE, Peer12, Peer13

BAD_MAC, DECRYPT_ERROR, UNEXPECTED, ILLEGAL = 20, 51, 10, 47
MISSING, UNSUPPORTED, DECODE = 109, 110, 50


# --- TLS 1.3 ----------------------------------------------------------------

@behaviour("a wrong Finished", "tls", Peer13, alert=DECRYPT_ERROR)
def finished_wrong(peer):
    peer.hello()
    peer.extensions()
    peer.certificate()
    peer.verify()
    peer.say_finished(flip_last_bit)
    hold(peer)


@behaviour("a Finished of no bytes", "tls", Peer13)
def finished_empty(peer):
    peer.hello()
    peer.extensions()
    peer.certificate()
    peer.verify()
    peer.say_finished(lambda _: b"")
    hold(peer)


@behaviour("a bit of CertificateVerify", "tls", Peer13, alert=DECRYPT_ERROR)
def verify_flipped(peer):
    peer.hello()
    peer.extensions()
    peer.certificate()
    peer.verify(spoil=flip_last_bit)
    peer.say_finished()
    hold(peer)


@behaviour("the certificate's, not its key", "tls", Peer13, alert=DECRYPT_ERROR)
def verify_by_another_key(peer):
    peer.hello()
    peer.extensions()
    peer.certificate()
    peer.verify(key=peer.thief)
    peer.say_finished()
    hold(peer)


@behaviour("CertificateVerify with a scheme not offered", "tls", Peer13)
def verify_with_sha1(peer):
    peer.hello()
    peer.extensions()
    peer.certificate()
    peer.verify(scheme=0x0203)
    peer.say_finished()
    hold(peer)


@behaviour("no CertificateVerify", "tls", Peer13, alert=UNEXPECTED)
def verify_missing(peer):
    peer.hello()
    peer.extensions()
    peer.certificate()
    peer.say_finished()
    hold(peer)


@behaviour("no Certificate and no CertificateVerify", "tls", Peer13,
           alert=UNEXPECTED)
def certificate_missing(peer):
    peer.hello()
    peer.extensions()
    peer.say_finished()
    hold(peer)


@behaviour("no EncryptedExtensions", "tls", Peer13, alert=UNEXPECTED)
def extensions_missing(peer):
    peer.hello()
    peer.certificate()
    peer.verify()
    peer.say_finished()
    hold(peer)


@behaviour("Certificate twice", "tls", Peer13, alert=UNEXPECTED)
def certificate_twice(peer):
    peer.hello()
    peer.extensions()
    peer.certificate()
    peer.certificate()
    peer.verify()
    peer.say_finished()
    hold(peer)


@behaviour("CertificateRequest twice", "tls", Peer13, alert=UNEXPECTED)
def request_twice(peer):
    peer.hello()
    peer.extensions()
    peer.request()
    peer.request()
    hold(peer)


@behaviour("MQTT before Finished", "tls", Peer13)
def data_before_finished(peer):
    peer.hello()
    peer.extensions()
    peer.record(DATA, b"\x20\x02\x00\x00")
    hold(peer)


@behaviour("MQTT in clear after ServerHello", "tls", Peer13)
def data_in_clear(peer):
    peer.hello()
    peer.write_half = None
    peer.record(DATA, b"\x20\x02\x00\x00" * 8)
    hold(peer)


@behaviour("EncryptedExtensions in clear", "tls", Peer13)
def extensions_in_clear(peer):
    peer.hello()
    peer.write_half = None
    peer.extensions()
    hold(peer)


@behaviour("a record that was changed on the way", "tls", Peer13, alert=BAD_MAC)
def record_changed(peer):
    peer.hello()
    kind, data = peer.protect(HANDSHAKE, tls.message(8, b"\0\0"))
    peer.send(struct.pack("!BHH", kind, 0x0303, len(data)) +
              flip_last_bit(data))
    hold(peer)


@behaviour("HelloRetryRequest twice", "tls", Peer13, alert=UNEXPECTED)
def retry_twice(peer):
    peer.hear_hello()
    peer.retry(0x0017)
    peer.hear(tls.CLIENT_HELLO)
    peer.retry(0x0018)
    hold(peer)


@behaviour("HelloRetryRequest for the group that was sent", "tls", Peer13,
           alert=ILLEGAL)
def retry_for_the_same(peer):
    peer.hear_hello()
    peer.retry(tls.X25519)
    hold(peer)


@behaviour("HelloRetryRequest for a group not offered", "tls", Peer13)
def retry_for_another(peer):
    peer.hear_hello()
    peer.retry(0x0019)  # secp521r1
    hold(peer)


@behaviour("another session id than ours", "tls", Peer13, alert=ILLEGAL)
def session_not_ours(peer):
    peer.hear_hello()
    peer.say(tls.SERVER_HELLO, peer.server_hello(session=b"\7" * 32))
    hold(peer)


@behaviour("TLS 1.3 without a key share", "tls", Peer13)
def share_missing(peer):
    peer.hear_hello()
    peer.say(tls.SERVER_HELLO, peer.server_hello(share=False, group=None))
    hold(peer)


@behaviour("a key share of zeros", "tls", Peer13)
def share_of_zeros(peer):
    peer.point = bytes(32)
    peer.hear_hello()
    peer.say(tls.SERVER_HELLO, peer.server_hello())
    hold(peer)


@behaviour("supported_versions names TLS 1.2", "tls", Peer13)
def version_12_in_13(peer):
    peer.hear_hello()
    peer.say(tls.SERVER_HELLO, peer.server_hello(version=0x0303))
    hold(peer)


@behaviour("a list of no certificates", "tls", Peer13)
def certificate_list_empty(peer):
    peer.links = []
    peer.hello()
    peer.extensions()
    peer.certificate()
    hold(peer)


@behaviour("nothing: CertificateRequest names another CA", None, Peer13,
           paths=["mqtt", "alpn"])
def request_for_another_ca(peer):
    peer.hello()
    peer.extensions()
    peer.request([der.encode(name("O=Elsewhere,CN=Other CA"))])
    peer.certificate()
    peer.verify()
    peer.finish()
    # RFC 8446, 4.2.4: a hint; the server judges what it gets.
    if max((size for kind, size in peer.heard if kind == CERTIFICATE),
           default=0) < 200:
        raise ValueError(f"no certificate came: {peer.heard}")


# --- TLS 1.2 ----------------------------------------------------------------

@behaviour("a wrong Finished, TLS 1.2", "tls", Peer12, alert=DECRYPT_ERROR)
def finished_wrong_12(peer):
    peer.hello()
    peer.certificate()
    peer.exchange()
    peer.done()
    peer.finish(flip_last_bit)
    hold(peer)


@behaviour("a bit of ServerKeyExchange's signature", "tls", Peer12,
           alert=DECRYPT_ERROR)
def exchange_flipped(peer):
    peer.hello()
    peer.certificate()
    peer.exchange(spoil=flip_last_bit)
    hold(peer)


@behaviour("the certificate's, not its key, TLS 1.2", "tls", Peer12,
           alert=DECRYPT_ERROR)
def exchange_by_another_key(peer):
    peer.hello()
    peer.certificate()
    peer.exchange(key=peer.thief)
    hold(peer)


@behaviour("ServerKeyExchange signed with SHA-1", "tls", Peer12)
def exchange_with_sha1(peer):
    peer.hello()
    peer.certificate()
    peer.exchange(scheme=0x0203, digest="sha1")
    hold(peer)


# It calls again without RSA-PSS, and we do not answer.
@behaviour("ServerKeyExchange on P-521", "tls", Peer12, endless=True)
def exchange_on_p521(peer):
    peer.hello()
    peer.certificate()
    peer.exchange(group=0x0019)
    hold(peer)


@behaviour("no ServerKeyExchange", "tls", Peer12, alert=UNEXPECTED)
def exchange_missing(peer):
    peer.hello()
    peer.certificate()
    peer.say(tls.DONE, b"")
    hold(peer)


@behaviour("no Certificate, TLS 1.2", "tls", Peer12, alert=UNEXPECTED)
def certificate_missing_12(peer):
    peer.hello()
    peer.exchange()
    hold(peer)


@behaviour("ChangeCipherSpec too early (CVE-2014-0224)", "tls", Peer12)
def change_cipher_spec_early(peer):
    peer.hello()
    peer.certificate()
    peer.exchange()
    peer.record(CCS, b"\1")
    hold(peer)


@behaviour("no ChangeCipherSpec before Finished", "tls", Peer12)
def change_cipher_spec_missing(peer):
    peer.hello()
    peer.certificate()
    peer.exchange()
    peer.done()
    peer.say(FINISHED, bytes(12))
    hold(peer)


@behaviour("straight to Finished (CVE-2015-0205 and its like)", "tls", Peer12)
def all_skipped(peer):
    peer.hello()
    peer.certificate()
    peer.record(CCS, b"\1")
    peer.say(FINISHED, bytes(12))
    hold(peer)


# --- ALPN -------------------------------------------------------------------

@behaviour("ALPN is ignored", "tls", Peer13, paths=["alpn"], detail="ALPN")
def alpn_ignored(peer):
    peer.protocol = None
    peer.shake()
    hold(peer)


@behaviour("ALPN is ignored, TLS 1.2", "tls", Peer12, paths=["alpn"],
           detail="ALPN")
def alpn_ignored_12(peer):
    peer.protocol = None
    peer.shake()
    hold(peer)


@behaviour("ALPN for HTTP", "tls", Peer13, paths=["alpn"])
def alpn_of_another(peer):
    peer.protocol = "http/1.1"
    peer.hello()
    peer.extensions()
    hold(peer)


@behaviour("the alert no_application_protocol", "tls", Peer13, paths=["alpn"],
           detail="120")
def alpn_refused(peer):
    peer.hear_hello()
    peer.alert(2, 120)
    hold(peer)


@behaviour("ALPN where none was offered", "tls", Peer13, paths=["mqtt"],
           alert=UNSUPPORTED)
def alpn_unasked(peer):
    peer.protocol = "x-amzn-mqtt-ca"
    peer.hello()
    peer.extensions()
    hold(peer)
