"""Session descriptions read and written: round trips, what carriers really send, garbage."""

from __future__ import annotations

import pytest

from callsphere.sip.message import Headers, Request
from callsphere.sip.sdp import (
    Connection,
    MediaDescription,
    Origin,
    SdpError,
    SessionDescription,
    parse_sdp,
    sdp_body,
)
from callsphere.sip.sdp.parsing import MAX_MEDIA, MAX_SDP_BYTES

FULL = (
    "v=0\r\n"
    "o=jdoe 2890844526 2890842807 IN IP4 198.51.100.1\r\n"
    "s=SDP Seminar\r\n"
    "i=A seminar\r\n"
    "u=http://www.example.com/sdp.pdf\r\n"
    "e=j.doe@example.com (Jane Doe)\r\n"
    "p=+1 617 555 6011\r\n"
    "c=IN IP4 198.51.100.1\r\n"
    "b=AS:128\r\n"
    "t=2873397496 2873404696\r\n"
    "r=604800 3600 0 90000\r\n"
    "a=recvonly\r\n"
    "m=audio 49170 RTP/AVP 0 8 97\r\n"
    "i=Voice\r\n"
    "c=IN IP6 2001:db8::2\r\n"
    "b=AS:64\r\n"
    "a=rtpmap:97 iLBC/8000\r\n"
    "a=fmtp:97 mode=30\r\n"
    "a=sendrecv\r\n"
    "m=video 0/2 RTP/AVP 31\r\n"
    "m=image 4000 udptl t38\r\n"
    "a=T38FaxVersion:0\r\n"
)


def test_a_full_description_comes_back_as_it_was() -> None:
    description = parse_sdp(FULL.encode())
    assert str(description) == FULL
    assert description.to_bytes() == FULL.encode()
    assert parse_sdp(description.to_bytes()) == description


def test_what_a_full_description_says() -> None:
    description = parse_sdp(FULL.encode())
    assert description.origin == Origin("jdoe", "2890844526", "2890842807", "IN", "IP4", "198.51.100.1")
    assert (description.name, description.times) == ("SDP Seminar", ("2873397496 2873404696",))
    audio, video, image = description.media
    assert (audio.kind, audio.port, audio.protocol, audio.formats) == (
        "audio",
        49170,
        "RTP/AVP",
        ("0", "8", "97"),
    )
    assert (video.port, video.port_count, video.is_rejected) == (0, 2, True)
    assert (image.protocol, image.formats) == ("udptl", ("t38",))
    assert description.connection_of(audio) == Connection("IN", "IP6", "2001:db8::2")
    assert description.connection_of(image) == Connection("IN", "IP4", "198.51.100.1")
    assert audio.values("fmtp") == ["97 mode=30"]
    assert description.attribute_values(video, "recvonly") == [""]
    assert description.audio is audio


PLAIN = "v=0\r\no=- 1 1 IN IP4 192.0.2.1\r\ns=-\r\nc=IN IP4 192.0.2.1\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n"

# What carriers send that is not quite the grammar, and says what PLAIN says all the same.
ODD = {
    "line feeds alone": PLAIN.replace("\r\n", "\n"),
    "carriage returns alone": PLAIN.replace("\r\n", "\r"),
    "no last line break": PLAIN.removesuffix("\r\n"),
    "empty lines": PLAIN.replace("m=", "\r\nm=") + "\r\n\r\n",
    "leading line break": "\r\n" + PLAIN,
    "NULs at the end": PLAIN + "\0\0",
    "spaces at the ends": PLAIN.replace("\r\n", " \r\n"),
    "space after the equals sign": PLAIN.replace("=", "= "),
    "no t=": PLAIN.replace("t=0 0\r\n", ""),
    "no s=": PLAIN.replace("s=-\r\n", ""),
    "s= with a space": PLAIN.replace("s=-", "s= "),
    "empty s=": PLAIN.replace("s=-", "s="),
    "c= before s=": PLAIN.replace("s=-\r\nc=IN IP4 192.0.2.1\r\n", "c=IN IP4 192.0.2.1\r\ns=-\r\n"),
    "lower-case c=": PLAIN.replace("c=IN IP4", "c=in ip4"),
    "upper-case types": PLAIN.replace("c=", "C=").replace("m=audio", "M=Audio"),
    "two c= lines": PLAIN.replace("t=0", "c=IN IP4 10.0.0.1\r\nt=0"),
    "many spaces in m=": PLAIN.replace("m=audio 4000", "m=audio   4000"),
    "v= twice": PLAIN + "v=0\r\n",
}


@pytest.mark.parametrize("name", ODD)
def test_odd_but_clear(name: str) -> None:
    description = parse_sdp(ODD[name].encode())
    assert str(description) == PLAIN


@pytest.mark.parametrize(
    ("origin", "username"),
    [
        ("o=- 1 2 IN IP4 h", "-"),
        ("o=John Smith 1 2 IN IP4 h", "John_Smith"),
        ("o=u 18446744073709551616000 007 IN IP6 ::1", "u"),
    ],
)
def test_origins(origin: str, username: str) -> None:
    read = parse_sdp(PLAIN.replace("o=- 1 1 IN IP4 192.0.2.1", origin).encode()).origin
    assert read is not None
    assert read.username == username


