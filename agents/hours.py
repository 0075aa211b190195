"""When somebody is there: a weekly plan and holidays, by the clock on the wall of a time zone.

Pure functions of a moment. Times are what clocks show, so that a plan holds through changes of the clock.
In a night that has an hour twice, both are treated alike; what a clock skips never comes.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
WHOLE_DAY = 24 * 60
LOOKED_AHEAD = 400
"""How far ahead the next change is looked for, in days: longer than a year of holidays."""


EARLIEST, LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
"""Between them any moment can be judged. Calendars end, and a year is looked ahead."""


@dataclass(frozen=True, slots=True, order=True)
class Span:
    """From one time of a day to another, in minutes since midnight; `closes` is the first that is closed."""

    opens: int
    closes: int

    def __str__(self) -> str:
        return f"{clock(self.opens)} to {clock(self.closes)}"


@dataclass(frozen=True, slots=True)
class Holiday:
    """A date with times of its own, none of them for a day that stays closed."""

    name: str
    spans: tuple[Span, ...] = ()


@dataclass(frozen=True, slots=True)
class Schedule:
    """Opening times. `weekly` has the spans of Monday to Sunday."""

    time_zone: str
    weekly: tuple[tuple[Span, ...], ...]
    holidays: Mapping[date, Holiday] = field(default_factory=dict)

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def spans_of(self, day: date) -> tuple[Span, ...]:
        """Return the times of one date."""
        holiday = self.holidays.get(day)
        return holiday.spans if holiday else self.weekly[day.weekday()]


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether it is open at a moment, why, and when that changes next (UTC); None for never within a year."""

    is_open: bool
    why: str
    changes_at: datetime | None


def opening_at(schedule: Schedule, now: datetime) -> Opening:
    """Judge a moment, which must know its time zone."""
    local = now.astimezone(schedule.zone)
    is_open = is_open_at(schedule, now)
    changes_at = next_change(schedule, now)
    return Opening(is_open, _why(schedule, local, is_open, changes_at), changes_at)


def is_open_at(schedule: Schedule, now: datetime) -> bool:
    """Tell whether clocks in the time zone stand inside a span."""
    local = now.astimezone(schedule.zone)
    minute = local.hour * 60 + local.minute
    return any(span.opens <= minute < span.closes for span in schedule.spans_of(local.date()))


def next_change(schedule: Schedule, now: datetime) -> datetime | None:
    """Return the first moment after `now` (UTC) at which it opens or closes."""
    is_open = is_open_at(schedule, now)
    today = now.astimezone(schedule.zone).date()
    for ahead in range(-1, LOOKED_AHEAD):
        for moment in sorted(_moments(schedule, today + timedelta(days=ahead))):
            if moment > now and is_open_at(schedule, moment) != is_open:
                return moment
    return None


def clock(minute: int) -> str:
    """Write a time of the day, such as 09:30; the end of a day is 24:00."""
    return f"{minute // 60:02}:{minute % 60:02}"


def _moments(schedule: Schedule, day: date) -> Iterator[datetime]:
    """Yield when something may change on a date: its boundaries, midnight, and changes of the clock."""
    zone = schedule.zone
    minutes = {0, *(minute for span in schedule.spans_of(day) for minute in (span.opens, span.closes))}
    for minute in minutes:
        wall = datetime.combine(day, time()) + timedelta(minutes=minute)
        for fold in (0, 1):  # differ where a clock shows the time twice, or never
            yield wall.replace(tzinfo=zone, fold=fold).astimezone(UTC)
    yield from _changes_of_clock(zone, day)


def _changes_of_clock(zone: ZoneInfo, day: date) -> Iterator[datetime]:
    start = datetime.combine(day, time(), zone).astimezone(UTC)
    end = datetime.combine(day + timedelta(days=1), time(), zone).astimezone(UTC)
    offset = start.astimezone(zone).utcoffset()
    if offset == end.astimezone(zone).utcoffset():
        return  # no zone has two changes within a day
    moment = start
    while moment < end:
        moment += timedelta(minutes=1)
        if moment.astimezone(zone).utcoffset() != offset:
            yield moment
            return


def _why(schedule: Schedule, local: datetime, is_open: bool, changes_at: datetime | None) -> str:
    at = f"It is {local:%A} {local.day} {local:%B} {local.year}, {local:%H:%M} in {schedule.time_zone}"
    holiday = schedule.holidays.get(local.date())
    day = f", {holiday.name}" if holiday else ""
    state = "open" if is_open else "closed"
    return f"{at}{day}: {state}{_until(schedule, is_open, local, changes_at)}."


def _until(schedule: Schedule, is_open: bool, local: datetime, changes_at: datetime | None) -> str:
    if changes_at is None:
        return " at all times" if is_open else ", and no opening within a year"
    then = changes_at.astimezone(schedule.zone)
    day = "" if then.date() == local.date() else f"{then:%A} {then.day} {then:%B} "
    return f" until {day}{then:%H:%M}"
