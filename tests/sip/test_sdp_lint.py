"""What is wrong with answers, in the words of the causes; and what must never be called wrong."""

from __future__ import annotations

from typing import Any, get_args

import pytest

from callsphere.sip.causes import CAUSES
from callsphere.sip.sdp import (
    LocalAudio,
    build_answer,
    build_offer,
    encryption_agrees,
    encryption_of,
    is_private_address,
    lint_answer,
    parse_sdp,
    redact_keys,
)
from callsphere.sip.sdp.encryption import Encryption
from tests.sip.test_sdp_offer_answer import CRYPTO, LOCAL, REMOTE, sdp

PUBLIC = "198.51.100.7"
FINGERPRINT = "a=fingerprint:sha-256 4A:AD:B9:B1:3F:82:18:3B:54:02:12:DF:3E:5D:49:6B:19:E5:7C:AB"
SDES = (f"a=crypto:{CRYPTO}",)
PLAIN_OFFER = build_offer(LOCAL)
SRTP_OFFER = build_offer(LocalAudio("192.0.2.1", 40000, 77, crypto=CRYPTO))


def lint(lines: tuple[str, ...], *, srtp: bool = False, signalling: str = PUBLIC, **given: Any) -> list[str]:
    """The causes found in an answer with these lines."""
    offer = SRTP_OFFER if srtp else PLAIN_OFFER
    findings = lint_answer(offer, sdp(*lines, **given).to_bytes(), signalling)
    assert all(finding.cause in CAUSES and finding.detail for finding in findings)
    return [finding.cause for finding in findings]


HEALTHY: list[tuple[str, ...]] = [
    ("m=audio 4000 RTP/AVP 0",),
    ("m=audio 4000 RTP/AVP 8 101", "a=rtpmap:101 telephone-event/8000", "a=sendrecv"),
    ("m=audio 4000 RTP/AVP 0 96", "a=rtpmap:96 telephone-event/8000"),
    ("m=audio 4000 RTP/AVP 100", "a=rtpmap:100 PCMU/8000"),
    ("m=audio 4000 RTP/AVP 0 101",),
    ("m=audio 4000 RTP/AVPF 0",),
    ("m=audio 4000 RTP/AVP 0", "a=inactive"),
    ("m=audio 4000 RTP/AVP 0", "c=IN IP4 198.51.100.8"),
    ("m=audio 4000 RTP/AVP 0", "c=IN IP4 0.0.0.0"),
    ("m=audio 4000 RTP/AVP 0", "c=IN IP4 media.example.com"),
    ("m=audio 4000 RTP/AVP 0", "m=video 0 RTP/AVP 31"),
    ("m=audio 0 RTP/AVP 8", "m=audio 4000 RTP/AVP 0"),
    ("m=audio 4000 RTP/AVP 18 0", "a=fmtp:18 annexb=no"),
    ("m=audio 4000 RTP/AVP 0", *SDES),  # keys beside a plain profile bind nobody
    ("m=audio 4000 RTP/AVP 0", FINGERPRINT, "a=setup:actpass", "a=candidate:1 1 UDP 1 10.0.0.1 1 typ host"),
]


@pytest.mark.parametrize("lines", HEALTHY)
def test_healthy_answers(lines: tuple[str, ...]) -> None:
    assert lint(lines) == []


def test_our_own_answers_are_healthy() -> None:
    for offer, local in ((PLAIN_OFFER, REMOTE), (SRTP_OFFER, LocalAudio(PUBLIC, 5000, 1, crypto=CRYPTO))):
        assert lint_answer(offer, build_answer(local, offer).to_bytes(), PUBLIC) == []


@pytest.mark.parametrize("body", [None, b"", b"garbage", b"v=0\r\n", b"v=0\r\nm=video 1 RTP/AVP 31\r\n"])
def test_missing_descriptions(body: bytes | None) -> None:
    assert [finding.cause for finding in lint_answer(PLAIN_OFFER, body, PUBLIC)] == ["sdp_missing"]


def test_a_description_without_an_address() -> None:
    assert lint(("m=audio 4000 RTP/AVP 0",), connection=None) == ["sdp_missing"]


NO_CODEC: list[tuple[str, ...]] = [
    ("m=audio 4000 RTP/AVP 18",),
    ("m=audio 4000 RTP/AVP 101",),
    ("m=audio 4000 RTP/AVP 96", "a=rtpmap:96 opus/48000/2"),
    ("m=audio 4000 RTP/AVP 99",),
    ("m=audio 0 RTP/AVP 0",),
    ("m=audio 0 RTP/AVP 0 8 101", "m=video 4000 RTP/AVP 31"),
]


@pytest.mark.parametrize("lines", NO_CODEC)
def test_no_common_codec(lines: tuple[str, ...]) -> None:
    assert lint(lines) == ["sdp_no_common_codec"]


DTLS = ("m=audio 4000 UDP/TLS/RTP/SAVP 0", FINGERPRINT)
# Answer, whether SRTP was offered → whether that is a mismatch.
PROTECTION: list[tuple[tuple[str, ...], tuple[str, ...], bool, bool]] = [
    (("m=audio 4000 RTP/SAVP 0", *SDES), (), False, True),
    (("m=audio 4000 RTP/SAVP 0", *SDES), (), True, False),
    (("m=audio 4000 RTP/SAVPF 0", *SDES), (), True, False),
    (("m=audio 4000 RTP/SAVP 0",), SDES, True, False),  # keys at session level
    (("m=audio 4000 RTP/SAVP 0",), SDES, False, True),
    (("m=audio 4000 RTP/SAVP 0",), (), True, True),  # no key, no call
    (("m=audio 4000 RTP/SAVP 0",), (), False, True),
    (("m=audio 4000 RTP/AVP 0",), (), True, True),
    (("m=audio 4000 RTP/AVP 0", *SDES), (), True, True),
    (DTLS, (), False, True),
    (DTLS, (), True, True),
    (("m=audio 4000 RTP/SAVP 0",), (FINGERPRINT,), True, True),
    (("m=audio 0 RTP/SAVP 0",), (), True, True),
    (("m=audio 0 RTP/AVP 0",), (), True, True),
    (("m=audio 0 RTP/SAVP 0",), (), False, True),
]


