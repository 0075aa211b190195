"""HTTP to hosts that a tenant has named, past the address guard. See callsphere.lib.netguard.

Apart from the guard itself, since SIP has no use for an HTTP client and starts faster without one.
"""

from __future__ import annotations

import socket
import ssl
import time
from collections.abc import Callable, Iterable
from typing import Any

import httpcore
import httpx

from callsphere.lib.netguard import AddressPolicy, AddressRefused, is_numeric

HTTPS_PORTS = frozenset({443, 8443})

MAX_RESPONSE_BYTES = 64 * 1024
"""How much of an HTTP response is read, in bytes."""

MAX_DIALLED = 4
"""How many addresses of one name are tried before giving up."""

Lookup = Callable[[str], list[str]]


class ResponseTooLargeError(Exception):
    """An HTTP response longer than its reader allows."""


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
        plain = host.strip("[]")
        addresses = [plain] if is_numeric(plain) else self._lookup(host)
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
