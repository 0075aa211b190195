"""From a SIP URI to the addresses to try, in order (RFC 3263 §4), each one past the address guard."""

from __future__ import annotations

import asyncio
import math
import random
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from callsphere.lib.bounded_cache import BoundedCache
from callsphere.lib.netguard import AddressPolicy, AddressRefused, port_refused
from callsphere.sip.resolver.lookup import MAX_RECORDS, RECORDS_PER_NAME, DnsLookup, Question
from callsphere.sip.resolver.records import (
    DEFAULT_PORT,
    SRV_PREFIX,
    Srv,
    choose_naptr,
    order_srv,
    srv_transports,
)
from callsphere.sip.uri import SipUri, SipUriError, Transport

ResolutionCause = Literal["dns_not_found", "dns_timeout", "dns_srv_broken", "address_refused", "uri_invalid"]

MAX_TARGETS = 16
"""How many targets one URI may have."""
PATIENCE_S = 1.0
"""How long NAPTR and SRV are waited for, in seconds, before the addresses are asked for as well."""
GRACE_S = 1.0
"""How long the records that a name need not have are waited for once its addresses are known: some name
servers drop the questions for those."""
ABSENT_NAME_S = 30.0
"""How long "leads nowhere" is believed, in seconds: somebody may be putting it right just now."""

_Key = tuple[str, str, int | None, str | None]
"""What of a URI decides where it leads: scheme, host, port, transport."""


@dataclass(frozen=True, slots=True)
class Target:
    """Where a request is sent: numeric address, port, transport.

    `server_name` is the host of the URI, against which RFC 5922 §7.2 checks a certificate, whatever
    SRV made of it; for a literal address it is that address.
    """

    address: str
    port: int
    transport: Transport
    server_name: str

    def __str__(self) -> str:
        host = f"[{self.address}]" if ":" in self.address else self.address
        return f"{host}:{self.port}/{self.transport}"


class ResolutionError(Exception):
    """A URI that leads to no target.

    `cause` is a code of the dictionary of causes. `detail` is for operators: with `address_refused`
    it names the address, which tenants must not see.
    """

    def __init__(self, cause: ResolutionCause, detail: str) -> None:
        super().__init__(f"{cause}: {detail}")
        self.cause: ResolutionCause = cause
        self.detail = detail


@dataclass(frozen=True, slots=True)
class _Found:
    """What one resolution came to: targets in order or the reason for none, and how long it holds.

    `by_srv` has the targets of each SRV record where chance has a say in their order (RFC 2782).
    """

    fresh_until: float
    targets: tuple[Target, ...] = ()
    by_srv: Mapping[Srv, tuple[Target, ...]] = field(default_factory=dict)
    error: ResolutionError | None = None


class _Search:
    """The questions of one resolution: what failed, and until when all their answers hold."""

    def __init__(self, lookup: DnsLookup) -> None:
        self.failures: list[str] = []
        self.fresh_until = math.inf
        self.questions: list[Question] = []
        self._lookup = lookup
        self._open: set[Question] = set()

    def give_up(self) -> None:
        """What is still unanswered may stay so; the next resolution need not wait for it."""
        self.fresh_until = 0.0
        for question in self._open:
            self._lookup.give_up(question)

    async def ask(self, *questions: Question) -> list[tuple[Any, ...]]:
        """The records of each; those that are known cost no task."""
        answers = [self._lookup.cached(question) for question in questions]
        if None in answers:
            self._open.update(questions)
            answers = list(await asyncio.gather(*(self._lookup.ask(*question) for question in questions)))
            self._open.difference_update(questions)
        records: list[tuple[Any, ...]] = []
        for question, answer in zip(questions, answers, strict=True):
            assert answer is not None  # noqa: S101 (asked for above)
            if answer.failure is not None:
                self.failures.append(f"{question[1]} {question[0]} {answer.failure}")
            self.fresh_until = min(self.fresh_until, answer.fresh_until)
            records.append(answer.records)
        self.questions += questions
        return records

    async def addresses(self, host: str) -> list[str]:
        """IPv4 addresses first: a host that has both is reached over the one that all machines have."""
        v6 = asyncio.ensure_future(self.ask((host, "AAAA")))
        try:
            (v4,) = await self.ask((host, "A"))
            if v4:
                await asyncio.wait([v6], timeout=GRACE_S)
            if v4 and not v6.done():
                self.give_up()
                return list(v4)
            return [*v4, *(await v6)[0]]
        finally:
            v6.cancel()