@pytest.mark.parametrize(("lines", "session", "srtp", "mismatch"), PROTECTION)
def test_encryption(lines: tuple[str, ...], session: tuple[str, ...], srtp: bool, mismatch: bool) -> None:
    assert lint(lines, srtp=srtp, session=session) == (["sdp_encryption_mismatch"] if mismatch else [])


KINDS = [
    (("m=audio 1 RTP/AVP 0",), "none"),
    (("m=audio 1 RTP/AVP 0", *SDES), "optional"),
    (("m=audio 1 RTP/SAVP 0", *SDES), "sdes"),
    (("m=audio 1 rtp/savpf 0", FINGERPRINT), "dtls"),
    (("m=audio 1 UDP/TLS/RTP/SAVPF 0",), "dtls"),
    (("m=audio 1 RTP/SAVP 0",), "keyless"),
    (("m=audio 1 TCP/RTP/AVP 0",), "none"),
]


@pytest.mark.parametrize(("lines", "kind"), KINDS)
def test_kinds_of_protection(lines: tuple[str, ...], kind: str) -> None:
    description = sdp(*lines)
    assert encryption_of(description, description.media[0]) == kind


def test_what_agrees() -> None:
    kinds = get_args(Encryption)
    agreeing = {(a, b) for a in kinds for b in kinds if encryption_agrees(a, b)}
    assert agreeing == {
        *(("none", "none"), ("none", "optional"), ("optional", "none"), ("optional", "optional")),
        *(("sdes", "sdes"), ("dtls", "dtls"), ("keyless", "keyless")),
    }


ADDRESSES = [
    ("10.0.0.1", True),
    ("10.255.255.255", True),
    ("11.0.0.1", False),
    ("172.15.255.255", False),
    ("172.16.0.0", True),
    ("172.31.255.255", True),
    ("172.32.0.0", False),
    ("192.168.1.1", True),
    ("192.169.0.1", False),
    ("100.63.255.255", False),
    ("100.64.0.1", True),
    ("100.127.255.255", True),
    ("100.128.0.0", False),
    ("169.254.1.1", True),
    ("127.0.0.1", True),
    ("0.0.0.0", False),
    ("203.0.113.5", False),
    ("198.18.0.1", False),
    ("fe80::1", True),
    ("fe80::1%eth0", True),
    ("fc00::1", True),
    ("fd12:3456::1", True),
    ("::1", True),
    ("::", False),
    ("::ffff:10.0.0.1", True),
    ("::ffff:203.0.113.1", False),
    ("[fd00::1]", True),
    ("2001:db8::1", False),
    ("media.example.com", False),
    ("10.0.0", False),
    ("", False),
]


@pytest.mark.parametrize(("address", "private"), ADDRESSES)
def test_private_addresses(address: str, private: bool) -> None:
    assert is_private_address(address) is private


WHERE = [
    ("10.0.0.5", PUBLIC, True),
    ("192.168.1.5", "2001:db8::7", True),
    ("fd00::5", PUBLIC, True),
    ("127.0.0.1", PUBLIC, True),
    ("100.64.9.9", PUBLIC, True),
    ("10.0.0.5", "10.0.0.1", False),
    ("10.0.0.5", "127.0.0.1", False),
    ("127.0.0.1", "127.0.0.1", False),
    ("203.0.113.9", PUBLIC, False),
    ("203.0.113.9", "10.0.0.1", False),
    ("0.0.0.0", PUBLIC, False),
]


@pytest.mark.parametrize(("media", "signalling", "warned"), WHERE)
def test_private_media_with_public_signalling(media: str, signalling: str, warned: bool) -> None:
    found = lint(("m=audio 4000 RTP/AVP 0",), connection=media, signalling=signalling)
    assert found == (["sdp_private_address"] if warned else [])


def test_the_address_of_the_stream_beats_that_of_the_session() -> None:
    assert lint(("m=audio 4000 RTP/AVP 0", f"c=IN IP4 {PUBLIC}"), connection="10.0.0.5") == []
    assert lint(("m=audio 4000 RTP/AVP 0", "c=IN IP4 10.0.0.5")) == ["sdp_private_address"]


def test_details_say_what_was_seen() -> None:
    body = sdp("m=audio 4000 RTP/AVP 18 4").to_bytes()
    assert lint_answer(PLAIN_OFFER, body, PUBLIC)[0].detail == (
        "Offered: PCMU, PCMA, telephone-event. Answered: G729, G723."
    )


def test_keys_are_kept_out_of_traces() -> None:
    secret = "d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"
    body = str(SRTP_OFFER).encode() + b"a=crypto:2 X inline:%b|2^20;inline:%b\r\n" % ((secret.encode(),) * 2)
    body += b"k=base64:" + secret.encode() + b"\na=ice-pwd:" + secret.encode() + b"\r\n"
    redacted = redact_keys(body)
    assert secret.encode() not in redacted
    assert b"a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:[redacted]\r\n" in redacted
    assert parse_sdp(redacted).media[0].port == 40000
    assert redact_keys(str(PLAIN_OFFER).encode()) == str(PLAIN_OFFER).encode()
