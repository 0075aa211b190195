"""What the pictures of calls show: days, and how long people talk. Call these inside the tenant's context."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.db.models import Case, Count, IntegerField, Sum, Value, When

from callsphere.calls.listing import CallFilter, select_calls
from callsphere.calls.summaries import DayOfCalls, days_of
from tenants.models import Tenant
from tenants.time_zones import first_moment

PERIODS = (7, 30, 90)
"""Days that a page may ask for."""
_NOBODY_THERE = frozenset({480, 486, 487, 600, 603})
"""Away, busy, given up, busy everywhere, declined: what people do, no faults (RFC 3261 §21.4, §21.6)."""
_MEANINGS = {
    "taken": ("2xx, taken", "ok"),
    "nobody": ("480, 486, 487, 600, 603: nobody there", "idle"),
    "refused": ("Other 4xx and 6xx, refused", "warn"),
    "failed": ("5xx, a server failed", "fail"),
    "other": ("1xx and 3xx, not final", "info"),
}
"""What an answer means, in words and as a tone: a colour says the same on every day."""
_MEANING_OF_CLASS = {2: "taken", 4: "refused", 5: "failed", 6: "refused"}
LENGTHS = (
    (10, "under 10 s"),
    (30, "10 to 30 s"),
    (60, "30 to 60 s"),
    (120, "1 to 2 min"),
    (300, "2 to 5 min"),
    (600, "5 to 10 min"),
    (1200, "10 to 20 min"),
)
LONGER = "20 min and more"


@dataclass(frozen=True, slots=True)
class Figures:
    """A period, day by day from old to new, and how many calls took how long (`lengths`: words, count).

    Calls that go on are left out. Rows are for charts: a day, then one number for each name.
    """

    days: list[DayOfCalls]
    lengths: list[tuple[str, int]]
    talked_s: int

    @property
    def calls(self) -> int:
        """Those that are over."""
        return sum(day.by_outcome.total() for day in self.days)

    @property
    def answered_percent(self) -> int | None:
        """Of the calls that are over, how many an agent or a person took."""
        answered = sum(day.answered for day in self.days)
        return round(100 * answered / self.calls) if self.calls else None

    @property
    def ai_cost(self) -> Decimal:
        """What agents cost at OpenAI, in USD, as far as that is known."""
        return sum((day.ai_cost for day in self.days), Decimal())

    @property
    def talks(self) -> int:
        """Calls in which somebody, or something that records, was there."""
        return sum(count for _, count in self.lengths)

    @property
    def average_s(self) -> int | None:
        """Seconds that those lasted."""
        return round(self.talked_s / self.talks) if self.talks else None

    def volume_rows(self) -> list[list[Any]]:
        """Return calls that were answered and that were not."""
        return [[day.day, day.answered, day.by_outcome.total() - day.answered] for day in self.days]

    def rate_rows(self) -> list[list[Any]]:
        """Return how many percent were answered; None for a day without calls."""
        rates = ((day, day.answered_percent) for day in self.days)
        return [[day.day, None if rate is None else round(rate)] for day, rate in rates]

    @property
    def code_names(self) -> list[str]:
        """What the SIP codes that occurred mean, in words."""
        return [_MEANINGS[name][0] for name in self._meanings]

    @property
    def code_tones(self) -> list[str]:
        """How each of `code_names` looks."""
        return [_MEANINGS[name][1] for name in self._meanings]

    def code_rows(self) -> list[list[Any]]:
        """Return how often each of `code_names` occurred."""
        counts = ((day.day, _by_meaning(day)) for day in self.days)
        return [[day, *(found[name] for name in self._meanings)] for day, found in counts]

    @property
    def _meanings(self) -> list[str]:
        occurred = {_meaning_of(code) for day in self.days for code in day.by_sip_code}
        return [name for name in _MEANINGS if name in occurred]


def figures_of(tenant: Tenant, days: int, now: datetime) -> Figures:
    """Return the figures of the tenant's last so many days, today among them. Four queries."""
    zone = tenant.zone
    last = now.astimezone(zone).date()
    first = last - timedelta(days=days - 1)
    lengths, talked_s = _lengths(tenant, first_moment(first, zone))
    return Figures(days_of(tenant, first, last, zone), lengths, talked_s)


def _meaning_of(code: int) -> str:
    return "nobody" if code in _NOBODY_THERE else _MEANING_OF_CLASS.get(code // 100, "other")


def _by_meaning(day: DayOfCalls) -> Counter[str]:
    counts: Counter[str] = Counter()
    for code, count in day.by_sip_code.items():
        counts[_meaning_of(code)] += count
    return counts


def _lengths(tenant: Tenant, since: datetime) -> tuple[list[tuple[str, int]], int]:
    ends = [When(talked_s__lt=end, then=Value(number)) for number, (end, _) in enumerate(LENGTHS)]
    bucket = Case(*ends, default=Value(len(LENGTHS)), output_field=IntegerField())
    talked = select_calls(tenant, CallFilter(started_from=since)).filter(talked_s__isnull=False).order_by()
    grouped = talked.annotate(bucket=bucket).values("bucket")
    rows = {row["bucket"]: row for row in grouped.annotate(count=Count("id"), seconds=Sum("talked_s"))}
    names = [*(name for _, name in LENGTHS), LONGER]
    counts = [(name, rows[number]["count"] if number in rows else 0) for number, name in enumerate(names)]
    return counts, sum(row["seconds"] for row in rows.values())
