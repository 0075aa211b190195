"""From a target to everything needed to send it a ping: checked address, socket address, request bytes."""

from __future__ import annotations

import socket
from collections.abc import Sequence
from dataclasses import replace
from typing import NamedTuple

from callsphere.lib.bounded_cache import BoundedCache
from callsphere.lib.netguard import AddressPolicy
from callsphere.sip.options import OptionsTemplate
from callsphere.sip.resolver import Target
from callsphere.sip.transport.tcp import StreamPeer
from callsphere.sip.transport.tls import TlsTrust
from callsphere.sip.transport.udp import UdpSocket, outgoing_address
from callsphere.sip.uri import SipUri

# Addresses nobody is sent anything at: they only tell which of our addresses the default route uses.
_FAR_AWAY = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}
_LOOPBACK = {socket.AF_INET: "127.0.0.1", socket.AF_INET6: "::1"}
_STREAM_PORT = {"tcp": 5060, "tls": 5061}
ROUTES_KEPT = 65_536
"""Routes that are kept between batches, of about a kilobyte each."""
MAX_HOST = 80
"""Longest host name to stand in our Via, From and Contact, in characters: the request has to stay small."""


class Route(NamedTuple):
    """One target of one URI, ready to be pinged. `udp` is None for connections, `peer` for datagrams."""

    label: str
    destination: tuple[str, int]
    template: OptionsTemplate
    udp: UdpSocket | None
    peer: StreamPeer | None

    def unverified(self) -> Route:
        """The same route, taking any certificate."""
        return self._replace(peer=replace(self.peer, verify=False)) if self.peer is not None else self

    def trusting(self, trust: TlsTrust) -> Route:
        """The same route with a TLS context of its own, where it goes over TLS."""
        if self.peer is None or self.peer.transport != "tls":
            return self
        return self._replace(peer=replace(self.peer, trust=trust))


class RouteMaker:
    """Makes routes; owns the UDP sockets, one for each address family, opened when first needed."""

    def __init__(self, policy: AddressPolicy, user_agent: str, advertised_host: str | None) -> None:
        """Raises ValueError when the host would not fit into a request."""
        if advertised_host is not None and not 0 < len(advertised_host) <= MAX_HOST:
            raise ValueError(f"The advertised host must have 1 to {MAX_HOST} characters.")
        self.sockets: dict[socket.AddressFamily, UdpSocket] = {}
        self._policy = policy
        self._user_agent = user_agent
        self._advertised_host = advertised_host
        self._our_addresses: dict[tuple[socket.AddressFamily, bool], str] = {}
        self._kept: BoundedCache[tuple[SipUri, Target, bool], Route] = BoundedCache(ROUTES_KEPT)

    def route(self, uri: SipUri, target: Target, *, verify: bool) -> Route:
        """The route to a target, made or kept; its address is judged each time. Raises as `make` does."""
        key = (uri, target, verify)
        known = self._kept.get(key)
        if known is not None:
            self._policy.check(target.address)
            return known
        made = self.make(uri, target, verify=verify)
        self._kept.put(key, made)
        return made

    def make(self, uri: SipUri, target: Target, *, verify: bool) -> Route:
        """The route to a target.

        Raises AddressRefused, ValueError when the request would be too long, and OSError when this
        machine does not speak the address family.
        """
        self._policy.check(target.address)
        family = socket.AF_INET6 if ":" in target.address else socket.AF_INET
        address = target.address
        if family == socket.AF_INET6:  # in the system's own spelling, which answers are compared with
            address = socket.inet_ntop(family, socket.inet_pton(family, address))
        udp = self._udp(family) if target.transport == "udp" else None
        port = udp.port if udp is not None else _STREAM_PORT[target.transport]
        template = OptionsTemplate(
            str(uri),
            transport=target.transport,
            sent_by=self._sent_by(family, address, port),
            user_agent=self._user_agent,
        )
        peer = None
        if udp is None:
            peer = StreamPeer(address, target.port, target.transport, target.server_name, verify)
        return Route(str(target), (address, target.port), template, udp, peer)

    def make_all(self, uri: SipUri, targets: Sequence[Target], *, verify: bool) -> list[Route]:
        """Routes to all targets, in the same order; raise as `make` does."""
        return [self.route(uri, target, verify=verify) for target in targets]

    def close(self) -> None:
        """Close the sockets."""
        for udp in self.sockets.values():
            udp.close()
        self.sockets.clear()
        self._kept.clear()

    def _udp(self, family: socket.AddressFamily) -> UdpSocket:
        udp = self.sockets.get(family)
        if udp is None:
            udp = self.sockets[family] = UdpSocket(family)
        return udp

    def _sent_by(self, family: socket.AddressFamily, address: str, port: int) -> str:
        """`host:port` for Via, where an answer would be sent if `rport` were not there (RFC 3581 §4)."""
        host = self._advertised_host or self._our_address(family, address)
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    def _our_address(self, family: socket.AddressFamily, address: str) -> str:
        # Once for loopback and once for the rest: asking for every peer costs three system calls each.
        loopback = address.startswith("127.") or address == "::1"
        known = self._our_addresses.get((family, loopback))
        if known is None:
            known = _LOOPBACK[family]
            if not loopback:
                try:
                    known = outgoing_address(family, _FAR_AWAY[family])
                except OSError:  # no default route: ask for this one, and let the sending fail if need be
                    return _outgoing_or_loopback(family, address)
            self._our_addresses[family, loopback] = known
        return known


def _outgoing_or_loopback(family: socket.AddressFamily, address: str) -> str:
    try:
        return outgoing_address(family, address)
    except OSError:
        return _LOOPBACK[family]
