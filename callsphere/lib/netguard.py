"""The guard on every outgoing connection to a host that a tenant has named, for SIP and HTTP alike.

Addresses are judged when they are dialled, each record of a look-up, so that a name which changes
its answer between check and use (DNS rebinding) gains nothing. IPv6 works by an allow-list: only
global unicast without its special blocks. IPv4 works by the IANA special-purpose registry
(RFC 6890) plus multicast, reserved space and cloud metadata.
"""

from __future__ import annotations

import socket
import ssl
import time
from bisect import bisect_right
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property, lru_cache
from ipaddress import IPv4Network, IPv6Network, ip_network
from typing import Any

import httpcore
import httpx

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

HTTPS_PORTS = frozenset({443, 8443})

MAX_RESPONSE_BYTES = 64 * 1024
"""How much of an HTTP response is read, in bytes."""

MAX_DIALLED = 4
"""How many addresses of one name are tried before giving up."""

Lookup = Callable[[str], list[str]]


class AddressRefused(Exception):
    """An address that is never contacted.

    `address` and `reason` are for operators: tenants get the words of a name that does not resolve,
    so that nothing can be scanned through us.
    """

    def __init__(self, address: str, reason: str) -> None:
        super().__init__(f"{address}: {reason}")
        self.address = address
        self.reason = reason


class ResponseTooLargeError(Exception):
    """An HTTP response longer than its reader allows."""


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


def port_refused(port: int) -> bool:
    """Whether a port named by a tenant is never contacted: another service's, or outside 1024-65535."""
    return not 1024 <= port <= 65535 or port in _PORTS_REFUSED


def system_lookup(host: str) -> list[str]:
    """Resolve a name with the system's resolver, search domains left out.

    Raises httpcore.ConnectError when the name does not resolve.
    """
    # A final dot makes the name absolute; "localhost" comes from the hosts file, which knows no dots.
    absolute = host if host == "localhost" or host.endswith(".") else f"{host}."
    try:
        found = socket.getaddrinfo(absolute, None, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise httpcore.ConnectError("the name does not resolve") from error
    return list(dict.fromkeys(str(entry[4][0]) for entry in found))


class GuardedTransport(httpx.HTTPTransport):
    """An HTTP transport that dials only addresses the policy allows.

    The name is resolved, every address checked and a numeric address dialled; URL, Host header
    and SNI stay as they are, so TLS verifies the name. Only https on ports 443 and 8443, except
    to addresses on the operator's list. Connections are not reused: `total_s` bounds a whole
    exchange in seconds, a slowly dripping peer included. Redirects and proxies are the client's
    business: use `guarded_client`. Raises AddressRefused from `handle_request`.
    """

    def __init__(
        self,
        policy: AddressPolicy,
        *,
        verify: ssl.SSLContext | bool = True,
        total_s: float = 30.0,
        lookup: Lookup = system_lookup,
    ) -> None:
        limits = httpx.Limits(max_connections=100, max_keepalive_connections=0)
        super().__init__(verify=verify, trust_env=False, limits=limits)
        self._plain = httpx.HTTPTransport(trust_env=False, limits=limits)
        _install_backend(self, _GuardedBackend(policy, lookup, total_s, plain=False))
        _install_backend(self._plain, _GuardedBackend(policy, lookup, total_s, plain=True))

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Send one request; raise AddressRefused or an httpx error."""
        if request.url.scheme == "https":
            return super().handle_request(request)
        return self._plain.handle_request(request)

    def close(self) -> None:
        """Close what is still open."""
        super().close()
        self._plain.close()


def guarded_client(policy: AddressPolicy, *, total_s: float = 30.0, **options: Any) -> httpx.Client:
    """A client for hosts that tenants name: no redirects, no proxies from the environment, no compression."""
    return httpx.Client(
        transport=GuardedTransport(policy, total_s=total_s, **options),
        trust_env=False,
        follow_redirects=False,
        timeout=min(10.0, total_s),
        headers={"Accept-Encoding": "identity"},
    )


def read_capped(response: httpx.Response, limit: int = MAX_RESPONSE_BYTES) -> bytes:
    """Read a streamed response undecoded; raise ResponseTooLargeError past `limit` bytes."""
    kept = bytearray()
    for chunk in response.iter_raw():
        kept += chunk
        if len(kept) > limit:
            response.close()
            raise ResponseTooLargeError(f"The response is longer than {limit} bytes.")
    return bytes(kept)


def _install_backend(transport: httpx.HTTPTransport, backend: httpcore.NetworkBackend) -> None:
    # httpx has no public place for a network backend; the name is pinned with httpx 0.28.
    if not hasattr(transport._pool, "_network_backend"):
        raise RuntimeError("httpx has moved its network backend: the address guard would not be asked")
    transport._pool._network_backend = backend


class _GuardedBackend(httpcore.NetworkBackend):
    """Resolves, checks and dials; `plain` is for http, which only the operator's addresses may speak."""

    def __init__(self, policy: AddressPolicy, lookup: Lookup, total_s: float, *, plain: bool) -> None:
        self._policy = policy
        self._lookup = lookup
        self._total_s = total_s
        self._plain = plain
        self._dialler = httpcore.SyncBackend()

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        deadline = time.monotonic() + self._total_s
        addresses = self._checked_addresses(host, port)
        failure: Exception = httpcore.ConnectError("the name does not resolve")
        for address in addresses[:MAX_DIALLED]:
            left = deadline - time.monotonic()
            if left <= 0:
                raise httpcore.ConnectTimeout("the exchange took too long")
            patience = left if timeout is None else min(timeout, left)
            try:
                stream = self._dialler.connect_tcp(address, port, patience, local_address, socket_options)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
                continue
            return _DeadlineStream(stream, deadline)
        raise failure

    def connect_unix_socket(
        self,
        path: str,
        timeout: float | None = None,
        socket_options: Iterable[httpcore.SOCKET_OPTION] | None = None,
    ) -> httpcore.NetworkStream:
        raise AddressRefused(path, "a unix socket")

    def _checked_addresses(self, host: str, port: int) -> list[str]:
        literal, _ = _judge(host.strip("[]"))
        addresses = [host.strip("[]")] if literal is not None else self._lookup(host)
        self._policy.check_all(addresses)
        if self._plain or port not in HTTPS_PORTS:
            for address in addresses:
                if not self._policy.is_operator_allowed(address):
                    raise AddressRefused(address, "only https on port 443 or 8443")
        return addresses


class _DeadlineStream(httpcore.NetworkStream):
    """A stream whose reads and writes together end at one point in time."""

    def __init__(self, stream: httpcore.NetworkStream, deadline: float) -> None:
        self._stream = stream
        self._deadline = deadline

    def _left(self, timeout: float | None, error: type[Exception]) -> float:
        left = self._deadline - time.monotonic()
        if left <= 0:
            raise error("the exchange took too long")
        return left if timeout is None else min(timeout, left)

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, self._left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None
    ) -> httpcore.NetworkStream:
        left = self._left(timeout, httpcore.ConnectTimeout)
        return _DeadlineStream(self._stream.start_tls(ssl_context, server_hostname, left), self._deadline)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)
