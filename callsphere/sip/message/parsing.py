"""Reading one message from bytes (RFC 3261 §7, §18.3), strict where it matters.

Tolerant as RFC 4475 asks: folding, spaces before the colon, compact forms, unknown headers and
methods. Refused: what would make two readers see two different messages.
"""

from __future__ import annotations

import re

from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import TOKEN
from callsphere.sip.message.fields import Headers, header_key
from callsphere.sip.message.messages import MANDATORY, Request, Response
from callsphere.sip.message.plain import plain_fields, plain_method

MAX_HEAD_BYTES = 64 * 1024
"""Longest start line and header block that is read, in bytes."""

_BARE_LF = re.compile(r"(?<!\r)\n")
# Tried at the first of several blanks only: 60,000 of them would be looked through 60,000 times.
_FOLD = re.compile(r"(?:(?<![ \t])[ \t]+)?\r\n[ \t]+")
_REQUEST_LINE = re.compile(
    r"([^ ]+) ([A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f<>\"]+) SIP/([0-9]+\.[0-9]+)", re.I
)
_STATUS_LINE = re.compile(r"SIP/([0-9]+\.[0-9]+) ([0-9]{3,})(?: (.*))?", re.I | re.S)
_CONTENT_LENGTH = re.compile(r"[0-9]{1,10}")
_ONCE = ("from", "to", "call-id", "cseq")

StartLine = tuple[str, str] | tuple[int, str]
"""Method and Request-URI, or status and reason."""


def parse_message(data: bytes) -> Request | Response:
    """Read one message from a datagram; raise SipParseError, and nothing else, for what is none.

    What follows the body that Content-Length announces is dropped (RFC 3261 §18.3). The mandatory
    headers are present and readable in every message that comes back.
    """
    head, body = _split_head(data.lstrip(b"\r\n"))
    start, headers = parse_head(head)
    length = content_length(headers)
    if length is not None:
        if length > len(body):
            raise SipParseError(f"The body has {len(body)} bytes, Content-Length says {length}.")
        body = body[:length]
    return build(start, headers, body)


def _split_head(data: bytes) -> tuple[bytes, bytes]:
    head, found, body = data.partition(b"\r\n\r\n")
    if not found:
        # Some peers end lines with LF alone; nothing else could be meant.
        head, found, body = data.partition(b"\n\n")
    if not found:
        raise SipParseError(
            "The empty line after the headers is missing." if data else "The message is empty."
        )
    return head, body


def parse_head(head: bytes) -> tuple[StartLine, Headers]:
    """Read start line and headers, the empty line after them left out."""
    if len(head) > MAX_HEAD_BYTES:
        raise SipParseError(f"The headers are longer than {MAX_HEAD_BYTES} bytes.")
    text = head.decode("utf-8", "surrogateescape")
    start_text, _, lines = text.partition("\r\n")
    fields = plain_fields(lines)
    if fields is None or "\n" in start_text or "\r" in start_text:
        return _parse_unusual_head(text)
    return parse_start_line(start_text), Headers.from_parsed(fields)


def _parse_unusual_head(text: str) -> tuple[StartLine, Headers]:
    """Read what has folded lines, spaces around names and values, line ends of another kind, or faults."""
    breaks = text.count("\n")
    if breaks != text.count("\r\n"):
        text = _BARE_LF.sub("\r\n", text)
    if text.count("\r") != breaks:
        raise SipParseError("The headers hold a carriage return on its own.")
    start_text, _, text = text.partition("\r\n")
    start = parse_start_line(start_text)
    fields: list[tuple[str, str]] = []
    for line in _FOLD.sub(" ", text).split("\r\n") if text else ():
        name, colon, value = line.partition(":")
        if not colon:
            raise SipParseError("A header line has no colon.")
        name = name.rstrip(" \t")
        header_key(name)  # raises for what is none
        fields.append((name, value.strip(" \t")))
    return start, Headers.from_parsed(fields)


def parse_start_line(line: str) -> StartLine:
    """Read a request line or status line (RFC 3261 §7.1, §7.2)."""
    status = _STATUS_LINE.fullmatch(line)
    if status is not None:
        version, code, reason = status.groups("")
        _check_version(version)
        number = int(code) if len(code) == 3 else 0
        if not 100 <= number <= 699 or "\r" in reason:
            raise SipParseError("The status code must be between 100 and 699.")
        return number, reason
    request = _REQUEST_LINE.fullmatch(line)
    if request is None or not TOKEN.fullmatch(request[1]):
        raise SipParseError("The first line is neither a SIP request nor a SIP response.")
    method, uri, version = request.groups()
    _check_version(version)
    if "?" in uri.rpartition("@")[2] and uri[:4].lower() in ("sip:", "sips"):
        raise SipParseError("The Request-URI must not have a headers part.")  # RFC 3261 §19.1.1, table 1
    return method, uri


def _check_version(version: str) -> None:
    if version != "2.0":
        raise SipParseError("The SIP version is not 2.0.")


def content_length(headers: Headers) -> int | None:
    """The body's length in bytes as announced, None when it is not; raise SipParseError when unclear."""
    values = headers.get_all("content-length")
    if not values:
        return None
    value = values[0]
    if len(values) > 1 and any(other != value for other in values):
        raise SipParseError("Content-Length is given twice with different values.")
    if not _CONTENT_LENGTH.fullmatch(value):
        raise SipParseError("Content-Length must be a number that is not negative.")
    return int(value)


def build(start: StartLine, headers: Headers, body: bytes) -> Request | Response:
    """Put a message together and check its mandatory headers once (RFC 3261 §8.1.1)."""
    message: Request | Response
    if isinstance(start[0], int):
        message = Response(start[0], start[1], headers, body)
    else:
        message = Request(start[0], start[1], headers, body)
    method = _method_of_cseq(message)
    if method != start[0] and isinstance(message, Request):
        raise SipParseError("The method in the CSeq header is not that of the request.")  # RFC 3261 §8.1.1.5
    return message


def _method_of_cseq(message: Request | Response) -> str:
    """Check that the mandatory headers are there, readable, and as often as they may be."""
    headers = message.headers
    try:
        _, from_, to, call_id, cseq = headers.first_of_each(MANDATORY)
    except KeyError as error:
        raise SipParseError(f"The {MANDATORY[error.args[0]]} header is missing.") from None
    keys, vias = headers.keys(), headers.get_all("via")
    if len(set(keys)) + len(vias) - 1 != len(keys):
        twice = next((key for key in _ONCE if keys.count(key) > 1), None)
        if twice is not None:
            raise SipParseError(f"The {MANDATORY[twice]} header is given twice.")
    if not call_id:
        raise SipParseError("The Call-ID header is empty.")
    method = plain_method(vias, from_, to, cseq)
    if method is None:
        # Reading them is the check then; what was read is kept for whoever asks next.
        _ = message.via, message.from_, message.to, message.vias
        method = message.cseq.method
    return method
