"""How often a registrar is asked: a host's times follow each other, whoever asks, whatever is asked for.

Refreshes and farewells take their times from one row for each host, in the order in which they come: neither
goes beyond the pace for the other's sake, and neither waits for the other's end.
"""

from __future__ import annotations

import json
import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import connection

from tenants.context import platform_context
from trunks.models import RegistrarPace

_SLOT_NOW_S = 1.0
"""What may be asked within this time is asked now: workers look once in a while, not at every moment."""
_SLOT_HOLDS_S = 15.0
"""A slot that passed longer ago is gone: workers who were away must not take up all of theirs at once."""
_IDLE_KEPT = timedelta(days=1)

# An idle host is free now. Hosts are taken in order, so that two workers never wait for each other.
_TAKE_SLOTS = """
INSERT INTO trunks_registrarpace AS pace (host, free_at)
SELECT e.key, %(now)s + make_interval(secs => e.value::integer / %(rate)s)
FROM json_each_text(%(wanted)s::json) AS e ORDER BY e.key
ON CONFLICT (host) DO UPDATE SET free_at = greatest(pace.free_at, %(now)s) + (EXCLUDED.free_at - %(now)s)
RETURNING host, free_at
"""


@dataclass(frozen=True, slots=True)
class Waiter:
    """Something due that would ask `host`; `has_slot` when `due_at` is a time that the pace gave it."""

    id: uuid.UUID
    host: str
    has_slot: bool
    due_at: datetime

    def needs_slot(self, now: datetime) -> bool:
        """Whether it still has to take a time of its host's."""
        return not self.has_slot or now - self.due_at > timedelta(seconds=_SLOT_HOLDS_S)


def put_off(waiters: Iterable[Waiter], now: datetime, rate: float) -> dict[uuid.UUID, datetime]:
    """Take a time of its host's for each waiter; return when those are to ask that may not ask now.

    Each host is asked at most `rate` times a second (0: no limit). Call it in the transaction that lends the
    waiters: the times are theirs when it is stored.
    """
    waiting: dict[str, list[Waiter]] = defaultdict(list)
    for waiter in waiters if rate else ():
        if waiter.needs_slot(now):
            waiting[waiter.host.lower()].append(waiter)
    if not waiting:
        return {}
    with connection.cursor() as cursor:
        wanted = json.dumps({host: len(group) for host, group in waiting.items()})
        cursor.execute(_TAKE_SLOTS, {"now": now, "rate": rate, "wanted": wanted})
        free_at = dict(cursor.fetchall())
    return {
        waiter.id: slot
        for host, group in waiting.items()
        for waiter, slot in zip(group, _slots(free_at[host], len(group), rate), strict=True)
        if slot > now + timedelta(seconds=_SLOT_NOW_S)
    }


def forget_idle_hosts(now: datetime) -> None:
    """Forget hosts that nobody has asked for a day. Those that are being asked now are left out."""
    with platform_context("forget registrars that nobody asks"):
        idle = RegistrarPace.objects.filter(free_at__lt=now - _IDLE_KEPT).select_for_update(skip_locked=True)
        RegistrarPace.objects.filter(pk__in=[pace.pk for pace in idle]).delete()


def _slots(free_at: datetime, count: int, rate: float) -> list[datetime]:
    return [free_at - timedelta(seconds=(count - place) / rate) for place in range(count)]
