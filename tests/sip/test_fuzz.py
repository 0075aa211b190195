"""No input makes reading raise anything but its own errors."""

from __future__ import annotations

import contextlib
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from callsphere.sip.headers import Address, CSeq, Valued, Via, split_list
from callsphere.sip.message import Request, Response, SipParseError, StreamParser, lint, parse_message
from callsphere.sip.uri import SipUri, SipUriError, parse_gateway_uri
from tests.sip.test_message import wire

TORTURE = [path.read_bytes() for path in sorted(Path(__file__).with_name("rfc4475").glob("*.dat"))]
SEEDS = [*TORTURE, wire(), wire("SIP/2.0 200 OK", "Content-Length: 0")]

# Pieces with which a message is bent: delimiters, line ends, bytes that are no UTF-8.
SPLINTERS = st.sampled_from(
    [
        *(
            b"\r\n",
            b"\n",
            b"\r",
            b"\r\n\r\n",
            b" ",
            b"\t",
            b":",
            b";",
            b",",
            b'"',
            b"<",
            b">",
            b"\\",
            b"%",
            b"@",
        ),
        *(b"?", b"\x00", b"\xff", b"\xc3", b"=", b"Content-Length: 9\r\n", b"l: 99999999999\r\n", b"SIP/2.0"),
        *(b"[::1]", b"\xd9\xa1"),
    ]
)


@st.composite
def bent_messages(draw: st.DrawFn) -> bytes:
    """A real message with some bytes replaced, removed or added."""
    data = draw(st.sampled_from(SEEDS))
    for _ in range(draw(st.integers(1, 6))):
        place = draw(st.integers(0, len(data)))
        removed = draw(st.integers(0, 12))
        data = data[:place] + draw(SPLINTERS | st.binary(max_size=6)) + data[place + removed :]
    return data


def use(message: Request | Response) -> None:
    """Touch everything a parsed message offers without a check of one's own."""
    assert message.vias[0] == message.via
    _ = message.cseq, message.call_id, message.from_tag, message.to_tag, repr(message)
    with contextlib.suppress(SipParseError):
        _ = message.contacts
    with contextlib.suppress(SipParseError):
        lint(message)
    if isinstance(message, Request):
        message.respond(500, to_tag="t").to_bytes()
        with contextlib.suppress(SipUriError):
            _ = message.sip_uri


@settings(max_examples=400, deadline=None)
@given(bent_messages() | st.binary(max_size=300))
def test_datagrams(data: bytes) -> None:
    with contextlib.suppress(SipParseError):
        message = parse_message(data)
        use(message)
        again = parse_message(message.to_bytes())
        assert (again.call_id, again.cseq, again.via, again.body) == (
            message.call_id,
            message.cseq,
            message.via,
            message.body,
        )


def framed(stream: bytes, size: int) -> tuple[list[str], bool]:
    """Feed a stream in pieces; return its messages, and whether it broke."""
    parser = StreamParser()
    messages: list[str] = []
    try:
        for start in range(0, len(stream), size):
            for event in parser.feed(stream[start : start + size]):
                if isinstance(event, Request | Response):
                    use(event)
                    messages.append(repr(event.to_bytes()))
    except SipParseError:
        return messages, True
    return messages, False


@settings(max_examples=200, deadline=None)
@given(st.lists(bent_messages() | SPLINTERS, max_size=3), st.integers(1, 200))
def test_streams(pieces: list[bytes], size: int) -> None:
    stream = b"".join(pieces)
    assert framed(stream, size) == framed(stream, len(stream) or 1)


VALUE_TEXT = st.text(max_size=80) | st.text(alphabet='"\\<>;,=:@% \tsip/2.0UDPa[]?&*\r\n', max_size=80)


@settings(max_examples=500, deadline=None)
@given(VALUE_TEXT)
def test_header_values(text: str) -> None:
    assert all(piece in text for piece in split_list(text))
    for kind in (Via, CSeq, Address, Valued):
        with contextlib.suppress(SipParseError):
            value = kind.parse(text)
            assert kind.parse(str(value)) == value


@settings(max_examples=500, deadline=None)
@given(VALUE_TEXT | VALUE_TEXT.map(lambda text: f"sip:{text}"))
def test_uris(text: str) -> None:
    with contextlib.suppress(SipUriError):
        uri = SipUri.parse(text)
        written = str(uri)
        assert SipUri.parse(written) == uri
        assert not set(written) & set(" \r\n\t<>")
    with contextlib.suppress(SipUriError):
        gateway = parse_gateway_uri(text)
        assert parse_gateway_uri(str(gateway)) == gateway
        assert (gateway.user, gateway.headers) == (None, ())
