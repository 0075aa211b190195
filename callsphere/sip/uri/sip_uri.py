"""The SIP and SIPS URI as peers send it (RFC 3261 §19.1, grammar in §25.1)."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Literal
from urllib.parse import quote, unquote_to_bytes

Transport = Literal["udp", "tcp", "tls"]

MAX_URI_LENGTH = 2048
"""Longest URI text that is read, in characters. RFC 4475 §3.1.1.7 has one of about 1,100."""

_ESCAPE = r"%[0-9A-Fa-f]{2}"
# Everything visible that cannot end the component. Wider than RFC 3261's "unreserved" because
# carriers do send "#", "^" or "|" unescaped; never wide enough for CR, LF or a space.
_USER = re.compile(rf"(?:[!#-$&-9;=?A-Za-z\[-~]|{_ESCAPE})+")
_PASSWORD = re.compile(rf"(?:[!#-$&-;=?A-Za-z\[-~]|{_ESCAPE})*")
_PARAM_NAME = re.compile(rf"(?:[!#-$&-:A-Z\[-~]|{_ESCAPE})+")
_PARAM_VALUE = re.compile(rf"(?:[!-$&-:=@A-Z\[-~]|{_ESCAPE})*")
_HEADER = re.compile(rf"(?:[!-$'-;=?@A-Z\[-~]|{_ESCAPE})*")
_HOSTNAME = re.compile(r"[A-Za-z0-9_](?:[A-Za-z0-9_.-]*[A-Za-z0-9_.])?")
_DIGITS = re.compile(r"[0-9]{1,5}")

_USER_SAFE = "-_.!~*'()&=+$,;?/"  # RFC 3261 §25.1: unreserved and user-unreserved
_PARAM_SAFE = "-_.!~*'()[]/:&+$"  # RFC 3261 §25.1: unreserved and param-unreserved


class SipUriError(ValueError):
    """A text that is not a usable SIP URI; `str(error)` is a sentence for the person who wrote it."""


@dataclass(frozen=True, slots=True)
class SipUri:
    """One `sip:` or `sips:` URI.

    `user`, `password`, `params` and `headers` hold the text as it stands on the wire, escapes
    included, because RFC 3261 §19.1.4 does not equate `%2B` and `+`; `escape_user` and `unescape`
    convert. `host` is a name, a dotted IPv4 address or an IPv6 address without brackets.
    Every part is checked on construction, so that `str()` can never carry CR, LF or a space.
    """

    scheme: str
    user: str | None
    password: str | None
    host: str
    port: int | None = None
    params: tuple[tuple[str, str | None], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()

    def __post_init__(self) -> None:
        """Raise SipUriError when a part could not stand in a URI."""
        if self.scheme not in ("sip", "sips"):
            raise SipUriError(f"The scheme must be sip or sips, not {quotable(self.scheme)}.")
        if self.user is not None and not _USER.fullmatch(self.user):
            raise SipUriError("The user part has characters that must be escaped.")
        if self.password is not None and (self.user is None or not _PASSWORD.fullmatch(self.password)):
            raise SipUriError("The password part has characters that must be escaped.")
        _check_host(self.host)
        if self.port is not None and not 0 < self.port < 65536:
            raise SipUriError(f"The port must be between 1 and 65535, not {self.port}.")
        for name, value in self.params:
            if not _PARAM_NAME.fullmatch(name) or not (value is None or _PARAM_VALUE.fullmatch(value)):
                raise SipUriError(f"The parameter {quotable(name)} has characters that must be escaped.")
        for name, value in self.headers:
            if not name or not _HEADER.fullmatch(name) or not _HEADER.fullmatch(value):
                raise SipUriError("The headers after ? have characters that must be escaped.")

    @classmethod
    def parse(cls, text: str) -> SipUri:
        """Read a URI as peers send it; raise SipUriError for anything that is none."""
        if len(text) > MAX_URI_LENGTH:
            raise SipUriError(f"The address is longer than {MAX_URI_LENGTH} characters.")
        scheme, colon, rest = text.partition(":")
        scheme = scheme.lower()
        if not colon or scheme not in ("sip", "sips"):
            raise SipUriError("The address must start with sip: or sips:.")
        # The user part may hold ";" and "?" (RFC 3261 §25.1 user-unreserved), so it is cut off first.
        user: str | None = None
        password: str | None = None
        userinfo, at, remainder = rest.partition("@")
        if at:
            user, has_password, secret = userinfo.partition(":")
            password = secret if has_password else None
            rest = remainder
        rest, question, header_text = rest.partition("?")
        hostport, semicolon, param_text = rest.partition(";")
        host, port = _split_hostport(hostport)
        params = _split_pairs(param_text, ";") if semicolon else ()
        headers = (
            tuple((name, value or "") for name, value in _split_pairs(header_text, "&")) if question else ()
        )
        return cls(scheme, user, password, host, port, params, headers)

    def __str__(self) -> str:
        parts = [self.scheme, ":"]
        if self.user is not None:
            parts.append(self.user)
            if self.password is not None:
                parts.append(f":{self.password}")
            parts.append("@")
        parts.append(self.hostport)
        parts.extend(f";{name}" if value is None else f";{name}={value}" for name, value in self.params)
        if self.headers:
            parts.append("?" + "&".join(f"{name}={value}" for name, value in self.headers))
        return "".join(parts)

    def __repr__(self) -> str:
        # A password in a URI is a secret; a repr ends up in logs.
        hidden = "" if self.password is None else " password=hidden"
        return f"<SipUri {self.scheme}:{self.hostport} user={self.user!r}{hidden}>"

    @property
    def hostport(self) -> str:
        """Host and, where given, port, as they stand in a URI or a Via header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port is None else f"{host}:{self.port}"

    @property
    def is_literal(self) -> bool:
        """Whether the host is a numeric address that needs no look-up."""
        return ":" in self.host or is_ipv4(self.host)

    @property
    def explicit_transport(self) -> str | None:
        """The `transport` parameter in lower case, None when absent."""
        value = self.param("transport")
        return value.lower() if value else None

    @property
    def transport(self) -> Transport:
        """What the URI alone asks for: TLS for `sips:`, else its parameter, else UDP.

        Raises SipUriError for a transport we do not speak (ws, wss, sctp, ...).
        """
        named = self.explicit_transport
        if named not in (None, "udp", "tcp", "tls"):
            raise SipUriError(f"The transport {quotable(named)} is not supported: use udp, tcp or tls.")
        if self.scheme == "sips" or named == "tls":
            return "tls"
        return "tcp" if named == "tcp" else "udp"

    def param(self, name: str) -> str | None:
        """The value of a parameter, named in lower case; "" when it has no value, None when absent."""
        for key, value in self.params:
            if key.lower() == name:
                return value or ""
        return None


