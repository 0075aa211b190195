"""Offers and answers: versions, formats, directions, streams."""

from __future__ import annotations

import pytest

from callsphere.sip.sdp import (
    Codec,
    LocalAudio,
    MediaSession,
    OfferRefused,
    SdpError,
    SessionDescription,
    answer_direction,
    build_answer,
    build_offer,
    codecs_of,
    common_codecs,
    direction_of,
    encryption_of,
    hold_honoured,
    parse_sdp,
)

LOCAL = LocalAudio("192.0.2.1", 40000, session_id=77)
REMOTE = LocalAudio("198.51.100.7", 50000, session_id=99)
CRYPTO = "1 AES_CM_128_HMAC_SHA1_80 inline:d0RmdmcmVCspeEc3QGZiNWpVLFJhQX1cfHAwJSoj"


def sdp(
    *lines: str, connection: str | None = "198.51.100.7", session: tuple[str, ...] = ()
) -> SessionDescription:
    """A description of the peer's with these lines from the first m= on."""
    head = ["v=0", "o=- 9 9 IN IP4 198.51.100.7", "s=-"]
    if connection is not None:
        head.append(f"c=IN IP{6 if ':' in connection else 4} {connection}")
    return parse_sdp("".join(f"{line}\r\n" for line in [*head, "t=0 0", *session, *lines]).encode())


def direction(description: SessionDescription) -> str:
    """The direction of the audio."""
    assert description.audio is not None
    return direction_of(description, description.audio)


def version(description: SessionDescription) -> int:
    """The version in o=."""
    assert description.origin is not None
    return int(description.origin.version)


def test_the_first_offer() -> None:
    assert str(build_offer(LOCAL)).split("\r\n") == [
        "v=0",
        "o=- 77 1 IN IP4 192.0.2.1",
        "s=-",
        "c=IN IP4 192.0.2.1",
        "t=0 0",
        "m=audio 40000 RTP/AVP 0 8 101",
        "a=rtpmap:0 PCMU/8000",
        "a=rtpmap:8 PCMA/8000",
        "a=rtpmap:101 telephone-event/8000",
        "a=fmtp:101 0-15",
        "a=ptime:20",
        "a=sendrecv",
        "",
    ]


def test_offers_over_ipv6_and_with_srtp() -> None:
    offer = build_offer(LocalAudio("2001:db8::1", 4000, 1, crypto=CRYPTO))
    assert offer.audio is not None
    assert str(offer.connection) == "IN IP6 2001:db8::1"
    assert (offer.audio.protocol, offer.audio.values("crypto")) == ("RTP/SAVP", [CRYPTO])
    assert encryption_of(offer, offer.audio) == "sdes"


# Offered, wanted → answered, both seen from who says it (RFC 3264 §6.1).
DIRECTIONS = [
    ("sendrecv", "sendrecv", "sendrecv"),
    ("sendrecv", "sendonly", "sendonly"),
    ("sendrecv", "recvonly", "recvonly"),
    ("sendrecv", "inactive", "inactive"),
    ("sendonly", "sendrecv", "recvonly"),
    ("sendonly", "sendonly", "inactive"),
    ("sendonly", "recvonly", "recvonly"),
    ("sendonly", "inactive", "inactive"),
    ("recvonly", "sendrecv", "sendonly"),
    ("recvonly", "sendonly", "sendonly"),
    ("recvonly", "recvonly", "inactive"),
    ("recvonly", "inactive", "inactive"),
    ("inactive", "sendrecv", "inactive"),
    ("inactive", "sendonly", "inactive"),
    ("inactive", "recvonly", "inactive"),
    ("inactive", "inactive", "inactive"),
]


@pytest.mark.parametrize(("offered", "wanted", "answered"), DIRECTIONS)
def test_directions_of_answers(offered: str, wanted: str, answered: str) -> None:
    assert answer_direction(offered, wanted) == answered
    offer = build_offer(REMOTE, offered)
    assert direction(build_answer(LOCAL, offer, wanted)) == answered


AUDIO = "m=audio 4000 RTP/AVP 0"
# Description → direction of its audio.
READ = [
    (sdp(AUDIO), "sendrecv"),
    (sdp(AUDIO, "a=sendonly"), "sendonly"),
    (sdp(AUDIO, "a=SendOnly"), "sendonly"),
    (sdp(AUDIO, session=("a=recvonly",)), "recvonly"),
    (sdp(AUDIO, "a=sendrecv", session=("a=inactive",)), "sendrecv"),
    (sdp("m=video 1 RTP/AVP 31", "a=inactive", AUDIO), "sendrecv"),
    (sdp("m=audio 0 RTP/AVP 0"), "inactive"),
    (sdp(AUDIO, connection="0.0.0.0"), "sendonly"),
    (sdp(AUDIO, "a=recvonly", connection="0.0.0.0"), "inactive"),
    (sdp(AUDIO, "a=inactive", connection="0.0.0.0"), "inactive"),
    (sdp(AUDIO, "c=IN IP4 0.0.0.0"), "sendonly"),
    (sdp(AUDIO, "c=IN IP4 198.51.100.8", connection="0.0.0.0"), "sendrecv"),
    (sdp(AUDIO, connection="::"), "sendonly"),
    (sdp(AUDIO, connection=None), "sendrecv"),
]


