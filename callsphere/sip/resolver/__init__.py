"""RFC 3263 selection on DNS, with a bounded cache and the address guard on every record."""

from __future__ import annotations

from callsphere.sip.resolver.lookup import MAX_RECORDS, DnsLookup
from callsphere.sip.resolver.resolver import MAX_TARGETS, ResolutionCause, ResolutionError, Resolver, Target

__all__ = [
    "MAX_RECORDS",
    "MAX_TARGETS",
    "DnsLookup",
    "ResolutionCause",
    "ResolutionError",
    "Resolver",
    "Target",
]
