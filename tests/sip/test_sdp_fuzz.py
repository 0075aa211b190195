"""No description makes anything raise but SdpError; what can be read can be written."""

from __future__ import annotations

import contextlib

from hypothesis import given, settings
from hypothesis import strategies as st

from callsphere.sip.message import Headers, Request
from callsphere.sip.sdp import (
    LocalAudio,
    MediaSession,
    SdpError,
    SessionDescription,
    build_answer,
    codecs_of,
    common_codecs,
    direction_of,
    encryption_of,
    hold_honoured,
    lint_answer,
    parse_sdp,
    redact_keys,
    sdp_body,
)
from callsphere.sip.sdp.description import DIRECTIONS
from tests.sip.test_sdp_offer_answer import CRYPTO, LOCAL
from tests.sip.test_sdp_parsing import FULL, PARTS, PLAIN

SEEDS = [FULL.encode(), PLAIN.encode(), MediaSession(LOCAL).offer().to_bytes()]
SRTP = LocalAudio("192.0.2.1", 40000, 1, crypto=CRYPTO)

PIECES = st.sampled_from(
    [
        *(b"\r\n", b"\n", b"\r", b" ", b"=", b":", b"/", b"\0", b"\xff", b"\xc3", b"-", b"0", b"99999999999"),
        *(b"a=", b"m=", b"c=", b"v=0\r\n", "\u0661".encode(), b"RTP/SAVP", b"0.0.0.0", b"IP6", b"101"),
    ]
)
LINES = st.sampled_from(
    [
        *(
            "m=audio 1 RTP/AVP 0",
            "m=audio 2 RTP/SAVP 8 999 x",
            "m=audio 0 RTP/AVP 0",
            "m=video 3/2 RTP/AVP 0",
        ),
        *("m=audio 4 UDP/TLS/RTP/SAVPF 111 96", "m=audio 5 RTP/AVP 96 97 101", "m=audio 6 x y"),
        *("c=IN IP4 0.0.0.0", "c=IN IP4 10.0.0.1", "c=IN IP6 ::1", "c=IN IP4 host", "c=IN IP4 1.1.1.1/3"),
        *(
            "a=crypto:",
            "a=crypto:1 X",
            "a=crypto:1 X Y Z",
            f"a=crypto:{CRYPTO}",
            "a=fingerprint:",
            "a=:",
            "a=",
        ),
        *("a=sendonly", "a=recvonly", "a=inactive", "a=sendrecv:x", "a=SENDONLY"),
        *("a=rtpmap:96 PCMU/8000", "a=rtpmap:97 x/9/9", "a=rtpmap:0 PCMA/8000", "a=rtpmap:999 PCMA/8000"),
        *(
            "a=rtpmap:",
            "a=rtpmap:\u0661 x/8000",
            "a=rtpmap:96 a/b/8000",
            "a=fmtp:96",
            "a=fmtp:96 x",
            "a=fmtp:0  ",
        ),
        *(
            "o=",
            "o=a b c d e f",
            "o=- 1 2 IN IP4 h",
            "s=",
            "t=",
            "i=x",
            "b=AS:1",
            "k=clear:x",
            "z=0 0",
            "v=0",
        ),
    ]
)


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A description with pieces cut out and put in."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 4))):
        place = draw(st.integers(0, len(data)))
        cut = draw(st.integers(0, 8))
        data = data[:place] + draw(PIECES) + data[place + cut :]
    return data


@st.composite
def woven(draw: st.DrawFn) -> bytes:
    """Lines that can be read one by one, in any order and number."""
    lines = draw(st.lists(LINES, max_size=14))
    return "".join(f"{line}\r\n" for line in ["v=0", *lines]).encode()


def exercise(description: SessionDescription, direction: str) -> None:
    """Everything that is done with a description of a peer's."""
    for media in description.media:
        codecs_of(media)
        common_codecs(media, media)
        assert direction_of(description, media) in DIRECTIONS
        hold_honoured(description, media)
        encryption_of(description, media)
        media.with_direction(direction)
    for local in (LOCAL, SRTP):
        with contextlib.suppress(SdpError):
            answer = build_answer(local, description, direction)
            assert len(answer.media) == len(description.media)
            assert parse_sdp(answer.to_bytes()) == answer
        session = MediaSession(local)
        session.offer()
        session.receive_answer(description)
        with contextlib.suppress(SdpError):
            session.receive_offer(description, direction)
        session.offer(direction).to_bytes()


@settings(max_examples=400, deadline=None)
@given(st.one_of(woven(), bent(), st.binary(max_size=200)), st.sampled_from(DIRECTIONS))
def test_only_sdp_errors(data: bytes, direction: str) -> None:
    lint_answer(MediaSession(LOCAL).offer(), data, "198.51.100.7")
    redact_keys(data)
    try:
        description = parse_sdp(data)
    except SdpError:
        return
    exercise(description, direction)
    written = description.to_bytes()
    assert parse_sdp(written).to_bytes() == written


@settings(max_examples=200, deadline=None)
@given(st.text(alphabet=st.characters(exclude_characters="\r\n"), max_size=60), st.binary(max_size=120))
def test_a_description_is_a_part_of_the_body_or_none(content_type: str, body: bytes) -> None:
    for kind, data in ((content_type, PARTS), (f"multipart/{content_type}", body), ("application/sdp", body)):
        found = sdp_body(Request("INVITE", "sip:a@b", Headers([("Content-Type", kind)]), data))
        assert found is None or found.replace(b"\r\n", b"\n") in data.replace(b"\r\n", b"\n")
        if kind == "application/sdp":
            assert found == (data if data.strip() else None)
