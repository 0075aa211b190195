"""Days and times as callers say them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest

from callsphere.calls.builtin_tools.clocks import Clock, NotAMoment, _zone_of_number

# a Friday, 10:00 in New York
NOW = datetime(2027, 1, 1, 15, tzinfo=UTC)
CLOCK = Clock(ZoneInfo("America/New_York"), NOW)


@pytest.mark.parametrize(
    ("day", "at", "moment"),
    [
        ("today", "15:00", "Friday 1 January 2027, 15:00"),
        ("Tomorrow", "9:30", "Saturday 2 January 2027, 09:30"),
        ("friday", "10:01", "Friday 1 January 2027, 10:01"),
        ("friday", "10:00", "Friday 8 January 2027, 10:00"),
        ("Monday", "00:00", "Monday 4 January 2027, 00:00"),
        ("thursday", "23:59", "Thursday 7 January 2027, 23:59"),
        ("2027-07-01", "12:00", "Thursday 1 July 2027, 12:00"),
        ("2026-12-31", "12:00", "Thursday 31 December 2026, 12:00"),
    ],
)
def test_what_is_meant(day: str, at: str, moment: str) -> None:
    assert CLOCK.says(CLOCK.moment(day, at)) == moment


def test_today_is_that_of_the_zone() -> None:
    late = Clock(ZoneInfo("Australia/Sydney"), datetime(2027, 1, 1, 20, tzinfo=UTC))
    assert late.moment("today", "09:00") == datetime(2027, 1, 1, 22, tzinfo=UTC)
    assert late.facts() == {"now": "Saturday 2 January 2027, 07:00", "time_zone": "Australia/Sydney"}


@pytest.mark.parametrize("at", ["", "3 pm", "24:00", "15:60", "15", "-1:00"])
def test_no_time(at: str) -> None:
    with pytest.raises(NotAMoment, match="24 hours"):
        CLOCK.moment("today", at)


@pytest.mark.parametrize("day", ["", "soon", "2027-02-30", "next friday", "01/04/2027"])
def test_no_day(day: str) -> None:
    with pytest.raises(NotAMoment, match="Name the day"):
        CLOCK.moment(day, "12:00")


@pytest.mark.parametrize(
    ("number", "zone"),
    [
        ("+14155550101", "America/Los_Angeles"),
        ("+4930901820", "Europe/Berlin"),
        ("sip:x@y", "UTC"),
        ("", "UTC"),
    ],
)
def test_where_a_number_is(number: str, zone: str) -> None:
    assert _zone_of_number(number).key == zone
