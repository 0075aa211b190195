"""Registrations in words: what a heading says, and how the four kinds of trouble are told apart."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from callsphere.sip.causes import CAUSES
from trunks.bindings.wording import Known, clock, letter, told, trouble
from trunks.enums import RegistrationState as State

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)


def at(minutes: float) -> datetime:
    return NOON + timedelta(minutes=minutes)


BOUND = Known(State.REGISTERED, at(-30), expires_at=at(30), next_attempt_at=at(12))
REJECTED = Known(State.REJECTED, at(-5), cause="credentials_rejected", code=401)
UNREACHABLE = Known(State.UNREACHABLE, at(-5), cause="no_answer", next_attempt_at=at(1))
THROTTLED = Known(
    State.THROTTLED,
    at(-5),
    cause="registration_rejected",
    code=503,
    retry_after_s=90,
    next_attempt_at=at(1.5),
)
CROWDED = replace(THROTTLED, retry_after_s=None)
LATE = at(-2)


@pytest.mark.parametrize(
    ("known", "line"),
    [
        (BOUND, "Registered · refreshes in 12\N{NO-BREAK SPACE}min"),
        (
            replace(BOUND, has_slot=True),
            "Registered · its refresh waits its turn and goes out in 12\N{NO-BREAK SPACE}min",
        ),
        (replace(BOUND, state=State.REFRESHING), "Registered · being refreshed now"),
        (
            replace(BOUND, next_attempt_at=LATE),
            "Registered · its refresh is late, it lasts until 12:30 UTC",
        ),
        (Known(State.REGISTERING, NOON, next_attempt_at=NOON), "Registering · this takes seconds"),
        (
            Known(State.REGISTERING, NOON, next_attempt_at=at(4), has_slot=True),
            "Waiting its turn · registers in 4\N{NO-BREAK SPACE}min",
        ),
        (Known(State.REGISTERING, at(-3), next_attempt_at=LATE), "Not registered yet · our workers are late"),
        (REJECTED, "Rejected · user name or password is wrong"),
        (
            replace(REJECTED, expires_at=at(140)),
            "Rejected · user name or password is wrong, still registered until 14:20 UTC",
        ),
        (
            replace(REJECTED, cause="registration_rejected", code=404),
            "Rejected · the carrier answers 404",
        ),
        (replace(REJECTED, cause="made_tomorrow"), "Rejected · the carrier does not take it"),
        (UNREACHABLE, "Unreachable · no answer from the registrar"),
        (
            replace(UNREACHABLE, expires_at=at(140)),
            "Unreachable · no answer from the registrar, still registered until 14:20 UTC",
        ),
        (THROTTLED, "Throttled · the carrier asked us to wait until 12:01 UTC"),
        (
            CROWDED,
            "Throttled · the carrier has no room, asked again at 12:01 UTC",
        ),
        (Known(State.EXPIRED, at(-1), next_attempt_at=at(1)), "Expired · registering again"),
        (Known(State.PAUSED, NOON, is_paused=True), "Paused · the carrier sends no calls here"),
        (
            replace(BOUND, removing=True, is_paused=True),
            "Paused · the carrier is being told to forget it",
        ),
        (
            Known(State.PAUSED, NOON, trunk_is_enabled=False),
            "Paused · the trunk is switched off",
        ),
    ],
)
def test_headings(known: Known, line: str) -> None:
    assert told(known, NOON).text(NOON) == line


@pytest.mark.parametrize("state", [State.REGISTERED, State.REFRESHING, State.UNREACHABLE, State.THROTTLED])
def test_what_ran_out_while_workers_were_away_is_expired(state: State) -> None:
    known = Known(state, at(-90), cause="no_answer", expires_at=at(-10), next_attempt_at=at(-40))
    words = told(known, NOON)
    assert (words.state, words.looks, words.since) == (State.EXPIRED, "down", at(-10))
    assert words.spoken == "Expired · our workers are late"


def test_a_registrar_that_stays_away_is_told_as_such_after_the_end_too() -> None:
    known = replace(UNREACHABLE, expires_at=at(-10))
    assert told(known, NOON).spoken == "Unreachable · no answer from the registrar"


@pytest.mark.parametrize(
    ("known", "tone", "title", "who"),
    [
        (REJECTED, "fail", "User name or password is wrong", "you"),
        (UNREACHABLE, "fail", "The carrier does not answer", "carrier"),
        (THROTTLED, "fail", "The carrier asked us to wait", "carrier"),
        (CROWDED, "fail", "The carrier has no room for registrations now", "carrier"),
        (replace(BOUND, expires_at=at(-1)), "fail", "The registration has run out", "callsphere"),
        (replace(UNREACHABLE, expires_at=at(5)), "warn", "The carrier does not answer", "carrier"),
        (replace(BOUND, next_attempt_at=LATE), "warn", "We are late", "callsphere"),
    ],
)  # fmt: skip
def test_the_kinds_of_trouble_are_told_apart(known: Known, tone: str, title: str, who: str) -> None:
    found = trouble(known, NOON)
    assert found is not None
    assert (found.tone, found.title, found.who) == (tone, title, who)
    assert found.meaning
    assert found.fix


@pytest.mark.parametrize("known", [BOUND, replace(REJECTED, is_paused=True), Known(State.REGISTERING, NOON)])
def test_where_nothing_is_wrong_nothing_is_said(known: Known) -> None:
    assert trouble(known, NOON) is None


def test_what_happens_next_is_told() -> None:
    stopped = trouble(REJECTED, NOON)
    assert stopped is not None
    assert stopped.plan.startswith("We do not ask again by ourselves")
    again = trouble(replace(UNREACHABLE, expires_at=at(140)), NOON)
    assert again is not None
    assert again.plan == "We try again at 12:01 UTC. The carrier sends calls here until 14:20 UTC."


def test_a_refused_address_reads_like_a_name_that_does_not_exist() -> None:
    refused, missing = (replace(UNREACHABLE, cause=each) for each in ("address_refused", "dns_not_found"))
    assert told(refused, NOON) == told(missing, NOON)
    assert trouble(refused, NOON) == trouble(missing, NOON)
    assert told(refused, NOON).spoken == "Unreachable · host name of the registrar not found"


def test_moments_far_away_have_their_date() -> None:
    assert clock(at(60), NOON) == "13:00 UTC"
    assert clock(at(60 * 20), NOON) == "29 Nov, 08:00 UTC"


def test_the_letter_to_the_carrier() -> None:
    text = letter(
        "clinic",
        "sip:registrar.example.com",
        cause=CAUSES["no_answer"],
        answer="No answer",
        sources=["198.51.100.1"],
        since=NOON,
    )
    assert text.splitlines()[5:10] == [
        "",
        "Since: 2026-11-28 12:00:00 UTC",
        "Result: No answer",
        "We send from: 198.51.100.1",
        "",
    ]