@pytest.mark.parametrize(("description", "expected"), READ)
def test_reading_directions(description: SessionDescription, expected: str) -> None:
    assert direction(description) == expected


# Answer to our hold → whether it keeps the peer silent.
HOLDS = [
    (sdp(AUDIO, "a=recvonly"), True),
    (sdp(AUDIO, "a=inactive"), True),
    (sdp(AUDIO, session=("a=recvonly",)), True),
    (sdp("m=audio 0 RTP/AVP 0"), True),
    (sdp(AUDIO, connection="0.0.0.0"), True),
    (sdp(AUDIO, "a=sendrecv", connection="0.0.0.0"), True),
    (sdp(AUDIO, "c=IN IP4 0.0.0.0"), True),
    (sdp(AUDIO), False),
    (sdp(AUDIO, "a=sendrecv"), False),
    (sdp(AUDIO, "a=sendonly"), False),
    (sdp(AUDIO, "a=sendrecv", session=("a=recvonly",)), False),
]


@pytest.mark.parametrize(("answer", "honoured"), HOLDS)
def test_whether_hold_is_honoured(answer: SessionDescription, honoured: bool) -> None:
    assert answer.audio is not None
    assert hold_honoured(answer, answer.audio) is honoured


def test_hold_by_address_is_answered_as_hold() -> None:
    assert direction(build_answer(LOCAL, sdp(AUDIO, connection="0.0.0.0"))) == "recvonly"


FORMATS = [
    # Static numbers need no rtpmap (RFC 3551 §6).
    (sdp("m=audio 1 RTP/AVP 0 8 18 3"), ["PCMU", "PCMA", "G729", "GSM"]),
    (sdp("m=audio 1 RTP/AVP 96 0", "a=rtpmap:96 opus/48000/2"), ["opus", "PCMU"]),
    # A rtpmap beats the static meaning; unexplained and impossible numbers are left out.
    (sdp("m=audio 1 RTP/AVP 0 98", "a=rtpmap:0 PCMA/8000"), ["PCMA"]),
    (sdp("m=audio 1 RTP/AVP x 999999 0"), ["PCMU"]),
    (sdp("m=audio 1 RTP/AVP 97", "a=rtpmap:97"), []),
    (sdp("m=audio 1 RTP/AVP 97", "a=rtpmap:97 x"), []),
    (sdp("m=audio 1 RTP/AVP 0 0"), ["PCMU"]),
]


@pytest.mark.parametrize(("description", "names"), FORMATS)
def test_formats_of_a_stream(description: SessionDescription, names: list[str]) -> None:
    assert [codec.name for codec in codecs_of(description.media[0])] == names


# Lines of an answer to PCMU 0, PCMA 8, telephone-event 101 → common speech formats.
COMMON = [
    (("m=audio 1 RTP/AVP 0 101", "a=rtpmap:101 telephone-event/8000"), ["PCMU"]),
    (("m=audio 1 RTP/AVP 8 0",), ["PCMA", "PCMU"]),
    (("m=audio 1 RTP/AVP 96", "a=rtpmap:96 pcmu/8000/1"), ["pcmu"]),
    (("m=audio 1 RTP/AVP 100", "a=rtpmap:100 PCMA/8000"), ["PCMA"]),
    (("m=audio 1 RTP/AVP 101",), []),  # keypad tones alone, explained by the offer
    (("m=audio 1 RTP/AVP 13 101",), []),
    (("m=audio 1 RTP/AVP 18",), []),
    (("m=audio 1 RTP/AVP 96", "a=rtpmap:96 PCMU/16000"), []),
    (("m=audio 1 RTP/AVP 96", "a=rtpmap:96 PCMU/8000/2"), []),
    (("m=audio 1 RTP/AVP 0", "a=rtpmap:0 G729/8000"), []),
]


@pytest.mark.parametrize(("lines", "names"), COMMON)
def test_common_formats(lines: tuple[str, ...], names: list[str]) -> None:
    offer = build_offer(LOCAL)
    assert [codec.name for codec in common_codecs(offer.media[0], sdp(*lines).media[0])] == names


def test_g722_is_the_same_at_either_rate() -> None:
    assert Codec(9, "G722", 8000).key == Codec(96, "g722", 16000).key


