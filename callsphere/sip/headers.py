"""Values of the header fields that routing and matching need (RFC 3261 §20, grammar in §25.1).

Each `parse` takes one unfolded value and raises SipParseError, never anything else; each `str()`
gives a value that goes on the wire. Parameters keep their text as received, quotes included, and
their order.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self

from callsphere.sip.errors import SipParseError
from callsphere.sip.uri import SipUri

Params = tuple[tuple[str, str | None], ...]
"""Parameters in order: name as written, value as written or None."""

TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
"""RFC 3261 §25.1 token."""

MAX_CSEQ = 2**32 - 1

_QUOTED = r'"[^"\\]*(?:\\.[^"\\]*)*"'
_PARAM = re.compile(rf'[ \t]*;[ \t]*(?:([^\s;,="<>]+)(?:[ \t]*=[ \t]*({_QUOTED}|[^\s;,"<>]*))?)?', re.DOTALL)
# A quote that never closes swallows the rest, so that hostile input cannot make this quadratic.
_LIST_PIECE = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)|<[^<>]*>|,', re.DOTALL)
_VIA = re.compile(
    r"SIP[ \t]*/[ \t]*2\.0[ \t]*/[ \t]*([A-Za-z0-9.!%*_+`'~-]+)[ \t]+"
    r"(\[[0-9A-Fa-f:.]+\]|[A-Za-z0-9_.-]+)(?:[ \t]*:[ \t]*([0-9]{1,5}))?",
    re.IGNORECASE,
)
_CSEQ = re.compile(r"([0-9]{1,20})[ \t]+([A-Za-z0-9.!%*_+`'~-]+)")
_NAME_ADDR = re.compile(rf'({_QUOTED}|[^\x00-\x08\x0a-\x1f",;<>]*)[ \t]*<([^<>\s]+)>', re.DOTALL)
_ADDR_SPEC = re.compile(r'[^\s,;<>"?]+')
_ABSOLUTE_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>]+")
_QUOTED_PAIR = re.compile(r"\\(.)", re.DOTALL)
_LINE_BREAKS = re.compile(r"[\r\n]")


@dataclass(frozen=True, slots=True)
class Via:
    """One hop of the way back (RFC 3261 §20.42). `host` is as written, IPv6 in brackets."""

    transport: str
    host: str
    port: int | None = None
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> Via:
        """Read one Via value."""
        text = text.strip(" \t")
        match = _VIA.match(text)
        if match is None:
            raise SipParseError("The Via header is not readable.")
        transport, host, digits = match.groups()
        port = None if digits is None else int(digits)
        if port is not None and not 0 < port < 65536:
            raise SipParseError("The port in the Via header is out of range.")
        return cls(transport.upper(), host, port, parse_params(text, match.end()))

    def __str__(self) -> str:
        port = "" if self.port is None else f":{self.port}"
        return f"SIP/2.0/{self.transport} {self.host}{port}{format_params(self.params)}"

    @property
    def branch(self) -> str | None:
        """The transaction's branch (RFC 3261 §8.1.1.7)."""
        return param(self.params, "branch")

    @property
    def received(self) -> str | None:
        """The address the request came from, as the server saw it (RFC 3261 §18.2.1)."""
        return param(self.params, "received")

    @property
    def rport(self) -> int | None:
        """The port the request came from, as the server saw it (RFC 3581 §4); None while empty."""
        value = param(self.params, "rport")
        return int(value) if value and re.fullmatch(r"[0-9]{1,5}", value) else None

    def with_param(self, name: str, value: str | None) -> Via:
        """A copy with the parameter set in place, or added at the end."""
        return replace(self, params=set_param(self.params, name, value))


@dataclass(frozen=True, slots=True)
class CSeq:
    """Sequence number and method (RFC 3261 §20.16)."""

    number: int
    method: str

    @classmethod
    def parse(cls, text: str) -> CSeq:
        """Read a CSeq value."""
        match = _CSEQ.fullmatch(text.strip(" \t"))
        if match is None:
            raise SipParseError("The CSeq header must be a number and a method.")
        number = int(match[1])
        if number > MAX_CSEQ:
            raise SipParseError("The number in the CSeq header does not fit 32 bits.")
        return cls(number, match[2])

    def __str__(self) -> str:
        return f"{self.number} {self.method}"


