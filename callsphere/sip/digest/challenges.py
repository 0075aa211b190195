"""Digest challenges (RFC 7616 §3.3, RFC 3261 §20.27 and §20.44, RFC 8760)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

from callsphere.sip.digest.algorithms import canonical
from callsphere.sip.digest.fields import Scheme, plain, read_schemes, unq
from callsphere.sip.message import Response

CHALLENGE_HEADERS = (("WWW-Authenticate", False), ("Proxy-Authenticate", True))
"""Headers that challenge, and whether a proxy does."""


class ChallengeMalformed(ValueError):
    """A digest challenge, or an answer to one, that cannot be read; `reason` says in a sentence why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Challenge:
    """One digest challenge. `params` maps lower-case names to values as written, quotes included."""

    proxy: bool
    params: Mapping[str, str]

    def value(self, name: str) -> str | None:
        """A parameter's text without quotes, None when absent."""
        text = self.params.get(name)
        return None if text is None else plain(text)

    @property
    def realm(self) -> str:
        """The protection space (RFC 7616 §3.3), for comparing and for people."""
        return plain(self.params["realm"])

    @property
    def hashed_realm(self) -> str:
        """The realm as it goes into the hash."""
        return unq(self.params["realm"])

    @property
    def nonce(self) -> str:
        """The server's nonce, as it goes into the hash."""
        return unq(self.params["nonce"])

    @property
    def algorithm(self) -> str | None:
        """The name in ALGORITHMS; MD5 when the challenge names none, None when it names an unknown one."""
        return canonical(self.value("algorithm") or None)

    @property
    def qop(self) -> str | None:
        """The protection we choose: "auth" before "auth-int"; "" where none is offered (RFC 2069).

        None when only others are offered.
        """
        offered = {word.strip(" \t").lower() for word in (self.value("qop") or "").split(",")} - {""}
        if not offered:
            return ""
        return next((choice for choice in ("auth", "auth-int") if choice in offered), None)

    @property
    def stale(self) -> bool:
        """Whether only the nonce was refused, not the credentials (RFC 7616 §3.3)."""
        return (self.value("stale") or "").lower() == "true"

    @property
    def is_supported(self) -> bool:
        """Whether we can answer it."""
        return self.algorithm is not None and self.qop is not None

    def with_nonce(self, nonce: str) -> Challenge:
        """The same challenge with another nonce, as written on the wire (RFC 7616 §3.5, nextnonce)."""
        return replace(self, params=MappingProxyType({**self.params, "nonce": nonce}))


def parse_challenges(response: Response) -> list[Challenge]:
    """Every readable digest challenge of every WWW-Authenticate and Proxy-Authenticate header, in order.

    Other schemes are left out. An unreadable challenge beside a readable one is left out too; raises
    ChallengeMalformed when all digest challenges are unreadable.
    """
    found: list[Challenge] = []
    unreadable: str | None = None
    for header, proxy in CHALLENGE_HEADERS:
        for value in response.headers.get_all(header):
            for scheme in read_schemes(value) or [Scheme("", broken="it is empty")]:
                if scheme.name.lower() not in ("digest", ""):
                    continue
                fault = _fault(scheme)
                if fault is None:
                    found.append(Challenge(proxy, MappingProxyType(scheme.params)))
                else:
                    unreadable = unreadable or f"The {header} header is not readable: {fault}."
    if unreadable is not None and not found:
        raise ChallengeMalformed(unreadable)
    return found


def _fault(scheme: Scheme) -> str | None:
    if scheme.broken is not None:
        return scheme.broken
    missing = next((name for name in ("realm", "nonce") if name not in scheme.params), None)
    return None if missing is None else f"{missing} is missing"
