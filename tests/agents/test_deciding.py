"""What a call leads to, and the reasons in words."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from agents.deciding import Plan, Target, Way, decide
from agents.enums import RouteAction
from agents.hours import Schedule, Span

DESK, NIGHT = Target("1", "Front desk", 3), Target("2", "Night desk", 1)
DRAFT = Target("3", "New desk", None)
WEEK = (*[(Span(540, 1020),)] * 5, (), ())
OPEN, CLOSED = datetime(2027, 1, 4, 10, tzinfo=UTC), datetime(2027, 1, 4, 20, tzinfo=UTC)
PLAN = Plan(
    number="+14155550101",
    target=DESK,
    ways={
        "closed": Way(RouteAction.AGENT, target=NIGHT),
        "overflow": Way(RouteAction.HUMAN, "+12125550100"),
        "fallback": Way(RouteAction.VOICEMAIL),
    },
    schedule=Schedule("UTC", WEEK),
    most_calls=2,
)
LEADS = "Calls to +1 415-555-0101 lead to Front desk."
IS_OPEN = "It is Monday 4 January 2027, 10:00 in UTC: open until 17:00."
IS_CLOSED = "It is Monday 4 January 2027, 20:00 in UTC: closed until Tuesday 5 January 09:00."
FREE, FULL = "0 calls are going on, of 2 at a time.", "2 calls are going on, of 2 at a time."


@pytest.mark.parametrize(
    ("now", "calls", "unreachable", "action", "target", "because"),
    [
        (OPEN, 0, False, "answer", DESK, [IS_OPEN, FREE, "Front desk answers as version 3."]),
        (OPEN, 2, False, "human", None, [IS_OPEN, FULL, "Too many calls: +12125550100 is called."]),
        (
            OPEN,
            0,
            True,
            "voicemail",
            None,
            [IS_OPEN, FREE, "Front desk cannot be reached.", "Fallback: the caller can leave a message."],
        ),
        (CLOSED, 2, False, "answer", NIGHT, [IS_CLOSED, "Closed: Night desk answers as version 1."]),
        (
            CLOSED,
            0,
            True,
            "voicemail",
            None,
            [IS_CLOSED, "Night desk cannot be reached.", "Fallback: the caller can leave a message."],
        ),
        # a person is called: no agent can be out of reach
        (OPEN, 2, True, "human", None, [IS_OPEN, FULL, "Too many calls: +12125550100 is called."]),
    ],
)
def test_decisions(
    now: datetime, calls: int, unreachable: bool, action: str, target: Target | None, because: list[str]
) -> None:
    found = decide(PLAN, now, calls=calls, unreachable=unreachable)
    assert (found.action, found.target, list(found.because)) == (action, target, [LEADS, *because])


def test_without_hours_and_limit_calls_are_always_taken() -> None:
    found = decide(replace(PLAN, schedule=None, most_calls=None), CLOSED, calls=99)
    assert (found.action, found.because) == (
        "answer",
        (
            LEADS,
            "There are no business hours: calls are taken at all times.",
            "Front desk answers as version 3.",
        ),
    )


def test_an_agent_without_a_version_takes_no_call() -> None:
    ways = {**PLAN.ways, "fallback": Way(RouteAction.AGENT, target=DRAFT)}
    found = decide(replace(PLAN, target=replace(DESK, version=None), ways=ways), OPEN)
    assert (found.action, found.because[-3:]) == (
        "hang_up",
        (
            "Front desk has no published version.",
            "New desk has no published version.",
            "Nobody is left: we say so and hang up.",
        ),
    )


def test_hanging_up_is_said() -> None:
    ways = {**PLAN.ways, "closed": Way(RouteAction.HANG_UP)}
    assert decide(replace(PLAN, ways=ways), CLOSED).because[-1] == "Closed: we say so and hang up."
