"""Opening times by the clock on the wall."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.hours import Holiday, Schedule, Span, is_open_at, next_change, opening_at

NINE_TO_FIVE = (Span(540, 1020),)
WEEK = (*[NINE_TO_FIVE] * 5, (), ())
NEW_YORK = Schedule(
    "America/New_York",
    WEEK,
    {
        date(2027, 1, 1): Holiday("New Year"),
        date(2026, 12, 24): Holiday("Christmas Eve", (Span(540, 720),)),
    },
)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("now", "is_open", "why"),
    [
        (
            "2026-12-22T14:00Z",
            True,
            "It is Tuesday 22 December 2026, 09:00: open until 17:00.",
        ),
        (
            "2026-12-22T13:59Z",
            False,
            "It is Tuesday 22 December 2026, 08:59: closed until 09:00.",
        ),
        (
            "2026-12-22T22:00Z",
            False,
            "It is Tuesday 22 December 2026, 17:00: closed until Wednesday 23 December 09:00.",
        ),
        (
            "2026-12-24T15:00Z",
            True,
            "It is Thursday 24 December 2026, 10:00, Christmas Eve: open until 12:00.",
        ),
        (
            "2027-01-01T15:00Z",
            False,
            "It is Friday 1 January 2027, 10:00, New Year: closed until Monday 4 January 09:00.",
        ),
    ],
)
def test_open_and_why(now: str, is_open: bool, why: str) -> None:
    opening = opening_at(NEW_YORK, at(now))
    assert (opening.is_open, opening.why.replace(" in America/New_York", "")) == (is_open, why)


def test_the_plan_holds_through_changes_of_the_clock() -> None:
    # 9:00 is 14:00 UTC in winter and 13:00 in summer: the clock goes forward on 14 March 2027, a Sunday
    assert next_change(NEW_YORK, at("2027-03-12T23:00Z")) == at("2027-03-15T13:00Z")
    # and back on 7 November
    assert next_change(NEW_YORK, at("2027-11-05T22:00Z")) == at("2027-11-08T14:00Z")


def test_a_time_that_is_skipped_begins_when_the_clock_has_passed_it() -> None:
    nightly = Schedule("America/New_York", tuple([(Span(150, 300),)] * 7))  # 02:30 to 05:00
    assert next_change(nightly, at("2027-03-14T06:00Z")) == at("2027-03-14T07:00Z")  # 03:00 on the wall
    inside = Schedule("America/New_York", tuple([(Span(125, 170),)] * 7))  # skipped as a whole
    assert next_change(inside, at("2027-03-14T06:00Z")) == at("2027-03-15T06:05Z")


def test_an_hour_that_comes_twice_is_treated_alike() -> None:
    late = Schedule("America/New_York", tuple([(Span(0, 90),)] * 7))  # midnight to 01:30
    found = [is_open_at(late, at(f"2027-11-07T{hour}Z")) for hour in ("05:15", "05:45", "06:15", "06:45")]
    assert found == [True, False, True, False]


def test_always_and_never() -> None:
    always = opening_at(Schedule("UTC", tuple([(Span(0, 1440),)] * 7)), at("2027-01-01T00:00Z"))
    never = opening_at(Schedule("UTC", ((),) * 7), at("2027-01-01T00:00Z"))
    assert (always.is_open, always.changes_at, always.why.endswith("open at all times.")) == (
        True,
        None,
        True,
    )
    assert (never.is_open, never.changes_at, never.why.endswith("no opening within a year.")) == (
        False,
        None,
        True,
    )


ZONES = [
    *("America/New_York", "Europe/Berlin", "Asia/Kathmandu", "Asia/Tokyo", "America/St_Johns"),
    "Australia/Lord_Howe",  # changes by half an hour
    "Pacific/Chatham",
    "Africa/Casablanca",  # goes back for Ramadan
    "America/Santiago",  # changes at midnight
]
SPANS = st.lists(st.integers(0, 1440), min_size=0, max_size=4, unique=True).map(
    lambda times: tuple(Span(*pair) for pair in zip(sorted(times)[::2], sorted(times)[1::2], strict=False))
)


@given(
    st.sampled_from(ZONES),
    st.lists(SPANS, min_size=7, max_size=7),
    st.dictionaries(st.dates(date(2027, 1, 1), date(2027, 12, 31)), SPANS, max_size=5),
    st.integers(0, 350 * 24 * 60).map(lambda minutes: at("2027-01-01T00:00Z") + timedelta(minutes=minutes)),
)
def test_it_stays_as_it_is_until_the_next_change(
    zone: str,
    weekly: list[tuple[Span, ...]],
    holidays: dict[date, tuple[Span, ...]],
    now: datetime,
) -> None:
    schedule = Schedule(zone, tuple(weekly), {day: Holiday("h", spans) for day, spans in holidays.items()})
    change = next_change(schedule, now)
    end = change or now + timedelta(days=9)
    state = is_open_at(schedule, now)
    step = max(timedelta(minutes=1), (end - now) / 200)
    looked, found = now, set()
    while looked < end:
        found.add(is_open_at(schedule, looked))
        looked += step
    before = end - timedelta(microseconds=1)
    assert found | ({is_open_at(schedule, before)} if before > now else set()) <= {state}
    assert change is None or is_open_at(schedule, change) != state