def test_an_answer_uses_the_numbers_and_the_order_of_the_offer() -> None:
    offer = sdp(
        "m=audio 4000 RTP/AVP 18 96 8 111 110",
        "a=rtpmap:96 PCMU/8000",
        "a=rtpmap:110 telephone-event/8000",
        "a=rtpmap:111 telephone-event/48000",
        "a=fmtp:110 0-16",
    )
    answer = build_answer(LOCAL, offer)
    assert answer.media[0].formats == ("96", "8", "110")
    assert answer.media[0].values("rtpmap") == ["96 PCMU/8000", "8 PCMA/8000", "110 telephone-event/8000"]
    assert answer.media[0].values("fmtp") == ["110 0-15"]
    assert (answer.media[0].port, str(answer.connection)) == (40000, "IN IP4 192.0.2.1")


def test_an_answer_has_as_many_streams_and_refuses_what_it_does_not_take() -> None:
    offer = sdp(
        "m=video 5000/2 RTP/AVP 31",
        "c=IN IP4 198.51.100.9",
        "a=sendonly",
        "m=audio 4000 RTP/AVP 0",
        "m=audio 4002 RTP/AVP 8",
        "m=image 4004 udptl t38",
        "m=audio 0 RTP/AVP 0",
    )
    answer = build_answer(LOCAL, offer)
    assert [(media.kind, media.port, media.protocol, media.formats) for media in answer.media] == [
        ("video", 0, "RTP/AVP", ("31",)),
        ("audio", 40000, "RTP/AVP", ("0",)),
        ("audio", 0, "RTP/AVP", ("8",)),
        ("image", 0, "udptl", ("t38",)),
        ("audio", 0, "RTP/AVP", ("0",)),
    ]
    assert parse_sdp(answer.to_bytes()) == answer
    assert "a=sendonly" not in str(answer)


def test_the_second_audio_is_taken_when_the_first_cannot_be() -> None:
    answer = build_answer(
        LOCAL, sdp("m=audio 4000 RTP/SAVP 0", f"a=crypto:{CRYPTO}", "m=audio 4002 RTP/AVP 0")
    )
    assert [media.port for media in answer.media] == [0, 40000]


@pytest.mark.parametrize(
    "lines", [(), ("m=audio 0 RTP/AVP 0",), ("m=audio 0 RTP/AVP 0", "m=video 0 RTP/AVP 31")]
)
def test_an_offer_of_nothing_is_answered_with_nothing(lines: tuple[str, ...]) -> None:
    assert [media.port for media in build_answer(LOCAL, sdp(*lines)).media] == [0] * len(lines)


REFUSED = [
    (("m=video 1 RTP/AVP 31",), None, "sdp_no_common_codec"),
    (("m=audio 1 RTP/AVP 18",), None, "sdp_no_common_codec"),
    (("m=audio 1 RTP/AVP 101", "a=rtpmap:101 telephone-event/8000"), None, "sdp_no_common_codec"),
    (("m=audio 1 RTP/SAVP 0", f"a=crypto:{CRYPTO}"), None, "sdp_encryption_mismatch"),
    (("m=audio 1 UDP/TLS/RTP/SAVPF 0", "a=fingerprint:sha-256 AB"), None, "sdp_encryption_mismatch"),
    (("m=audio 1 udptl t38",), None, "sdp_encryption_mismatch"),
    (("m=audio 1 RTP/AVP 0",), CRYPTO, "sdp_encryption_mismatch"),
    (("m=audio 1 RTP/SAVP 0", "a=crypto:1 F8_128_HMAC_SHA1_80 inline:x"), CRYPTO, "sdp_encryption_mismatch"),
    (("m=audio 1 RTP/SAVP 0", "a=crypto:"), CRYPTO, "sdp_encryption_mismatch"),
]


@pytest.mark.parametrize(("lines", "crypto", "cause"), REFUSED)
def test_offers_that_are_refused(lines: tuple[str, ...], crypto: str | None, cause: str) -> None:
    local = LocalAudio("192.0.2.1", 40000, 1, crypto=crypto)
    with pytest.raises(OfferRefused) as caught:
        build_answer(local, sdp(*lines))
    assert caught.value.cause == cause


def test_an_srtp_offer_is_answered_under_its_tag() -> None:
    local = LocalAudio("192.0.2.1", 40000, 1, crypto=CRYPTO)
    offer = sdp(
        "m=audio 1 RTP/SAVP 0",
        "a=crypto:1 AES_256_CM_HMAC_SHA1_80 inline:a",
        "a=crypto:7 AES_CM_128_HMAC_SHA1_80 inline:b",
    )
    answer = build_answer(local, offer)
    assert answer.media[0].values("crypto") == ["7" + CRYPTO.removeprefix("1")]
    assert answer.media[0].protocol == "RTP/SAVP"