@pytest.mark.parametrize("origin", ["", "o=\r\n", "o=- 1 1 IN IP4\r\n", "o=- a b IN IP4 h\r\n"])
def test_an_unusable_origin_is_left_out(origin: str) -> None:
    description = parse_sdp(PLAIN.replace("o=- 1 1 IN IP4 192.0.2.1\r\n", origin).encode())
    assert description.origin is None
    assert "o=" not in str(description)


CONNECTIONS = [
    ("IN IP4 224.2.1.1/127/3", "224.2.1.1", "/127/3"),
    ("IN IP6 FF15::101/3", "FF15::101", "/3"),
    ("IN IP4 media.example.com", "media.example.com", ""),
    ("IN IP4 0.0.0.0", "0.0.0.0", ""),
]


@pytest.mark.parametrize(("value", "address", "suffix"), CONNECTIONS)
def test_connections(value: str, address: str, suffix: str) -> None:
    connection = parse_sdp(PLAIN.replace("IN IP4 192.0.2.1\r\nt", f"{value}\r\nt").encode()).connection
    assert connection is not None
    assert (connection.address, connection.suffix, str(connection)) == (address, suffix, value)


GARBAGE = [
    b"",
    b"\r\n\r\n",
    b"\0\0",
    b"garbage",
    b"<xml/>",
    b"v=1\r\n",
    b"v=\r\n",
    b"o=- 1 1 IN IP4 h\r\nv=0\r\n",
    b"v=0\r\nno line\r\n",
    b"v=0\r\n=x\r\n",
    b"v=0\r\n1=x\r\n",
    b"v=0\r\n\xc3\xa9=x\r\n",
    b"v=0\r\nc=IN IP4\r\n",
    b"v=0\r\nc=IN IP5 1.2.3.4\r\n",
    b"v=0\r\nc=ATM IP4 1.2.3.4\r\n",
    b"v=0\r\nc=IN IP4 1.2.3.4/1/2/3\r\n",
    b"v=0\r\nm=audio\r\n",
    b"v=0\r\nm=audio 4000\r\n",
    b"v=0\r\nm=audio 4000 RTP/AVP\r\n",
    b"v=0\r\nm=audio x RTP/AVP 0\r\n",
    b"v=0\r\nm=audio -1 RTP/AVP 0\r\n",
    b"v=0\r\nm=audio 65536 RTP/AVP 0\r\n",
    b"v=0\r\n" + b"m=audio 1 RTP/AVP 0\r\n" * (MAX_MEDIA + 1),
    b"v=0\r\n" + b"a" * MAX_SDP_BYTES,
    "v=0\r\nm=audio \u0661\u0662 RTP/AVP 0\r\n".encode(),
]


@pytest.mark.parametrize("data", GARBAGE)
def test_garbage_raises_the_one_error(data: bytes) -> None:
    with pytest.raises(SdpError) as caught:
        parse_sdp(data)
    assert caught.value.reason


def test_bytes_that_are_no_utf_8_survive() -> None:
    data = PLAIN.replace("s=-", "s=caf").encode().replace(b"s=caf", b"s=caf\xe9\xff")
    assert parse_sdp(data).to_bytes() == data


@pytest.mark.parametrize("text", ["x\r\na=sendonly", "x\ry", "x\ny"])
def test_no_value_adds_a_line(text: str) -> None:
    media = MediaDescription("audio", 1, "RTP/AVP", ("0",), attributes=(("label", text),))
    with pytest.raises(SdpError):
        SessionDescription(media=(media,)).to_bytes()
    with pytest.raises(SdpError):
        SessionDescription(name=text).to_bytes()


def message(content_type: str | None, body: bytes) -> Request:
    """A message with a body."""
    headers = Headers() if content_type is None else Headers([("c", content_type)])
    return Request("INVITE", "sip:a@b", headers, body)


SDP = PLAIN.encode()
PARTS = (
    b"preamble\r\n--b 1\r\nContent-Type: application/isup;version=x\r\n"
    b"Content-Disposition: signal\r\n\r\n\x01\x02\r\n"
    b"--b 1\r\ncontent-type : application/SDP\r\nContent-ID: <x>\r\n\r\n" + SDP + b"\r\n--b 1--\r\n"
)
BODIES = [
    ("application/sdp", SDP, SDP),
    ("Application/SDP ; charset=utf-8", SDP, SDP),
    ("application / sdp", SDP, SDP),
    (None, SDP, SDP),
    (None, b"hello", None),
    ("text/plain", SDP, None),
    ("application/sdp", b"", None),
    ("application/sdp", b"\r\n", None),
    (";", SDP, None),
    ('multipart/mixed;boundary="b 1"', PARTS, SDP),
    ('multipart/mixed;boundary="b 1"', PARTS.replace(b"\r\n", b"\n"), SDP),
    ('multipart/mixed;boundary="b 1"', PARTS.replace(b"/SDP", b"/x"), None),
    ("multipart/mixed", PARTS, None),
    ("multipart/mixed;boundary=other", PARTS, None),
    ('multipart/mixed;boundary=""', PARTS, None),
]


@pytest.mark.parametrize(("content_type", "body", "found"), BODIES)
def test_finding_the_description(content_type: str | None, body: bytes, found: bytes | None) -> None:
    assert sdp_body(message(content_type, body)) == found
