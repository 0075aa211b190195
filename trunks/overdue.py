"""Whether anybody still looks: a state is worth as much as its last check is young."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from trunks.enums import HealthState
from trunks.models import GatewayHealth

OVERDUE_AFTER = timedelta(seconds=90)
"""Longer than a lease (20 s), a run of the prober (20 s) and a restart of the workers together."""
KNOWN = (HealthState.UP, HealthState.IMPAIRED, HealthState.DOWN)
"""The states that a check led to."""


def unchecked_since(health: GatewayHealth) -> datetime | None:
    """Return when a gateway was last looked at, if its next check is overdue: it may not be what it was."""
    due_at = health.next_probe_at
    if health.state not in KNOWN or due_at is None or due_at >= timezone.now() - OVERDUE_AFTER:
        return None
    return health.checked_at
