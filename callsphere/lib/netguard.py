"""The guard on every outgoing connection to a host that a tenant has named, for SIP and HTTP alike.

Addresses are judged when they are dialled, each record of a look-up, so that a name which changes
its answer between check and use (DNS rebinding) gains nothing. IPv6 works by an allow-list: only
global unicast without its special blocks. IPv4 works by the IANA special-purpose registry
(RFC 6890) plus multicast, reserved space and cloud metadata.
"""

from __future__ import annotations

import socket
from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network

_V4_REFUSED = tuple(
    IPv4Network(text)
    for text in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT, and Alibaba's metadata service in it
        "127.0.0.0/8",  # loopback
        "168.63.129.16/32",  # Azure's host agent: public by number, internal by use
        "169.254.0.0/16",  # link-local, cloud metadata in it
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # IETF protocol assignments, Oracle's metadata service in it
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relay anycast
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarks
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/3",  # multicast, reserved, broadcast
    )
)
_V6_GLOBAL = IPv6Network("2000::/3")
_V6_REFUSED = tuple(
    IPv6Network(text)
    for text in (
        "2001::/23",  # IETF protocol assignments: Teredo, ORCHID, benchmarks
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4: carries any IPv4 address inside
        "2620:4f:8000::/48",  # AS112
        "3fff::/20",  # documentation
    )
)

_V4_BASE = 1 << 128
"""IPv4 addresses are numbered behind all of IPv6, so that one order serves both and nothing overlaps."""
_MAPPED = bytes(10) + b"\xff\xff"
"""What an IPv6 address starts with that carries an IPv4 address (RFC 4291 §2.5.5.2)."""


def _range(network: IPv4Network | IPv6Network) -> tuple[int, int]:
    """The first and last number of a network."""
    base = _V4_BASE if network.version == 4 else 0
    return base + int(network.network_address), base + int(network.broadcast_address)


def _refused_ranges() -> list[tuple[int, int, str]]:
    """First number, last number and reason of everything refused, in order."""
    first, last = _range(_V6_GLOBAL)
    outside = f"outside {_V6_GLOBAL}"
    refused: list[IPv4Network | IPv6Network] = [*_V4_REFUSED, *_V6_REFUSED]
    inside = [(*_range(network), f"inside {network}") for network in refused]
    return sorted([(0, first - 1, outside), (last + 1, _V4_BASE - 1, outside), *inside])


_REFUSED = _refused_ranges()
_REFUSED_FROM = [first for first, _, _ in _REFUSED]

_PORTS_REFUSED = frozenset(
    {
        *(1099, 1433, 1434, 1521, 1883, 1900, 2049, 2181, 2375, 2376, 2377, 2379, 2380),
        *(3260, 3306, 3389, 3702, 4369, 5353, 5355, 5432, 5433, 5601, 5671, 5672, 5683, 5900, 5901),
        *(5984, 5985, 5986, 6000, 6379, 6380, 6443, 8086, 8500, 8883, 9042, 9092, 9100, 9200, 9300),
        *(10250, 10255, 11211, 15672, 16379, 26379, 27017, 27018, 27019, 28017),
    }
)
"""Databases, caches, orchestrators, remote desktops, and UDP services that amplify."""


class AddressRefused(Exception):
    """An address that is never contacted.

    `address` and `reason` are for operators: tenants get the words of a name that does not resolve,
    so that nothing can be scanned through us.
    """

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")
        self.address = address
        self.reason = reason


@dataclass(frozen=True)
class AddressPolicy:
    """Which numeric addresses may be contacted; `allow` is the operator's list of exceptions."""

    allow: tuple[IPv4Network | IPv6Network, ...] = ()

    @classmethod
    def from_strings(cls, cidrs: Iterable[str]) -> AddressPolicy:
        """Build a policy from CIDR texts; raise ValueError for one that is no network."""
        return cls(tuple(ip_network(cidr.strip()) for cidr in cidrs))

    def check(self, address: str) -> None:
        """Raise AddressRefused unless the numeric address may be contacted."""
        number, reason = _judge(address)
        if reason is not None and not (number is not None and self._allows(number)):
            raise AddressRefused(address, reason)

    def check_all(self, addresses: Iterable[str]) -> None:
        """Check each address: one refused record refuses the whole answer."""
        for address in addresses:
            self.check(address)

    def is_operator_allowed(self, address: str) -> bool:
        """Whether the address lies inside the operator's list of exceptions."""
        number, _ = _judge(address)
        return number is not None and self._allows(number)

    @cached_property
    def _allowed_ranges(self) -> tuple[tuple[int, int], ...]:
        return tuple(map(_range, self.allow))

    def _allows(self, number: int) -> bool:
        for first, last in self._allowed_ranges:  # noqa: SIM110 (a generator takes twice as long)
            if first <= number <= last:
                return True
        return False


@lru_cache(maxsize=8192)
def _judge(address: str) -> tuple[int | None, str | None]:
    """The address's number (IPv4-mapped unwrapped, zone removed) and why it is refused, None if it is not."""
    number = _number(address.partition("%")[0])
    if number is None:
        return None, "not a numeric address"
    _, last, reason = _REFUSED[bisect_right(_REFUSED_FROM, number) - 1]
    return number, reason if number <= last else None


def _number(address: str) -> int | None:
    """Where a numeric address stands in the order of all, None for what is none."""
    try:
        if ":" not in address:
            return _V4_BASE + int.from_bytes(socket.inet_pton(socket.AF_INET, address))
        packed = socket.inet_pton(socket.AF_INET6, address)
    except (OSError, ValueError):
        return None
    if packed.startswith(_MAPPED):
        return _V4_BASE + int.from_bytes(packed[len(_MAPPED) :])
    return int.from_bytes(packed)


def is_numeric(address: str) -> bool:
    """Whether a text is a numeric address, and not a name."""
    return _judge(address)[0] is not None


def port_refused(port: int) -> bool:
    """Whether a port named by a tenant is never contacted: another service's, or outside 1024-65535."""
    return not 1024 <= port <= 65535 or port in _PORTS_REFUSED