def escape_user(text: str) -> str:
    """Escape any text for use as the user part (RFC 3261 §19.1.2)."""
    return quote(text, safe=_USER_SAFE)


def escape_param(text: str) -> str:
    """Escape any text for use as a parameter's name or value (RFC 3261 §19.1.2)."""
    return quote(text, safe=_PARAM_SAFE)


def unescape(text: str) -> str:
    """Resolve %-escapes; bytes that are no UTF-8 become the replacement character."""
    return unquote_to_bytes(text).decode("utf-8", "replace")


def is_ipv4(text: str) -> bool:
    if not text[-1:].isdigit():
        return False  # names, nearly always: telling so by the parser's exception takes ten times as long
    try:
        ipaddress.IPv4Address(text)
    except ValueError:
        return False
    return True


def _check_host(host: str) -> None:
    if ":" in host:
        try:
            ipaddress.IPv6Address(host)
        except ValueError:
            raise SipUriError("The host is no IPv6 address.") from None
        if "%" in host:
            raise SipUriError("An IPv6 zone name cannot be part of a SIP address.")
    elif not _HOSTNAME.fullmatch(host) or len(host) > 255 or ".." in host:
        raise SipUriError("The host is neither a name nor an address.")


def _split_hostport(text: str) -> tuple[str, int | None]:
    """Split `host[:port]`, brackets around IPv6 removed (RFC 3261 §25.1 hostport)."""
    if text.startswith("["):
        host, bracket, tail = text[1:].partition("]")
        if not bracket or ":" not in host or (tail and not tail.startswith(":")):
            raise SipUriError("The brackets around the IPv6 address do not match.")
        digits = tail[1:] if tail else None
    else:
        host, colon, port_text = text.partition(":")
        digits = port_text if colon else None
    if digits is None:
        return host, None
    if not _DIGITS.fullmatch(digits):
        raise SipUriError("The port is no number.")
    return host, int(digits)


def _split_pairs(text: str, separator: str) -> tuple[tuple[str, str | None], ...]:
    """Split `a=1;b;c=2`; empty pieces (a doubled or trailing separator) are skipped."""
    pairs: list[tuple[str, str | None]] = []
    for piece in text.split(separator):
        if piece:
            name, equals, value = piece.partition("=")
            pairs.append((name, value if equals else None))
    return tuple(pairs)


def quotable(text: str | None) -> str:
    """A piece of somebody's input, safe and short enough to quote in a sentence."""
    kept = "".join(character for character in text or "" if character.isprintable())
    return kept if len(kept) <= 40 else kept[:40] + "…"
