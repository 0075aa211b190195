"""When somebody may be called, by the clocks of where they may be: pure functions of a moment."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from functools import cache
from zoneinfo import available_timezones

import phonenumbers
from phonenumbers import timezone as zones_of_numbers

from agents.hours import Schedule, is_open_at, next_change
from agents.plans import week_of

LOOKED_AHEAD = timedelta(days=15)
"""A week repeats; two, since a change of the clock may swallow a short window."""

Windows = list[dict[str, str]]


def zones_of(number: str) -> list[str]:
    """Return the time zones (IANA) that a number (E.164) may be in; none where its digits do not tell."""
    found = zones_of_numbers.time_zones_for_number(phonenumbers.parse(number))
    return sorted(found) if all(map(is_zone, found)) else []


def is_zone(name: str) -> bool:
    """Tell whether this is a time zone's name."""
    return name in _known_zones()


@cache
def _known_zones() -> frozenset[str]:
    return frozenset(available_timezones())  # which reads folders


def next_open(windows: Windows, time_zones: Collection[str], now: datetime) -> datetime | None:
    """Return the first moment from `now` on that the windows allow in all the time zones: `now`, if they do.

    None where there is none.
    """
    if not windows:
        return None
    week = week_of(windows)
    schedules = [Schedule(name, week) for name in time_zones]
    moment = now
    while moment < now + LOOKED_AHEAD:
        closed = [schedule for schedule in schedules if not is_open_at(schedule, moment)]
        if not closed:
            return moment
        # none of these is open before its own next change, so that all are not before the last of them
        changes = [next_change(schedule, moment) for schedule in closed]
        moment = max(change or now + LOOKED_AHEAD for change in changes)
    return None
