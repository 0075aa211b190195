"""Addresses that only mean something inside a network."""

from __future__ import annotations

import ipaddress

_PRIVATE = tuple(
    ipaddress.ip_network(text)
    for text in (
        *("10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16"),  # RFC 1918
        "100.64.0.0/10",  # carrier-grade NAT, RFC 6598
        *("127.0.0.0/8", "::1/128"),  # loopback
        *("169.254.0.0/16", "fe80::/10"),  # link-local
        *("fc00::/7", "fec0::/10"),  # unique local RFC 4193, and the site-local it replaced
    )
)


def is_private_address(text: str) -> bool:
    """Whether a numeric address cannot be reached from outside its network; False for names.

    0.0.0.0 and :: are not private: in SDP they mean hold.
    """
    try:
        address = ipaddress.ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return False
    if isinstance(address, ipaddress.IPv6Address) and address.ipv4_mapped is not None:
        address = address.ipv4_mapped
    return any(address in network for network in _PRIVATE)
