"""Time zones that people may choose, and where the days of one begin."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta, tzinfo
from functools import cache
from zoneinfo import available_timezones

from django.core.exceptions import ValidationError

UTC_NAME = "UTC"
LONGEST_NAME = 64
_OFFERED = ("Africa", "America", "Antarctica", "Asia", "Atlantic", "Australia", "Europe", "Indian", "Pacific")
_FIRST, _LAST = date(1900, 1, 1), date(9000, 1, 1)
HOW = "Write the name of a time zone, such as America/New_York or Europe/Berlin."


@cache
def known_zones() -> frozenset[str]:
    """Return the names (IANA) that are zones of a place, and UTC: old links such as Asia/Calcutta too."""
    return frozenset(name for name in available_timezones() if "/" in name) | {UTC_NAME}


def validate_time_zone(name: str) -> None:
    """Raise ValidationError for what is no name of a time zone."""
    if name not in known_zones():
        raise ValidationError(HOW, code="time_zone")


def zone_choices(*also: str) -> list[tuple[str, str]]:
    """Return what pages offer, with what is stored already among it."""
    names: Iterable[str] = {name for name in known_zones() if name.startswith(_OFFERED)}
    return [(name, name) for name in sorted({*names, UTC_NAME, *(name for name in also if name)})]


def first_moment(day: date, zone: tzinfo) -> datetime:
    """Return when a day begins in a zone; where clocks skip midnight, the first moment that there is.

    A midnight that is skipped is read with the offset before, which names the same moment as the end of the
    gap.
    Days beyond the calendar that people can mean count as its first or last: no arithmetic overflows.
    """
    return datetime.combine(min(max(day, _FIRST), _LAST), time.min, zone)


def moment_after(day: date, zone: tzinfo) -> datetime:
    """Return when a day is over in a zone: days have 23 to 25 hours."""
    return first_moment(min(day, _LAST) + timedelta(days=1), zone)
