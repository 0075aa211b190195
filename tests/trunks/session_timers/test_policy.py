"""What a policy means for calls, and how it reads."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.sip.session_timer import TimerPolicy
from trunks.models import SessionTimerPolicy
from trunks.session_timers.policy import ends_after_s, exactly, policy_sentences, timers_of


@pytest.mark.parametrize(
    ("values", "timers"),
    [
        ({}, TimerPolicy(1800)),
        ({"mode": "off"}, None),
        ({"mode": "required", "session_interval_s": 600}, TimerPolicy(600, required=True)),
        ({"refresher": "uac", "refresh_method": "update"}, TimerPolicy(1800, 90, "uac", "UPDATE")),
        (
            {"refresher": "uas", "refresh_method": "invite", "min_se_s": 120},
            TimerPolicy(1800, 120, "uas", "INVITE"),
        ),
    ],
)
def test_what_calls_ask_for(values: dict[str, Any], timers: TimerPolicy | None) -> None:
    assert timers_of(SessionTimerPolicy(**values)) == timers


@pytest.mark.parametrize(("interval", "after"), [(90, 60), (120, 88), (600, 568), (1800, 1768), (3600, 3568)])
def test_when_the_waiting_side_hangs_up(interval: int, after: int) -> None:
    assert ends_after_s(interval) == after


def test_the_usual_policy_in_words() -> None:
    sentences = [each.replace("\N{NO-BREAK SPACE}", " ") for each in policy_sentences(SessionTimerPolicy())]
    assert sentences == [
        (
            "Each call is refreshed after 15 min, half the interval, by the side that the carrier names; "
            "we use UPDATE where the carrier takes it, else re-INVITE."
        ),
        "Without a refresh, calls end after 29 min 28 s: the interval less 32 s.",
        "A carrier that asks for less than 1 min 30 s is asked for more.",
        "A carrier that knows no session timers is called all the same, without one.",
        "A call may last any length of time.",
    ]


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(0, "0 s"), (90, "1 min 30 s"), (3600, "1 h"), (86400, "24 h"), (3661, "1 h 1 min 1 s")],
)
def test_lengths_of_time_are_not_rounded(seconds: int, words: str) -> None:
    assert exactly(seconds).split("\N{NO-BREAK SPACE}")[0] == words.split(" ")[0]
    assert exactly(seconds).replace("\N{NO-BREAK SPACE}", " ") == words
