"""Earlier calls of the same caller, and of nobody else."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from tests.calls.builtin_tools.conftest import Talk, make_call, make_talk
from tests.conftest import Person

DAY = datetime(2026, 1, 5, 20, tzinfo=UTC)


def ended(talk: Talk, started_at: datetime = DAY, **fields: Any) -> None:
    """Give the talk's line a call that is over."""
    over: dict[str, Any] = {"state": "ended", "outcome": "agent", "talked_s": 65, "ended_at": started_at}
    make_call(talk.line, started_at=started_at, **{**over, **fields})


def test_what_is_told(talk: Talk) -> None:
    ended(talk, agent=talk.version.agent)
    ended(talk, DAY + timedelta(hours=1), outcome="missed", talked_s=None)
    told = talk.told("look_up_last_calls")
    assert (told["done"], told["calls"]) == (
        True,
        [
            {
                "when": "Monday 5 January 2026, 13:00",
                "direction": "inbound",
                "outcome": "Hung up before anybody was there",
                "agent": None,
                "seconds_talked": None,
            },
            {
                "when": "Monday 5 January 2026, 12:00",
                "direction": "inbound",
                "outcome": "Answered by an agent",
                "agent": "Front desk",
                "seconds_talked": 65,
            },
        ],
    )


def test_the_last_five(talk: Talk) -> None:
    for minutes in range(7):
        ended(talk, DAY + timedelta(minutes=minutes))
    times = [each["when"][-5:] for each in talk.told("look_up_last_calls")["calls"]]
    assert times == ["12:06", "12:05", "12:04", "12:03", "12:02"]


def test_nobody_elses(talk: Talk, charlie: Person) -> None:
    others = make_talk(charlie, "+14155550102", "+4930901821")
    ended(others)
    ended(talk, their_number="+12125550199")
    assert talk.told("look_up_last_calls")["calls"] == []


def test_no_number_can_be_asked_for(talk: Talk) -> None:
    ended(talk, their_number="+12125550199")
    told = talk.told("look_up_last_calls", {"number": "+12125550199"})
    assert (told["done"], "calls" in told) == (False, False)


@pytest.mark.parametrize("withheld", ["", "anonymous", "+266696687"])
def test_a_number_that_is_withheld(talk: Talk, withheld: str) -> None:
    ended(talk, their_number=withheld)
    talk.change(their_number=withheld)
    assert talk.told("look_up_last_calls") == {
        "done": False,
        "what_to_do": "The caller's number is withheld: nothing is known of earlier calls.",
    }
