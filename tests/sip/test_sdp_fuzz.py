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
        *(
            b"m=audio 1 RTP/AVP 0\r\n",
            b"m=audio 0 RTP/SAVP 999 x\r\n",
            b"a=rtpmap:0 ",
            b"a=rtpmap:97 x/9\r\n",
        ),
        *(
            b"c=IN IP4 0.0.0.0\r\n",
            b"a=crypto:\r\n",
            b"a=crypto:1 X\r\n",
            b"a=sendonly\r\n",
            b"a=\r\n",
            b"a=:\r\n",
        ),
        *(
            b"a=fmtp:0 \r\n",
            b"o=\r\n",
            b"s=\r\n",
            b"t=\r\n",
            b"v=0\r\n",
            "a=rtpmap:\u0661 x/8000\r\n".encode(),
        ),
    ]
)


@st.composite
def bent(draw: st.DrawFn) -> bytes:
    """A description with pieces cut out and put in."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(0, 6))):
        place = draw(st.integers(0, len(data)))
        cut = draw(st.integers(0, 8))
        data = data[:place] + draw(PIECES) + data[place + cut :]
    return data


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
@given(st.one_of(bent(), st.binary(max_size=200)), st.sampled_from(DIRECTIONS))
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
def test_finding_the_description_never_raises(content_type: str, body: bytes) -> None:
    for kind, data in ((content_type, PARTS), (f"multipart/{content_type}", body), ("application/sdp", body)):
        sdp_body(Request("INVITE", "sip:a@b", Headers([("Content-Type", kind)]), data))
