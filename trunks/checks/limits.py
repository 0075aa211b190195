"""How many readiness checks a carrier's host gets, whoever asks: one token bucket for all tenants together.

Without it, many tenants could have us register and call at one victim.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.conf import settings

from callsphere.lib.netguard import AddressPolicy
from trunks.models import HostAllowance

HOST_BURST = 30
HOST_PER_S = 0.5
"""A carrier that many tenants share still gets through; each check is some twenty small messages."""


def host_wait_s(hosts: Iterable[str], now: datetime) -> float:
    """Take one check from the allowance of each host; return 0, or in how many seconds there is room.

    Call it inside the transaction that starts the check: after a refusal nothing must stay taken. Hosts are
    locked in order, so that two requests never wait for each other.
    """
    return max((_take(host, now) for host in sorted({host.lower() for host in hosts})), default=0.0)


def limited_hosts(hosts: Iterable[str]) -> list[str]:
    """Return the hosts that are limited: all but the operator's own addresses (see AddressPolicy)."""
    policy = AddressPolicy.from_strings(settings.NETGUARD_ALLOW)
    return [host for host in hosts if not policy.is_operator_allowed(host.strip("[]"))]


def _take(host: str, now: datetime) -> float:
    HostAllowance.objects.get_or_create(host=host, defaults={"tokens": HOST_BURST, "at": now})
    row = HostAllowance.objects.select_for_update().get(host=host)
    passed = max(0.0, (now - row.at).total_seconds())
    tokens = min(HOST_BURST, row.tokens + passed * HOST_PER_S)
    if tokens < 1:
        return (1 - tokens) / HOST_PER_S
    row.tokens = tokens - 1
    row.at = max(now, row.at)
    row.save()
    return 0.0
