"""Requests and responses (RFC 3261 §7)."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, TypeVar

from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import TOKEN, Address, CSeq, Via, split_list
from callsphere.sip.message.fields import Headers
from callsphere.sip.message.reasons import REASONS
from callsphere.sip.uri import SipUri

_REQUEST_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20\x7f<>\"]+")
_LINE_BREAKS = re.compile(r"[\r\n]")
_Value = TypeVar("_Value")

MANDATORY = {"via": "Via", "from": "From", "to": "To", "call-id": "Call-ID", "cseq": "CSeq"}
"""What no message may lack (RFC 3261 §8.1.1), lower-case name to printed name."""


class Message:
    """What requests and responses share: headers, body and the values that identify a transaction.

    The accessors follow every change of the headers. On a message from `parse_message` those of the
    mandatory headers do not raise; on one of our own making they raise SipParseError while the
    header is missing or unreadable.
    """

    __slots__ = ("_read", "body", "headers")

    def __init__(self, headers: Headers, body: bytes) -> None:
        self.headers = headers
        self.body = body
        self._read: dict[str, tuple[str, Any]] = {}

    @property
    def via(self) -> Via:
        """The topmost Via."""
        return self._value("via", _top_via)

    @property
    def vias(self) -> list[Via]:
        """All Via values, topmost first."""
        return [Via.parse(text) for text in self.headers.get_list("via")]

    @property
    def cseq(self) -> CSeq:
        """Sequence number and method."""
        return self._value("cseq", CSeq.parse)

    @property
    def call_id(self) -> str:
        """The Call-ID."""
        return self._required("call-id")

    @property
    def from_(self) -> Address:
        """The From address."""
        return self._value("from", Address.parse)

    @property
    def to(self) -> Address:
        """The To address."""
        return self._value("to", Address.parse)

    @property
    def from_tag(self) -> str | None:
        """The tag of the From header, None when absent (RFC 2543 peers)."""
        return self.from_.tag

    @property
    def to_tag(self) -> str | None:
        """The tag of the To header, None outside a dialog."""
        return self.to.tag

    @property
    def contacts(self) -> list[Address]:
        """All Contact addresses; raise SipParseError when one is unreadable."""
        return [Address.parse(text) for text in self.headers.get_list("contact")]

    def start_line(self) -> str:
        """The first line, without its line break."""
        raise NotImplementedError

    def to_bytes(self) -> bytes:
        """The message as it goes on the wire; Content-Length always tells the body's true length.

        Raises SipParseError when a part of the start line could not stand there.
        """
        headers = self.headers
        if "content-length" in headers:
            headers = headers.copy()
            headers.remove("content-length")
        lines = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        head = f"{self.start_line()}\r\n{lines}Content-Length: {len(self.body)}\r\n\r\n"
        return head.encode("utf-8", "surrogateescape") + self.body

    def _required(self, key: str) -> str:
        value = self.headers.get(key)
        if value is None:
            raise SipParseError(f"The {MANDATORY[key]} header is missing.")
        return value

    def _value(self, key: str, parse: Callable[[str], _Value]) -> _Value:
        """A header's value, read once for as long as its text stays the same."""
        text = self.headers.get(key)
        kept = self._read.get(key)
        if kept is None or kept[0] != text:
            text = self._required(key)
            kept = self._read[key] = (text, parse(text))
        value: _Value = kept[1]
        return value


def _top_via(text: str) -> Via:
    return Via.parse(split_list(text)[0])


class Request(Message):
    """A request; `uri` is the Request-URI as text, of any scheme."""

    __slots__ = ("method", "uri")

    def __init__(self, method: str, uri: str, headers: Headers | None = None, body: bytes = b"") -> None:
        super().__init__(Headers() if headers is None else headers, body)
        self.method = method
        self.uri = uri

    @property
    def sip_uri(self) -> SipUri:
        """The Request-URI as a SIP URI; raise SipUriError when it is of another scheme or broken."""
        return SipUri.parse(self.uri)

    def start_line(self) -> str:
        """The request line (RFC 3261 §7.1)."""
        if not TOKEN.fullmatch(self.method) or not _REQUEST_URI.fullmatch(self.uri):
            raise SipParseError("The request line needs a method and a URI without spaces and brackets.")
        return f"{self.method} {self.uri} SIP/2.0"

    def respond(self, status: int, reason: str | None = None, *, to_tag: str | None = None) -> Response:
        """The response a server builds: Via, From, To, Call-ID and CSeq taken over (RFC 3261 §8.2.6.2).

        `to_tag` is added to a To without a tag; responses other than 100 need one.
        """
        kept = [(name, value) for name, value in self.headers.items() if name.lower() in _ECHOED]
        headers = Headers(kept)
        if to_tag is not None and self.to.tag is None:
            headers.set("To", self.to.with_param("tag", to_tag))
        return Response(status, REASONS.get(status, "") if reason is None else reason, headers)

    def __repr__(self) -> str:
        return f"<Request {self.method} {self.headers.get('cseq')}>"


class Response(Message):
    """A response; `reason` may be empty."""

    __slots__ = ("reason", "status")

    def __init__(self, status: int, reason: str, headers: Headers | None = None, body: bytes = b"") -> None:
        super().__init__(Headers() if headers is None else headers, body)
        self.status = status
        self.reason = reason

    @property
    def is_final(self) -> bool:
        """Whether it ends the transaction (RFC 3261 §7.2)."""
        return self.status >= 200

    @property
    def retry_after_s(self) -> float | None:
        """Seconds of Retry-After, comments and parameters left out; None without (RFC 3261 §20.33)."""
        digits = (self.headers.get("retry-after") or "").partition(";")[0].partition("(")[0].strip()
        return float(digits) if digits.isascii() and digits.isdigit() and len(digits) <= 10 else None

    def start_line(self) -> str:
        """The status line (RFC 3261 §7.2)."""
        if not 100 <= self.status <= 699 or _LINE_BREAKS.search(self.reason):
            raise SipParseError("The status line needs a code from 100 to 699 and a reason on one line.")
        return f"SIP/2.0 {self.status} {self.reason}"

    def __repr__(self) -> str:
        return f"<Response {self.status} {self.headers.get('cseq')}>"


_ECHOED = frozenset({"via", "v", "from", "f", "to", "t", "call-id", "i", "cseq"})
