"""How long it is remembered who called whom."""

from __future__ import annotations

from datetime import datetime, timedelta

from callsphere.calls.models import CallEvent
from tenants.context import platform_context

EVENTS_KEPT = timedelta(days=90)
_BATCH = 10_000


def forget_old_events(now: datetime) -> int:
    """Delete what was told longer ago than EVENTS_KEPT; return how much that was."""
    count = 0
    while deleted := _forget_some(now - EVENTS_KEPT):
        count += deleted
    return count


def _forget_some(before: datetime) -> int:
    """Delete some in a transaction of their own, so that none holds its rows for long."""
    with platform_context("forget old events of calls"):
        old = CallEvent.objects.filter(received_at__lt=before).order_by()[:_BATCH]
        return CallEvent.objects.filter(pk__in=old.values("pk")).delete()[0]
