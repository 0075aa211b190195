"""Callbacks that agents promise."""

from __future__ import annotations

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from callsphere.calls.builtin_tools.callbacks import MOST_CALLBACKS
from callsphere.calls.models import CallbackRequest
from tenants.clock import database_now
from tests.agents.conftest import make_hours, make_route
from tests.calls.builtin_tools.conftest import Talk
from tests.calls.conftest import CALLER

NEW_YORK, SAN_FRANCISCO = "America/New_York", "America/Los_Angeles"


def day_in(zone: str, days: int) -> str:
    return (database_now().astimezone(ZoneInfo(zone)) + timedelta(days=days)).date().isoformat()


def test_by_the_clock_of_the_route(talk: Talk) -> None:
    make_route(talk.person, talk.line.number, talk.version.agent, hours_id=make_hours(talk.person).pk)
    day = day_in(NEW_YORK, 7)
    told = talk.told("schedule_callback", {"day": day, "time": "15:30", "note": "New invoice"})
    (row,) = talk.rows(CallbackRequest)
    local = row.wanted_at.astimezone(ZoneInfo(NEW_YORK))
    assert (local.date().isoformat(), f"{local:%H:%M}", row.time_zone) == (day, "15:30", NEW_YORK)
    kept = (row.call_id, row.number, row.note, row.state, row.handled_at)
    assert kept == (talk.call.pk, CALLER, "New invoice", "open", None)
    assert told == {
        "done": True,
        "calls_back_at": f"{local:%A} {local.day} {local:%B} {local.year}, 15:30",
        "number": CALLER,
        "now": told["now"],
        "time_zone": NEW_YORK,
    }


def test_by_the_clock_of_the_number_where_there_are_no_hours(talk: Talk) -> None:
    told = talk.told("schedule_callback", {"day": "tomorrow", "time": "09:00"})
    (row,) = talk.rows(CallbackRequest)
    assert (told["time_zone"], row.time_zone) == (SAN_FRANCISCO, SAN_FRANCISCO)
    assert f"{row.wanted_at.astimezone(ZoneInfo(SAN_FRANCISCO)):%H:%M}" == "09:00"


@pytest.mark.parametrize(
    ("days", "words"),
    [
        (-1, "This time is over. Agree on a later one with the caller."),
        (62, "This is more than 60 days away. Agree on an earlier day with the caller."),
    ],
)
def test_too_early_and_too_late(talk: Talk, days: int, words: str) -> None:
    told = talk.told("schedule_callback", {"day": day_in(SAN_FRANCISCO, days), "time": "12:00"})
    assert told == {
        "done": False,
        "what_to_do": words,
        "now": told["now"],
        "time_zone": SAN_FRANCISCO,
    }
    assert talk.rows(CallbackRequest) == []


def test_no_day(talk: Talk) -> None:
    told = talk.told("schedule_callback", {"day": "soon", "time": "12:00"})
    assert told["what_to_do"] == (
        "Name the day: today, tomorrow, a day of the week, or a date such as 2027-01-04."
    )


def test_another_number(talk: Talk) -> None:
    asked = {"day": "tomorrow", "time": "12:00", "number": "+49 30 901820"}
    assert talk.told("schedule_callback", asked)["number"] == "+4930901820"
    assert [row.number for row in talk.rows(CallbackRequest)] == ["+4930901820"]


def test_no_number(talk: Talk) -> None:
    talk.change(their_number="anonymous")
    assert talk.told("schedule_callback", {"day": "tomorrow", "time": "12:00"}) == {
        "done": False,
        "what_to_do": "There is no number to call back. Ask the caller for one, with the area code.",
    }
    assert talk.rows(CallbackRequest) == []


def test_so_many_of_one_call(talk: Talk) -> None:
    asked = {"day": "tomorrow", "time": "12:00"}
    for _ in range(MOST_CALLBACKS):
        assert talk.told("schedule_callback", asked)["done"] is True
    assert talk.told("schedule_callback", asked)["done"] is False
    assert len(talk.rows(CallbackRequest)) == MOST_CALLBACKS
