"""Sessions lent to workers: one worker holds a session at a time, and none is held by nobody for long.

A claim puts `due_at` off by LEASE and raises `claim`; what is stored under a lower claim is refused.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Min, Q

from callsphere.calls.models import RealtimeSession
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant

LEASE = timedelta(seconds=15)
"""How long callers of a worker that died wait for another, at most."""


class ClaimLost(Exception):
    """Another worker has the session, or it is over."""


@dataclass(frozen=True, slots=True)
class Held:
    """A session that this process holds."""

    session_id: uuid.UUID
    tenant_id: uuid.UUID
    call_id: uuid.UUID
    openai_call_id: str
    claim: int


def claim_due(most: int) -> list[Held]:
    """Claim sessions that nobody holds, those that wait longest first. Any number of workers may do so."""
    now = database_now()
    with platform_context("claim sessions with OpenAI"):
        due = RealtimeSession.objects.filter(due_at__lte=now).order_by("due_at")
        rows = list(due.select_for_update(skip_locked=True, no_key=True)[:most])
        for row in rows:
            row.claim, row.due_at = row.claim + 1, now + LEASE
        RealtimeSession.objects.bulk_update(rows, ["claim", "due_at"])
    return [Held(row.pk, row.tenant_id, row.call_id, row.openai_call_id, row.claim) for row in rows]


def renew(held: Collection[Held]) -> set[Held]:
    """Keep what is held for another LEASE; return what still was."""
    return _put_off(held, LEASE)


def release(held: Collection[Held]) -> None:
    """Let others take what is held at once."""
    _put_off(held, timedelta(0))


def put_off(held: Held, wait: timedelta) -> None:
    """Let go of a session, to be taken by anybody after some time."""
    _put_off([held], wait)


@contextmanager
def holding(held: Held) -> Iterator[RealtimeSession]:
    """Open the tenant's context with the session's row locked. Raises ClaimLost."""
    with tenant_context(Tenant(pk=held.tenant_id)):
        rows = RealtimeSession.objects.select_for_update(of=("self",), no_key=True)
        row = rows.filter(pk=held.session_id, claim=held.claim, due_at__isnull=False).first()
        if row is None:
            raise ClaimLost
        yield row


def oldest_due_s(now: datetime) -> float:
    """Return for how long the longest-waiting session has been held by nobody, in seconds."""
    with platform_context("measure how long sessions with OpenAI wait"):
        oldest = RealtimeSession.objects.filter(due_at__lte=now).aggregate(oldest=Min("due_at"))["oldest"]
    return (now - oldest).total_seconds() if oldest else 0.0


def _put_off(held: Collection[Held], wait: timedelta) -> set[Held]:
    if not held:
        return set()
    due_at = database_now() + wait
    mine = Q(pk__in=[])
    for each in held:
        mine |= Q(pk=each.session_id, claim=each.claim)
    with platform_context("hold sessions with OpenAI"):
        # in one order, so that two workers do not wait for each other
        rows = RealtimeSession.objects.filter(mine, due_at__isnull=False).order_by("pk")
        found = {row.pk for row in rows.select_for_update(no_key=True).only("pk")}
        RealtimeSession.objects.filter(pk__in=found).update(due_at=due_at)
    return {each for each in held if each.session_id in found}
