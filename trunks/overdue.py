"""Whether anybody still looks: a state is worth as much as its last check is young."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from trunks.enums import HealthState
from trunks.models import GatewayHealth
from trunks.models.health import JITTER, SLOW_INTERVAL_S

OVERDUE_AFTER = timedelta(seconds=90)
"""Longer than a lease (20 s), a run of the prober (20 s) and a restart of the workers together."""
KNOWN = (HealthState.UP, HealthState.IMPAIRED, HealthState.DOWN)
"""The states that a check led to."""


def longest_between(interval_s: int) -> timedelta:
    """Return the longest time between two checks of a gateway with this interval, while somebody looks."""
    return timedelta(seconds=max(interval_s, SLOW_INTERVAL_S) * (1 + JITTER)) + OVERDUE_AFTER


def unchecked_since(health: GatewayHealth) -> datetime | None:
    """Return when a gateway was last looked at, if its next check is overdue: it may not be what it was.

    So it is when the check is put off again and again, and due in a moment each time. `trunks.queries.states`
    has the same rule for the database. Load the gateway with its trunk's health policy.
    """
    due_at, checked_at, now = health.next_probe_at, health.checked_at, timezone.now()
    if health.state not in KNOWN or due_at is None or checked_at is None:
        return None
    interval_s = health.gateway.trunk.health_policy.interval_s
    is_overdue = due_at < now - OVERDUE_AFTER or checked_at < now - longest_between(interval_s)
    return checked_at if is_overdue else None
