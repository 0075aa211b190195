"""What the calls of some days came to. Call these inside the tenant's context."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from django.db.models import Aggregate, Count, FloatField, Sum
from django.db.models.functions import TruncDate

from callsphere.calls.enums import CallOutcome
from callsphere.calls.listing import CallFilter, select_calls
from callsphere.calls.models import RealtimeSession
from callsphere.lib.ids import first_uuid_of
from tenants.models import Tenant
from tenants.time_zones import first_moment, moment_after

LONGEST = timedelta(days=92)
_ANSWERED = (CallOutcome.AGENT, CallOutcome.PERSON)


@dataclass(slots=True)
class DayOfCalls:
    """One day. `answered_percent` is of the calls that are over, None without any; durations are of talking.
    `ai_cost` is what agents cost at OpenAI, in USD, as far as it is known.

    `by_sip_code` counts final answers, `by_sip_class` the same by class, such as `4xx`; `by_outcome` leaves
    out calls that go on.
    """

    day: date
    calls: int = 0
    by_outcome: Counter[str] = field(default_factory=Counter)
    by_sip_code: Counter[int] = field(default_factory=Counter)
    median_s: float | None = None
    p95_s: float | None = None
    ai_cost: Decimal = Decimal()

    @property
    def by_sip_class(self) -> Counter[str]:
        classes: Counter[str] = Counter()
        for code, count in self.by_sip_code.items():
            classes[f"{code // 100}xx"] += count
        return classes

    @property
    def answered(self) -> int:
        return sum(self.by_outcome[outcome] for outcome in _ANSWERED)

    @property
    def answered_percent(self) -> float | None:
        over = self.by_outcome.total()
        return round(100 * self.answered / over, 2) if over else None


class Percentile(Aggregate):
    """The value below which a share of the rows lies, between two rows where it falls there."""

    function = "percentile_cont"
    template = "%(function)s(%(share)s) WITHIN GROUP (ORDER BY %(expressions)s)"
    output_field = FloatField()


def days_of(tenant: Tenant, first: date, last: date, zone: ZoneInfo) -> list[DayOfCalls]:
    """Return each day from `first` to `last`, both counting, as they begin in a time zone. Three queries."""
    days = {day: DayOfCalls(day) for day in _each(first, last)}
    calls = _calls_of(tenant, first, last, zone)
    for row in calls.values("day", "outcome", "sip_code").annotate(count=Count("id")):
        _count(days[row["day"]], row)
    shares = {"median_s": Percentile("talked_s", share=0.5), "p95_s": Percentile("talked_s", share=0.95)}
    for row in calls.filter(talked_s__isnull=False).values("day").annotate(**shares):
        found = days[row["day"]]
        found.median_s, found.p95_s = round(row["median_s"], 1), round(row["p95_s"], 1)
    for day, cost in _costs(tenant, first, last, zone):
        days[day].ai_cost = cost
    return list(days.values())


def _costs(tenant: Tenant, first: date, last: date, zone: ZoneInfo) -> Iterator[tuple[date, Decimal]]:
    """Yield what agents cost at OpenAI, for the days on which that is known of any."""
    within = {"call__gte": first_uuid_of(first_moment(first, zone))}
    within["call__lt"] = first_uuid_of(moment_after(last, zone))
    sessions = RealtimeSession.objects.filter(tenant=tenant, cost__isnull=False, **within)
    by_day = sessions.order_by().annotate(day=TruncDate("call__started_at", tzinfo=zone)).values("day")
    for row in by_day.annotate(cost=Sum("cost")):
        yield row["day"], row["cost"]


def _calls_of(tenant: Tenant, first: date, last: date, zone: ZoneInfo) -> Any:
    within = CallFilter(started_from=first_moment(first, zone), started_before=moment_after(last, zone))
    return select_calls(tenant, within).order_by().annotate(day=TruncDate("started_at", tzinfo=zone))


def _count(day: DayOfCalls, row: dict[str, Any]) -> None:
    day.calls += row["count"]
    if row["outcome"]:
        day.by_outcome[row["outcome"]] += row["count"]
    if row["sip_code"]:
        day.by_sip_code[row["sip_code"]] += row["count"]


def _each(first: date, last: date) -> Iterator[date]:
    for number in range((last - first).days + 1):
        yield first + timedelta(days=number)
