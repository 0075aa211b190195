"""Checks in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from callsphere.sip.causes import CAUSES
from trunks.checks.wording import Results, call_warnings, comparison, days_between

TITLES = {code: each.title for code, each in CAUSES.items()}
URI = "sip:a.example"
REFUSED = ("fail", "hold_rejected")
FINE = ("pass", "")


def told(now: dict[str, tuple[str, str]], before: dict[str, tuple[str, str]], days: int = 1) -> list[str]:
    def results(steps: dict[str, tuple[str, str]]) -> Results:
        return {(URI, name): result for name, result in steps.items()}

    return comparison(results(now), results(before), days=days, titles=TITLES)


@pytest.mark.parametrize(
    ("now", "before", "line"),
    [
        (
            ("fail", "hold_rejected"),
            ("pass", ""),
            "Hold worked yesterday. New: the carrier does not allow hold.",
        ),
        (
            ("pass", ""),
            ("fail", "hold_rejected"),
            "Hold works now; yesterday: the carrier does not allow hold.",
        ),
        (
            ("fail", "hold_kills_call"),
            ("fail", "hold_rejected"),
            "Hold: hold ends the call; yesterday it was: the carrier does not allow hold.",
        ),
    ],
)
def test_what_is_new_about_a_step(now: tuple[str, str], before: tuple[str, str], line: str) -> None:
    assert told({"hold": now}, {"hold": before}) == [line]


@pytest.mark.parametrize(
    ("now", "before"),
    [
        (("fail", "hold_rejected"), ("fail", "hold_rejected")),
        (("pass", ""), ("pass", "")),
        (("skipped", ""), ("fail", "hold_rejected")),
        (("fail", "hold_rejected"), ("skipped", "")),
    ],
)
def test_what_is_no_news(now: tuple[str, str], before: tuple[str, str]) -> None:
    assert told({"hold": now}, {"hold": before}) == []


def test_bad_news_comes_first() -> None:
    lines = told(
        {"options": ("pass", ""), "hold": ("fail", "hold_rejected")},
        {"options": ("warn", "no_answer"), "hold": ("pass", "")},
        days=0,
    )
    assert lines[0] == "Hold worked earlier today. New: the carrier does not allow hold."
    assert lines[1].startswith("The carrier's answer to OPTIONS works now; earlier today:")


def test_several_gateways_are_named() -> None:
    now: Results = {("sip:a", "hold"): ("fail", "hold_rejected"), ("sip:b", "hold"): ("pass", "")}
    before: Results = {("sip:a", "hold"): ("pass", ""), ("sip:b", "hold"): ("pass", "")}
    assert comparison(now, before, days=3, titles=TITLES) == [
        "Hold at sip:a worked 3 days ago. New: the carrier does not allow hold."
    ]


def test_days_are_those_of_the_calendar() -> None:
    late, early = datetime(2026, 3, 1, 23, 50, tzinfo=UTC), datetime(2026, 3, 2, 0, 10, tzinfo=UTC)
    assert days_between(early, late) == 1


def test_what_a_check_costs() -> None:
    assert call_warnings("", 3) == []
    assert call_warnings("100", 1) == [
        "One short call goes to 100. It is hung up within seconds; your carrier may charge for it."
    ]
    assert call_warnings("100", 2)[0].startswith("2 short calls, one through each gateway, go to 100.")
