"""From a SIP URI to the addresses to try, in order (RFC 3263 §4), each one past the address guard."""

from __future__ import annotations

import asyncio
import random
import socket
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from callsphere.lib.netguard import AddressPolicy, AddressRefused, port_refused
from callsphere.sip.resolver.lookup import MAX_RECORDS, DnsLookup
from callsphere.sip.resolver.records import (
    DEFAULT_PORT,
    SRV_PREFIX,
    Naptr,
    Srv,
    choose_naptr,
    order_srv,
    srv_transports,
)
from callsphere.sip.uri import SipUri, SipUriError, Transport

ResolutionCause = Literal["dns_not_found", "dns_timeout", "dns_srv_broken", "address_refused", "uri_invalid"]

MAX_TARGETS = 16
"""How many targets one URI may have."""


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


class Resolver:
    """Finds the targets of a URI. For use in one event loop.

    `nameservers` are (address, port) pairs, None for those of the system; search domains and the
    hosts file are never used, `localhost` is 127.0.0.1. Every record of every answer must pass
    `policy`, cached or not: one refused record refuses the URI. `lookup` and `chance`
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

    async def resolve(self, uri: SipUri) -> list[Target]:
        """The targets in the order to try them, at least one; raise ResolutionError."""
        try:
            transport = uri.transport
        except SipUriError as error:
            raise ResolutionError("uri_invalid", str(error)) from error
        try:
            targets = await self._targets(uri, transport)
        except AddressRefused as refusal:
            raise ResolutionError("address_refused", f"{uri.host}: {refusal}") from refusal
        return targets[:MAX_TARGETS]

    async def _targets(self, uri: SipUri, transport: Transport) -> list[Target]:
        """Which transport (RFC 3263 §4.1), then which port and address (§4.2)."""
        host = uri.host.rstrip(".").lower()
        if uri.is_literal or host == "localhost":
            numeric = uri.host if uri.is_literal else "127.0.0.1"
            return self._at([numeric], uri.port or DEFAULT_PORT[transport], transport, host)
        failures: list[str] = []
        if uri.port is None:
            services = await self._services(uri, host, failures)
            with_records = [(chosen, records) for chosen, records in services if records]
            if with_records:
                failures.clear()
            for chosen, records in with_records:
                targets = await self._srv_targets(records, chosen, host, failures)
                if targets:
                    return targets
            if with_records:
                raise _nothing(host, failures, "dns_srv_broken", "no SRV target has an address")
            if len(services) == 1:
                transport = services[0][0]  # RFC 3263 §4.2: no SRV, but NAPTR or the URI has settled it
        addresses = await self._addresses(host, failures)
        if not addresses:
            raise _nothing(host, failures, "dns_not_found", "no address")
        return self._at(addresses, uri.port or DEFAULT_PORT[transport], transport, host)

    async def _services(
        self, uri: SipUri, host: str, failures: list[str]
    ) -> list[tuple[Transport, list[Srv]]]:
        """Transports that come into question, the preferred first, with their SRV records (RFC 3263 §4.1)."""
        candidates = [(transport, f"{SRV_PREFIX[transport]}.{host}") for transport in srv_transports(uri)]
        if uri.explicit_transport is None:
            chosen = choose_naptr(await self._naptr(host, failures), uri.scheme)
            if chosen is not None:
                candidates = [chosen]
        answers = await asyncio.gather(*(self._srv(name, failures) for _, name in candidates))
        return [(transport, records) for (transport, _), records in zip(candidates, answers, strict=True)]

    async def _srv_targets(
        self, records: list[Srv], transport: Transport, server_name: str, failures: list[str]
    ) -> list[Target]:
        """The addresses behind SRV records; empty when none of their hosts has one."""
        # RFC 2782: the target "." means that the service is decidedly not there.
        ordered = [record for record in order_srv(records, self._chance) if record.host and record.port]
        ordered = ordered[:MAX_RECORDS]
        answers = await asyncio.gather(*(self._addresses(record.host, failures) for record in ordered))
        targets: list[Target] = []
        for record, addresses in zip(ordered, answers, strict=True):
            targets += self._at(addresses, record.port, transport, server_name)
        return targets

    def _at(
        self, addresses: Sequence[str], port: int, transport: Transport, server_name: str
    ) -> list[Target]:
        """Targets at one port; raise AddressRefused when one of the addresses or the port is refused."""
        self._policy.check_all(addresses)
        for address in addresses:
            if port_refused(port) and not self._policy.is_operator_allowed(address):
                raise AddressRefused(address, f"port {port} is refused")
        return [
            Target(address, port, transport, server_name) for address in _routable(addresses)[:MAX_RECORDS]
        ]

    async def _naptr(self, host: str, failures: list[str]) -> list[Naptr]:
        return [
            Naptr(
                record.order,
                record.preference,
                record.flags.decode("ascii", "replace").lower(),
                record.service.decode("ascii", "replace").lower(),
                record.regexp.decode("ascii", "replace"),
                _name(record.replacement),
            )
            for record in await self._ask(host, "NAPTR", failures)
        ]

    async def _srv(self, name: str, failures: list[str]) -> list[Srv]:
        return [
            Srv(record.priority, record.weight, record.port, _name(record.target))
            for record in await self._ask(name, "SRV", failures)
        ]

    async def _addresses(self, host: str, failures: list[str]) -> list[str]:
        """IPv4 addresses first: a host that has both is reached over the one that all machines have."""
        v4, v6 = await asyncio.gather(self._ask(host, "A", failures), self._ask(host, "AAAA", failures))
        return [record.address for record in (*v4, *v6)]

    async def _ask(self, name: str, rdtype: str, failures: list[str]) -> tuple[Any, ...]:
        answer = await self._lookup.ask(name, rdtype)
        if answer.failure is not None:
            failures.append(f"{rdtype} {name} {answer.failure}")
        return answer.records


def _nothing(host: str, failures: list[str], otherwise: ResolutionCause, detail: str) -> ResolutionError:
    """Nothing was found: for want of an answer, or because there is nothing."""
    if failures:
        return ResolutionError("dns_timeout", f"{host}: {failures[0]}")
    return ResolutionError(otherwise, f"{host}: {detail}")


def _name(name: Any) -> str:
    return str(name.to_text(omit_final_dot=True)).lower() if len(name) > 1 else ""


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