@dataclass(frozen=True, slots=True)
class Address:
    """What From, To, Contact, Route and their kin hold (RFC 3261 §20.10): name, URI, parameters.

    `display` is unquoted; `uri` is the text as written, of any scheme ("*" in a Contact that
    removes all bindings); `sip_uri` reads it.
    """

    display: str | None
    uri: str
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> Address:
        """Read one name-addr or addr-spec with its parameters."""
        text = text.strip(" \t")
        match = _NAME_ADDR.match(text)
        if match is not None:
            display, uri = match[1].strip(" \t"), match[2]
            name = unquote(display) if display.startswith('"') else display or None
        else:
            # Without brackets, parameters belong to the header and "?" and "," are refused (§20.10).
            match = _ADDR_SPEC.match(text)
            if match is None:
                raise SipParseError("An address header has no readable address.")
            name, uri = None, match[0]
        if not _ABSOLUTE_URI.fullmatch(uri) and text != "*":
            raise SipParseError("An address header holds something that is no URI.")
        return cls(name, uri, parse_params(text, match.end()))

    @classmethod
    def parse_list(cls, text: str) -> list[Address]:
        """Read a comma-separated list of addresses."""
        return [cls.parse(piece) for piece in split_list(text)]

    def __str__(self) -> str:
        if self.uri == "*":
            return "*"
        name = "" if self.display is None else f"{quote(self.display)} "
        return f"{name}<{self.uri}>{format_params(self.params)}"

    @property
    def sip_uri(self) -> SipUri:
        """The URI as a SIP URI; raise SipUriError when it is of another scheme or broken."""
        return SipUri.parse(self.uri)

    @property
    def tag(self) -> str | None:
        """The dialog tag (RFC 3261 §19.3)."""
        return param(self.params, "tag")

    def param(self, name: str) -> str | None:
        """A header parameter, named in lower case and unquoted; "" when it has no value, None when absent."""
        return param(self.params, name)

    def with_param(self, name: str, value: str | None) -> Self:
        """A copy with the parameter set in place, or added at the end."""
        return replace(self, params=set_param(self.params, name, value))


@dataclass(frozen=True, slots=True)
class Valued:
    """A value with parameters: Content-Type, Session-Expires, Event, Refer-To's kin without a URI."""

    value: str
    params: Params = ()

    @classmethod
    def parse(cls, text: str) -> Valued:
        """Read `value;name=value;...`."""
        value, semicolon, rest = text.strip(" \t").partition(";")
        if not value.strip(" \t"):
            raise SipParseError("A header has parameters but no value.")
        return cls(value.strip(" \t"), parse_params(semicolon + rest, 0))

    def __str__(self) -> str:
        return f"{self.value}{format_params(self.params)}"

    def param(self, name: str) -> str | None:
        """A parameter, named in lower case and unquoted; "" when it has no value, None when absent."""
        return param(self.params, name)


def parse_params(text: str, start: int) -> Params:
    """Read `;name=value...` from `start` to the end; empty parameters (";;") are skipped."""
    params: list[tuple[str, str | None]] = []
    end = len(text)
    while start < end:
        match = _PARAM.match(text, start)
        if match is None:
            if not text[start:].strip(" \t"):
                break
            raise SipParseError("A header has something after its value that is no parameter.")
        name, value = match.groups()
        if name is not None:
            params.append((name, value))
        start = match.end()
    return tuple(params)


def format_params(params: Params) -> str:
    """Write parameters back as they were read; raise SipParseError for one that would break the line."""
    text = "".join(f";{name}" if value is None else f";{name}={value}" for name, value in params)
    if _LINE_BREAKS.search(text):
        raise SipParseError("A parameter must not hold line breaks.")
    return text


def param(params: Params, name: str) -> str | None:
    """The first parameter of this lower-case name, unquoted; "" when it has no value, None when absent."""
    for key, value in params:
        if key == name or key.lower() == name:
            if value is None:
                return ""
            return unquote(value) if value.startswith('"') else value
    return None


def set_param(params: Params, name: str, value: str | None) -> Params:
    """Parameters with one set in place, or added at the end."""
    kept = [(key, value) if key.lower() == name.lower() else (key, old) for key, old in params]
    if not any(key.lower() == name.lower() for key, _ in params):
        kept.append((name, value))
    return tuple(kept)


def split_list(text: str) -> list[str]:
    """Split at commas outside quotes and angle brackets (RFC 3261 §7.3.1); empty pieces stay."""
    if "," not in text:
        return [text.strip(" \t")]
    pieces: list[str] = []
    start = 0
    for match in _LIST_PIECE.finditer(text):
        if match[0] == ",":
            pieces.append(text[start : match.start()].strip(" \t"))
            start = match.end()
    pieces.append(text[start:].strip(" \t"))
    return pieces


def quote(text: str) -> str:
    """Write a quoted-string (RFC 3261 §25.1); raise SipParseError for line breaks, which none may hold."""
    if _LINE_BREAKS.search(text):
        raise SipParseError("A quoted value must not hold line breaks.")
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def unquote(text: str) -> str:
    """Read a quoted-string; a text without quotes comes back as it is."""
    if len(text) < 2 or not (text.startswith('"') and text.endswith('"')):
        return text
    inner = text[1:-1]
    return _QUOTED_PAIR.sub(r"\1", inner) if "\\" in inner else inner