class Resolver:
    """Finds the targets of a URI. For use in one event loop, but for `known`.

    `nameservers` are (address, port) pairs, None for those of the system; search domains and the
    hosts file are never used, `localhost` is 127.0.0.1. Every record of every answer must pass
    `policy`, which never changes: one refused record refuses the URI. What was found is kept until
    the first of its records has to be asked for again, and judged anew then. `lookup` and `chance`
    replace the cache and the source of chance.
    """

    def __init__(
        self,
        nameservers: Sequence[tuple[str, int]] | None,
        policy: AddressPolicy,
        *,
        lookup: DnsLookup | None = None,
        chance: random.Random | None = None,
    ) -> None:
        self._policy = policy
        self._lookup = lookup or DnsLookup(nameservers)
        self._chance = chance or random.SystemRandom()
        room = max(1, self._lookup.cache_size // RECORDS_PER_NAME)
        self._found: BoundedCache[_Key, _Found] = BoundedCache(room)

    def known(self, uri: SipUri) -> list[Target] | ResolutionError | None:
        """Where the URI leads, or why nowhere, as far as no name server need be asked; else None.

        May be called from any thread.
        """
        if uri.param("maddr") is not None:
            return self._known_by_maddr(uri)
        found = self._found.get((uri.scheme, uri.host, uri.port, uri.explicit_transport))
        if found is not None and found.fresh_until > self._lookup.clock():
            return self._result(found)
        try:
            return self._without_dns(uri)
        except ResolutionError as error:
            return error

    def _known_by_maddr(self, uri: SipUri) -> list[Target] | ResolutionError | None:
        try:
            known = self.known(_aimed(uri))
        except SipUriError as error:
            return ResolutionError("uri_invalid", str(error))
        return _named(known, uri) if isinstance(known, list) else known

    async def resolve(self, uri: SipUri) -> list[Target]:
        """The targets in the order to try them, at least one; raise ResolutionError."""
        result = self.known(uri)
        if result is None and uri.param("maddr") is not None:
            result = _named(await self.resolve(_aimed(uri)), uri)
        elif result is None:
            found = await self._find(uri)
            key = (uri.scheme, uri.host, uri.port, uri.explicit_transport)
            if found.fresh_until > self._lookup.clock():
                self._found.put(key, found, max(1, len(found.targets)))
            else:
                self._found.drop(key)
            result = self._result(found)
        if isinstance(result, ResolutionError):
            raise result
        return result

    def _result(self, found: _Found) -> list[Target] | ResolutionError:
        if found.error is not None:
            return ResolutionError(found.error.cause, found.error.detail)
        if not found.by_srv:
            return list(found.targets)
        ordered = order_srv(list(found.by_srv), self._chance)
        return [target for record in ordered for target in found.by_srv[record]][:MAX_TARGETS]

    def _without_dns(self, uri: SipUri) -> list[Target] | None:
        """The target of a literal address, None for a name; raise ResolutionError."""
        try:
            transport = uri.transport
        except SipUriError as error:
            raise ResolutionError("uri_invalid", str(error)) from error
        host = uri.host
        if not uri.is_literal:
            host = _plain(host)
            if host != "localhost":
                return None
        numeric = "127.0.0.1" if host == "localhost" else host
        try:
            return self._at([numeric], uri.port or DEFAULT_PORT[transport], transport, _plain(host))
        except AddressRefused as refusal:
            raise _refused(uri, refusal) from refusal

    async def _find(self, uri: SipUri) -> _Found:
        search = _Search(self._lookup)
        try:
            by_srv = await self._targets(uri, _plain(uri.host), search)
        except AddressRefused as refusal:
            return _Found(self._soon(search), error=_refused(uri, refusal))
        except ResolutionError as error:
            self._lookup.doubt_absence(search.questions, ABSENT_NAME_S)
            return _Found(self._soon(search), error=error)
        targets = [target for some in by_srv.values() for target in some]
        ordered = len({record.priority for record in by_srv}) == len(by_srv)
        return _Found(search.fresh_until, tuple(targets[:MAX_TARGETS]), {} if ordered else by_srv)

    def _soon(self, search: _Search) -> float:
        return min(search.fresh_until, self._lookup.clock() + ABSENT_NAME_S)

    async def _targets(self, uri: SipUri, host: str, search: _Search) -> Mapping[Srv, tuple[Target, ...]]:
        """Which transport (RFC 3263 §4.1), then which port and address (§4.2)."""
        transport = uri.transport
        if uri.port is None:
            services = await self._services_in_time(uri, host, search)
            with_records = [(chosen, records) for chosen, records in services if records]
            if with_records:
                search.failures.clear()
            for chosen, records in with_records:
                targets = await self._srv_targets(records, chosen, host, search)
                if targets:
                    return targets
            if with_records:
                raise _nothing(host, search.failures, "dns_srv_broken", "no SRV target has an address")
            if len(services) == 1:
                transport = services[0][0]  # RFC 3263 §4.2: no SRV, but NAPTR or the URI has settled it
        addresses = await search.addresses(host)
        if not addresses:
            raise _nothing(host, search.failures, "dns_not_found", "no address")
        port = uri.port or DEFAULT_PORT[transport]
        return {Srv(0, 0, port, host): tuple(self._at(addresses, port, transport, host))}

    async def _services_in_time(
        self, uri: SipUri, host: str, search: _Search
    ) -> list[tuple[Transport, tuple[Srv, ...]]]:
        """The same as `_services`; none when only those questions stay unanswered."""
        asking = asyncio.ensure_future(self._services(uri, host, search))
        addresses: asyncio.Future[list[str]] | None = None
        try:
            await asyncio.wait([asking], timeout=PATIENCE_S)
            if not asking.done():
                addresses = asyncio.ensure_future(search.addresses(host))
                await asyncio.wait([asking, addresses], return_when=asyncio.FIRST_COMPLETED)
                if not asking.done() and addresses.result():
                    await asyncio.wait([asking], timeout=GRACE_S)
                    if not asking.done():
                        search.give_up()
                        return []
            return await asking
        finally:
            asking.cancel()
            if addresses is not None:
                addresses.cancel()

    async def _services(
        self, uri: SipUri, host: str, search: _Search
    ) -> list[tuple[Transport, tuple[Srv, ...]]]:
        """Transports that come into question, the preferred first, with their SRV records (RFC 3263 §4.1)."""
        candidates = [(transport, f"{SRV_PREFIX[transport]}.{host}") for transport in srv_transports(uri)]
        if uri.explicit_transport is None:
            (naptr,) = await search.ask((host, "NAPTR"))
            chosen = choose_naptr(naptr, uri.scheme)
            if chosen is not None:
                candidates = [chosen]
        answers = await search.ask(*((name, "SRV") for _, name in candidates))
        return [(transport, records) for (transport, _), records in zip(candidates, answers, strict=True)]

    async def _srv_targets(
        self, records: Sequence[Srv], transport: Transport, server_name: str, search: _Search
    ) -> Mapping[Srv, tuple[Target, ...]]:
        """The addresses behind SRV records; empty when none of their hosts has one."""
        # RFC 2782: the target "." means that the service is decidedly not there.
        ordered = [record for record in order_srv(records, self._chance) if record.host and record.port]
        ordered = ordered[:MAX_RECORDS]
        answers = await asyncio.gather(*(search.addresses(record.host) for record in ordered))
        return {
            record: tuple(self._at(addresses, record.port, transport, server_name))
            for record, addresses in zip(ordered, answers, strict=True)
            if addresses
        }

    def _at(
        self, addresses: Sequence[str], port: int, transport: Transport, server_name: str
    ) -> list[Target]:
        """Targets at one port; raise AddressRefused when one of the addresses or the port is refused."""
        self._policy.check_all(addresses)
        if port_refused(port):
            for address in addresses:
                if not self._policy.is_operator_allowed(address):
                    raise AddressRefused(address, f"port {port} is refused")
        return [
            Target(address, port, transport, server_name) for address in _routable(addresses)[:MAX_RECORDS]
        ]


def _aimed(uri: SipUri) -> SipUri:
    """The URI with `maddr` in place of its host: that is where it leads (RFC 3263 §4). Raises SipUriError."""
    params = tuple((name, value) for name, value in uri.params if name.lower() != "maddr")
    return replace(uri, host=(uri.param("maddr") or "").strip("[]"), params=params)


def _named(targets: Sequence[Target], uri: SipUri) -> list[Target]:
    """The same places, whose certificates are for the URI's host all the same (RFC 5922 §7.2)."""
    return [replace(target, server_name=_plain(uri.host)) for target in targets]


def _refused(uri: SipUri, refusal: AddressRefused) -> ResolutionError:
    detail = str(refusal)
    known = detail.startswith(f"{uri.host}:")
    return ResolutionError("address_refused", detail if known else f"{uri.host}: {detail}")


def _plain(host: str) -> str:
    return host.rstrip(".").lower()


def _nothing(host: str, failures: list[str], otherwise: ResolutionCause, detail: str) -> ResolutionError:
    """Nothing was found: for want of an answer, or because there is nothing."""
    if failures:
        return ResolutionError("dns_timeout", f"{host}: {failures[0]}")
    return ResolutionError(otherwise, f"{host}: {detail}")


def _routable(addresses: Sequence[str]) -> list[str]:
    """Leave out IPv6 addresses that this machine has no way to, when there are others."""
    reachable = [address for address in addresses if ":" not in address or _has_route(address)]
    return reachable or list(addresses)


def _has_route(address: str) -> bool:
    # Connecting a UDP socket asks the routing table and sends nothing.
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 5060))
    except OSError:
        return False
    return True
