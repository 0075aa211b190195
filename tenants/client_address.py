"""Where a request comes from, when proxies of ours stand in front."""

from collections.abc import Callable
from ipaddress import IPv6Address, ip_address

from django.conf import settings
from django.http import HttpRequest
from django.http.response import HttpResponseBase

# Headers that name a client. Libraries that log or count by address would believe them, whoever sent them.
_CLAIMS = (
    "HTTP_X_FORWARDED_FOR",
    "X_FORWARDED_FOR",
    "HTTP_X_FORWARDED",
    "HTTP_X_CLUSTER_CLIENT_IP",
    "HTTP_X_REAL_IP",
    "HTTP_X_CLIENT_IP",
    "HTTP_CLIENT_IP",
    "HTTP_TRUE_CLIENT_IP",
    "HTTP_CF_CONNECTING_IP",
    "HTTP_FASTLY_CLIENT_IP",
    "HTTP_FORWARDED_FOR",
    "HTTP_FORWARDED",
    "HTTP_VIA",
)


class ClientAddressMiddleware:
    """Makes REMOTE_ADDR the client's address, and leaves no other word about it in the request.

    Each proxy writes the address of its own peer at the right end of X-Forwarded-For. So with
    `TRUSTED_PROXY_COUNT` proxies of ours the entry that many places from the right was written by the
    outermost of them; what stands left of it, the client may have made up. With 0 the header is not read. An
    entry that is missing or no address leaves the peer's address. Must be the first middleware.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        address = forwarded_address(
            request.META.get("HTTP_X_FORWARDED_FOR", ""), proxies=settings.TRUSTED_PROXY_COUNT
        )
        if address is not None:
            request.META["REMOTE_ADDR"] = address
        for name in _CLAIMS:
            request.META.pop(name, None)
        return self.get_response(request)


def forwarded_address(header: str, *, proxies: int) -> str | None:
    """Return what the outermost of so many proxies wrote into X-Forwarded-For; None when that is no address.

    A port behind the address, which some proxies add, is left out.
    """
    entries = header.split(",")
    if proxies < 1 or len(entries) < proxies:
        return None
    try:
        address = ip_address(_without_port(entries[-proxies].strip()))
    except ValueError:
        return None
    if isinstance(address, IPv6Address):
        if address.scope_id is not None:  # means nothing outside the proxy's own machine
            return None
        return str(address.ipv4_mapped or address)
    return str(address)


def _without_port(entry: str) -> str:
    if entry.startswith("["):  # [2001:db8::1]:4711
        return entry[1:].partition("]")[0]
    if entry.count(":") == 1:  # 203.0.113.5:4711
        return entry.partition(":")[0]
    return entry