@pytest.mark.parametrize("protocol", ["RTP/AVP", "RTP/AVPF", "rtp/avp"])
def test_plain_profiles_are_answered_in_kind(protocol: str) -> None:
    assert build_answer(LOCAL, sdp(f"m=audio 1 {protocol} 0")).media[0].protocol == protocol


def test_versions_of_a_call_with_hold_and_refresh() -> None:
    session = MediaSession(LOCAL)
    steps = []
    for wanted in (None, None, "sendonly", None, "sendonly", "sendrecv", None):
        offer = session.offer(wanted)
        session.receive_answer(build_answer(REMOTE, offer))
        steps.append((version(offer), direction(offer)))
    assert steps == [
        (1, "sendrecv"),
        (1, "sendrecv"),
        (2, "sendonly"),
        (2, "sendonly"),
        (2, "sendonly"),
        (3, "sendrecv"),
        (3, "sendrecv"),
    ]


def test_the_same_version_means_the_same_bytes() -> None:
    session = MediaSession(LOCAL)
    seen: dict[int, bytes] = {}
    for wanted, agreed in [
        ("sendrecv", True),
        ("sendonly", False),
        ("sendonly", False),
        (None, True),
        ("inactive", False),
        ("sendonly", True),
        ("sendrecv", False),
        ("inactive", True),
        ("sendrecv", True),
        (None, True),
    ]:
        offer = session.offer(wanted)
        assert seen.setdefault(version(offer), offer.to_bytes()) == offer.to_bytes()
        if agreed:
            session.receive_answer(build_answer(REMOTE, offer))
        else:
            session.withdraw_offer()
    assert sorted(seen) == [1, 2, 3, 4, 5, 6, 7]


def test_a_refused_offer_leaves_the_session_and_its_version() -> None:
    session = MediaSession(LOCAL)
    session.receive_answer(build_answer(REMOTE, session.offer()))
    agreed = session.local
    assert version(session.offer("sendonly")) == 2
    session.withdraw_offer()
    assert session.local == agreed
    assert version(session.offer()) == 1
    session.withdraw_offer()
    # The same hold once more is the same version, another change the next one.
    assert version(session.offer("sendonly")) == 2
    session.withdraw_offer()
    assert version(session.offer("inactive")) == 3


def test_an_old_refused_version_never_comes_back() -> None:
    session = MediaSession(LOCAL)
    session.receive_answer(build_answer(REMOTE, session.offer()))
    session.offer("sendonly")
    session.withdraw_offer()
    offer = session.offer("inactive")
    session.receive_answer(build_answer(REMOTE, offer))
    assert (version(offer), version(session.offer("sendonly"))) == (3, 4)


def test_one_offer_at_a_time() -> None:
    session = MediaSession(LOCAL)
    with pytest.raises(SdpError):
        session.receive_answer(None)
    session.offer()
    assert session.offer_pending
    with pytest.raises(SdpError):
        session.offer()
    with pytest.raises(SdpError):
        session.receive_offer(build_offer(REMOTE))
    session.receive_answer(None)
    assert (session.offer_pending, session.remote) == (False, None)


def test_streams_of_the_peer_stay_in_later_offers_of_ours() -> None:
    session = MediaSession(LOCAL)
    session.receive_answer(build_answer(REMOTE, session.offer()))
    session.receive_offer(
        sdp("m=audio 4000 RTP/AVP 120 8", "a=rtpmap:120 PCMU/8000", "m=video 4002 RTP/AVP 31")
    )
    offer = session.offer("sendonly")
    # RFC 3264 §8: no stream ever goes away; §8.3.2: a number keeps its meaning.
    assert [(media.kind, media.port) for media in offer.media] == [("audio", 40000), ("video", 0)]
    assert offer.media[0].formats == ("120", "8")
    assert direction(offer) == "sendonly"
    assert version(offer) == 3


def test_a_refused_offer_of_the_peer_changes_nothing() -> None:
    session = MediaSession(LOCAL)
    session.receive_answer(build_answer(REMOTE, session.offer()))
    before = (session.local, session.remote)
    with pytest.raises(OfferRefused):
        session.receive_offer(sdp("m=audio 4000 RTP/AVP 18"))
    assert (session.local, session.remote) == before
    assert version(session.offer()) == 1


def test_directions_replace_each_other_in_place() -> None:
    media = sdp("m=audio 1 RTP/AVP 0", "a=sendonly", "a=ptime:20", "a=recvonly").media[0]
    assert media.with_direction("inactive").attributes == (("inactive", None), ("ptime", "20"))
    with pytest.raises(ValueError, match="no media direction"):
        media.with_direction("both")
