"""Finding and opening the ways that messages take, each address past the guard."""

from __future__ import annotations

import asyncio

from callsphere.lib.netguard import AddressPolicy, AddressRefused
from callsphere.sip.agent.flow import (
    ConnectionFlow,
    DatagramFlow,
    Flow,
    FlowFailed,
    family_of,
    our_address,
)
from callsphere.sip.agent.ports import DatagramPorts
from callsphere.sip.nat import LocalFlow, stays_on_flow
from callsphere.sip.resolver import ResolutionError, Resolver, Target
from callsphere.sip.transport.connection import (
    Connection,
    ConnectionFailed,
    ConnectionOwner,
    open_connection,
)
from callsphere.sip.transport.shortage import is_ours
from callsphere.sip.transport.tls import TlsTrust
from callsphere.sip.uri import SipUri

_Place = tuple[Target, TlsTrust | None]
"""A target and the TLS context towards it; None without TLS."""


class Ways:
    """Keeps one flow for each target and TLS context. `owner` hears what arrives on connections.

    `trust` is the context where none is named.
    """

    def __init__(
        self,
        owner: ConnectionOwner,
        ports: DatagramPorts,
        *,
        policy: AddressPolicy,
        resolver: Resolver,
        trust: TlsTrust,
        advertised_host: str | None,
    ) -> None:
        self._owner = owner
        self._ports = ports
        self._policy = policy
        self._resolver = resolver
        self._trust = trust
        self._advertised_host = advertised_host
        self._flows: dict[_Place, Flow] = {}
        self._apart: list[Flow] = []
        self._dialling: dict[_Place, asyncio.Lock] = {}

    async def open(self, target: Target, *, timeout: float, trust: TlsTrust | None = None) -> Flow:
        """The way to a target, opened when there is none; raise FlowFailed."""
        place = self._place(target, trust)
        # Two who find a connection closed are to share the next one.
        async with self._dialling.setdefault(place, asyncio.Lock()):
            known = self._flows.get(place)
            if known is None or known.failure is not None:
                known = self._flows[place] = await self._open(place, timeout)
            return known

    async def open_apart(self, old: Flow, *, timeout: float) -> Flow:
        """A way to the target of another one, which nobody else takes; raise FlowFailed."""
        flow = await self._open(self._place(old.target, old.trust), timeout)
        self._apart.append(flow)
        return flow

    def _place(self, target: Target, trust: TlsTrust | None) -> _Place:
        return target, (trust or self._trust) if target.transport == "tls" else None

    async def _open(self, place: _Place, timeout: float) -> Flow:
        target = place[0]
        try:
            self._policy.check(target.address)
        except AddressRefused as refusal:
            raise FlowFailed("connect", "address_refused", str(refusal)) from None
        host = our_address(target.address)
        if target.transport == "udp":
            return self._open_datagrams(target, host)
        return await self._open_connection(place, timeout)

    async def hop(self, uri: SipUri, current: Flow, *, timeout: float) -> Flow:
        """The way that a next hop names: the current connection where it leads there, else a new one.

        Raises FlowFailed with what became of the last address tried.
        """
        remote = (current.target.address, current.target.port)
        usable = current.failure is None
        if current.reliable and stays_on_flow(uri, current.target.transport, remote):
            # Dialled again where the peer has closed it: the certificate is still for the name first used.
            return (
                current if usable else await self.open(current.target, timeout=timeout, trust=current.trust)
            )
        failure: FlowFailed | None = None
        for target in await self._resolve(uri, timeout):
            here = (target.address, target.port) == remote
            if here and usable and (target.transport == current.target.transport or _unnamed(uri, current)):
                return current
            try:
                return await self.open(target, timeout=timeout, trust=current.trust)
            except FlowFailed as failed:
                failure = failed
        raise failure or FlowFailed("dns", "dns_not_found", f"{uri.host}: no address")

    def flow_of(self, connection: Connection) -> Flow | None:
        """The flow that a connection carries, None for one that was given up."""
        for flow in (*self._flows.values(), *self._apart):
            if isinstance(flow, ConnectionFlow) and flow.connection is connection:
                return flow
        return None

    def close(self) -> None:
        """Close all connections."""
        for flow in (*self._flows.values(), *self._apart):
            flow.close()

    async def _resolve(self, uri: SipUri, timeout: float) -> list[Target]:
        try:
            async with asyncio.timeout(timeout):
                return await self._resolver.resolve(uri)
        except ResolutionError as error:
            raise FlowFailed("dns", error.cause, error.detail) from None
        except TimeoutError:
            raise FlowFailed("dns", "dns_timeout", f"{uri.host}: no answer in time") from None

    def _open_datagrams(self, target: Target, host: str) -> Flow:
        try:
            udp = self._ports.get(family_of(target.address))
        except OSError as error:
            detail = f"{error.strerror}."
            raise FlowFailed("connect", "connect_timeout", detail, is_ours=is_ours(error)) from None
        return DatagramFlow(target, LocalFlow("udp", host, udp.port, self._advertised_host), udp)

    async def _open_connection(self, place: _Place, timeout: float) -> Flow:
        target, trust = place
        tls = trust.client(target.server_name) if trust is not None else None
        try:
            connection, took = await open_connection(
                self._owner, target.address, target.port, tls, timeout=timeout
            )
        except ConnectionFailed as failure:
            raise FlowFailed(failure.stage, failure.cause, failure.detail, is_ours=failure.is_ours) from None
        host, port = connection.local
        local = LocalFlow(target.transport, host, port, self._advertised_host)
        return ConnectionFlow(target, local, connection, took, trust)


def _unnamed(uri: SipUri, current: Flow) -> bool:
    """Whether a URI with the address of our connection leaves out, or blurs, which transport it means."""
    if not current.reliable or (uri.scheme == "sips" and current.target.transport != "tls"):
        return False
    # ";transport=tcp" at a port that speaks TLS names what TLS runs on (RFC 3261 §26.2.2).
    return uri.explicit_transport in (None, "tcp")
