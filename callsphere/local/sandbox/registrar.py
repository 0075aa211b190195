"""The registrar of a sandbox carrier (RFC 3261 §10.3)."""

from __future__ import annotations

import re
from dataclasses import dataclass

from callsphere.local.sandbox.behaviour import Registry
from callsphere.local.sandbox.refusals import refuse
from callsphere.sip.errors import SipParseError
from callsphere.sip.headers import Address
from callsphere.sip.message import Request, Response
from callsphere.sip.uri import SipUriError

DEFAULT_S = 3600
LONGEST_S = 7200
"""What an interval that is not named, or is longer, becomes."""
MAX_BINDINGS = 10
"""Contacts of one address-of-record."""
MAX_NAMES = 4096
"""Addresses-of-record at once."""

_SECONDS = re.compile(r"[0-9]{1,10}")


class Refused(Exception):
    """A REGISTER that changes nothing."""

    def __init__(self, status: int) -> None:
        super().__init__(str(status))
        self.status = status


@dataclass(frozen=True, slots=True)
class Binding:
    """One Contact of an address-of-record. `contact` is the address without `expires`."""

    contact: Address
    expires_at: float
    call_id: str
    cseq: int


class Registrar:
    """Bindings by address-of-record, and within one by Contact URI."""

    def __init__(self, registry: Registry) -> None:
        self._registry = registry
        self._names: dict[str, dict[str, Binding]] = {}

    def __len__(self) -> int:
        """How many bindings are kept, those that have just ended included."""
        return sum(map(len, self._names.values()))

    def answer(self, request: Request, now: float, to_tag: str) -> Response:
        """Add, refresh, remove or list bindings."""
        try:
            name = _name(request)
            bindings = self._changed(request, self._live(name, now), now)
            self._keep(name, bindings, now)
        except Refused as refused:
            response = refuse(request, refused.status, to_tag)
            if refused.status == 423:
                response.headers.add("Min-Expires", str(self._registry.shortest_s))
            return response
        response = request.respond(200, to_tag=to_tag)
        for binding in bindings.values():
            left = max(1, round(binding.expires_at - now))
            response.headers.add("Contact", binding.contact.with_param("expires", str(left)))
        return response

    def forget_expired(self, now: float) -> None:
        """Let go of what has ended."""
        for name in list(self._names):
            self._store(name, self._live(name, now))

    def _live(self, name: str, now: float) -> dict[str, Binding]:
        known = self._names.get(name, {})
        return {uri: binding for uri, binding in known.items() if binding.expires_at > now}

    def _changed(self, request: Request, bindings: dict[str, Binding], now: float) -> dict[str, Binding]:
        """The bindings after a request: all of its Contacts or none (RFC 3261 §10.3 step 7)."""
        contacts = _contacts(request)
        if any(contact.uri == "*" for contact in contacts):
            if len(contacts) > 1 or _seconds(request.headers.get("expires")) != 0:
                raise Refused(400)
            return {}
        for contact in contacts:
            self._change(request, contact, bindings, now)
        if len(bindings) > MAX_BINDINGS:
            raise Refused(503)
        return bindings if self._registry.keeps else {}

    def _change(self, request: Request, contact: Address, bindings: dict[str, Binding], now: float) -> None:
        known = bindings.get(contact.uri)
        if known is not None and known.call_id == request.call_id and request.cseq.number <= known.cseq:
            raise Refused(500)  # an older request that came late
        seconds = _interval(request, contact)
        if seconds == 0:
            bindings.pop(contact.uri, None)
            return
        if seconds < self._registry.shortest_s:
            raise Refused(423)
        plain = Address(contact.display, contact.uri, _without_expires(contact))
        ends = now + min(seconds, LONGEST_S)
        bindings[contact.uri] = Binding(plain, ends, request.call_id, request.cseq.number)

    def _keep(self, name: str, bindings: dict[str, Binding], now: float) -> None:
        if name not in self._names and len(self._names) >= MAX_NAMES:
            self.forget_expired(now)
            if len(self._names) >= MAX_NAMES:
                raise Refused(503)
        self._store(name, bindings)

    def _store(self, name: str, bindings: dict[str, Binding]) -> None:
        if bindings:
            self._names[name] = bindings
        else:
            self._names.pop(name, None)


def _name(request: Request) -> str:
    try:
        uri = request.to.sip_uri
    except SipUriError:
        raise Refused(404) from None
    return f"{uri.user or ''}@{uri.host.lower()}"


def _contacts(request: Request) -> list[Address]:
    try:
        return request.contacts
    except SipParseError:
        raise Refused(400) from None


def _interval(request: Request, contact: Address) -> int:
    """The seconds asked for: the Contact's own, else the header's (RFC 3261 §10.2.1.1)."""
    for text in (contact.param("expires"), request.headers.get("expires")):
        seconds = _seconds(text)
        if seconds is not None:
            return seconds
    return DEFAULT_S


def _seconds(text: str | None) -> int | None:
    return int(text) if text is not None and _SECONDS.fullmatch(text.strip()) else None


def _without_expires(contact: Address) -> tuple[tuple[str, str | None], ...]:
    return tuple(pair for pair in contact.params if pair[0].lower() != "expires")
