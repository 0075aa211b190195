"""Whether somebody is there, as agents ask."""

from __future__ import annotations

from tests.agents.conftest import make_hours, make_route
from tests.calls.builtin_tools.conftest import Talk

ALWAYS = [
    {"day": day, "opens": "00:00", "closes": "24:00"}
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
]


def open_when(talk: Talk, **fields: object) -> None:
    hours = make_hours(talk.person, **fields)
    make_route(talk.person, talk.line.number, talk.version.agent, hours_id=hours.pk)


def test_now(talk: Talk) -> None:
    open_when(talk, weekly=ALWAYS, time_zone="UTC")
    told = talk.told("check_business_hours")
    assert told == {
        "done": True,
        "is_open": True,
        "at": told["now"],
        "changes_at": None,
        "now": told["now"],
        "time_zone": "UTC",
    }


def test_at_a_moment(talk: Talk) -> None:
    open_when(talk)
    told = talk.told("check_business_hours", {"day": "2027-01-04", "time": "12:00"})
    assert (told["is_open"], told["at"], told["changes_at"]) == (
        True,
        "Monday 4 January 2027, 12:00",
        "Monday 4 January 2027, 17:00",
    )
    closed = talk.told("check_business_hours", {"day": "2027-01-02", "time": "12:00"})
    assert (closed["is_open"], closed["changes_at"]) == (False, "Monday 4 January 2027, 09:00")


def test_never_open(talk: Talk) -> None:
    open_when(talk, weekly=[])
    told = talk.told("check_business_hours")
    assert (told["is_open"], told["changes_at"]) == (False, None)


def test_a_day_without_a_time(talk: Talk) -> None:
    open_when(talk)
    told = talk.told("check_business_hours", {"day": "tomorrow"})
    assert (told["done"], told["what_to_do"]) == (False, "Ask for a time of that day too, such as 09:30.")


def test_a_time_that_is_none(talk: Talk) -> None:
    open_when(talk)
    told = talk.told("check_business_hours", {"day": "tomorrow", "time": "noon"})
    assert told["what_to_do"] == "Write the time with 24 hours, such as 09:30 or 15:00."


def test_without_hours(talk: Talk) -> None:
    told = talk.told("check_business_hours")
    assert told == {
        "done": False,
        "what_to_do": "No business hours are known for this number. Do not say that it is open or closed.",
        "now": told["now"],
        "time_zone": "America/Los_Angeles",
    }


def test_a_day_that_no_calendar_goes_on_from(talk: Talk) -> None:
    open_when(talk)
    told = talk.told("check_business_hours", {"day": "9999-12-31", "time": "12:00"})
    assert (told["done"], told["what_to_do"]) == (
        False,
        "Name the day: today, tomorrow, a day of the week, or a date such as 2027-01-04.",
    )
