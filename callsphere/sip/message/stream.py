"""Cutting messages out of a byte stream (RFC 3261 §18.3, RFC 5626 §3.5.1)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from callsphere.sip.errors import SipParseError
from callsphere.sip.message.fields import Headers
from callsphere.sip.message.messages import Request, Response
from callsphere.sip.message.parsing import (
    MAX_HEAD_BYTES,
    StartLine,
    build,
    content_length,
    parse_head,
    parse_start_line,
)

MAX_BODY_BYTES = 256 * 1024
"""Longest body that is read from a stream, in bytes."""


@dataclass(frozen=True, slots=True)
class Ping:
    """CRLF CRLF between messages: the peer asks for a Pong (RFC 5626 §4.4.1)."""


@dataclass(frozen=True, slots=True)
class Pong:
    """CRLF between messages: the answer to our Ping, or a stray line end."""


@dataclass(frozen=True, slots=True)
class Malformed:
    """A message that could be cut out but not be read; the stream goes on behind it."""

    reason: str


Event = Request | Response | Ping | Pong | Malformed


class StreamParser:
    """Frames one TCP or TLS connection by Content-Length.

    `feed` takes bytes as they come and gives events. It raises SipParseError when it is no longer
    clear where the next message starts, or a cap is passed: the connection must then be closed,
    and every further `feed` raises the same.
    """

    def __init__(self, *, max_head: int = MAX_HEAD_BYTES, max_body: int = MAX_BODY_BYTES) -> None:
        self._max_head = max_head
        self._max_body = max_body
        self._buffer = bytearray()
        self._scanned = 0
        self._start_seen = False
        self._pending: tuple[StartLine, Headers, int] | None = None
        self._broken: SipParseError | None = None

    @property
    def mid_message(self) -> bool:
        """Whether a message has begun and not ended: a connection closed now has cut it off."""
        return self._pending is not None or bool(self._buffer)

    def feed(self, data: bytes) -> Iterator[Event]:
        """Take bytes and iterate over the events they complete; raise SipParseError on a broken stream."""
        self._buffer += data
        return self._events()

    def _events(self) -> Iterator[Event]:
        while True:
            if self._broken is not None:
                raise SipParseError(self._broken.reason)
            try:
                event = self._next_event()
            except SipParseError as error:
                self._broken = error
                self._buffer.clear()
                raise
            if event is None:
                return
            yield event

    def _next_event(self) -> Event | None:
        if self._pending is None:
            keep_alive = self._take_keep_alive()
            if keep_alive is not None:
                return keep_alive
            if self._buffer == b"\r\n\r":
                return None  # three quarters of a Ping
            self._pending = self._take_head()
        if self._pending is None:
            return None
        start, headers, length = self._pending
        if len(self._buffer) < length:
            return None
        body = bytes(self._buffer[:length])
        del self._buffer[:length]
        self._pending = None
        try:
            return build(start, headers, body)
        except SipParseError as error:
            return Malformed(error.reason)

    def _take_keep_alive(self) -> Event | None:
        if self._buffer.startswith(b"\r\n\r\n"):
            del self._buffer[:4]
            return Ping()
        if self._buffer.startswith(b"\r\n") and self._buffer != b"\r\n\r":
            del self._buffer[:2]
            return Pong()
        return None

    def _take_head(self) -> tuple[StartLine, Headers, int] | None:
        end = self._buffer.find(b"\r\n\r\n", self._scanned)
        if end < 0 or end > self._max_head:
            if len(self._buffer) > self._max_head:
                raise SipParseError(f"The headers are longer than {self._max_head} bytes.")
            self._check_start()
            self._scanned = max(0, len(self._buffer) - 3)
            return None
        head = bytes(self._buffer[:end])
        del self._buffer[: end + 4]
        self._scanned = 0
        self._start_seen = False
        start, headers = parse_head(head)
        length = content_length(headers)
        if length is None:
            # RFC 3261 §18.3 demands it on streams; without a body there is only one way to read it.
            if "content-type" in headers:
                raise SipParseError("Content-Length is missing on a stream, so the body has no end.")
            length = 0
        if length > self._max_body:
            raise SipParseError(f"The body is longer than {self._max_body} bytes.")
        return start, headers, length

    def _check_start(self) -> None:
        """Refuse another protocol at its first line instead of waiting for an end that never comes."""
        if self._start_seen:
            return
        line, newline, _ = self._buffer.partition(b"\n")
        if newline:
            parse_start_line(line.decode("utf-8", "surrogateescape").removesuffix("\r"))
            self._start_seen = True
