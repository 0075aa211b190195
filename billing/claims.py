"""Work that is stored as rows: lent to one worker for a while, finished only by the one that has it."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.db.models import F, QuerySet

from billing.enums import WorkState
from billing.models import LONGEST_ERROR, Work
from tenants.context import platform_context

W = TypeVar("W", bound=Work)
LEASE = timedelta(seconds=120)
"""Longer than one piece of work takes with the provider's time limits and retries."""
FIRST_DELAY_S = 2.0
LONGEST_DELAY_S = 900.0
JITTER = 0.2
_random = secrets.SystemRandom()


def claim_due(model: type[W], now: datetime, limit: int) -> list[W]:
    """Lend up to `limit` due rows, those that waited longest; other workers skip them meanwhile."""
    with platform_context("claim due work"):
        rows: QuerySet[Any] = model._default_manager.select_for_update(skip_locked=True, of=("self",))
        claimed = list(rows.filter(state=WorkState.WAITING, due_at__lte=now).order_by("due_at")[:limit])
        model._default_manager.filter(pk__in=[row.pk for row in claimed]).update(
            claim=F("claim") + 1, attempts=F("attempts") + 1, due_at=now + LEASE
        )
    for row in claimed:
        row.claim += 1
        row.attempts += 1
    return claimed


def finish(row: Work, now: datetime, *, state: WorkState = WorkState.DONE, **more: Any) -> bool:
    """Store how the work ended, unless somebody else has it by now. Call it inside a context."""
    return bool(_lent(row).update(state=state, due_at=None, ended_at=now, **more))


def put_off(row: Work, now: datetime, error: str) -> bool:
    """Have the work tried again later, each time after twice as long. Call it inside a context."""
    wait_s = min(FIRST_DELAY_S * 2 ** min(row.attempts - 1, 30), LONGEST_DELAY_S)
    wait = timedelta(seconds=wait_s * _random.uniform(1 - JITTER, 1 + JITTER))
    return bool(_lent(row).update(due_at=now + wait, error=error[:LONGEST_ERROR]))


def _lent(row: Work) -> QuerySet[Any]:
    return type(row)._default_manager.filter(pk=row.pk, claim=row.claim, state=WorkState.WAITING)
