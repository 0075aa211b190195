"""The rules of registrations: what an attempt means, and when the next one is due."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from trunks.bindings.registering import Result, Standing, after, refresh_after_s, retry_after_s, step_of
from trunks.enums import RegistrationState as State
from trunks.enums import RegistrationStep as Step

NOON = datetime(2026, 11, 28, 12, tzinfo=UTC)
FRESH = Standing(State.REGISTERING)
BOUND = Standing(State.REFRESHING, granted_s=3600, expires_at=NOON + timedelta(seconds=1800))


def due_in(standing: Standing) -> float | None:
    """Seconds from noon until the next attempt, None when none is planned."""
    return None if standing.next_attempt_at is None else (standing.next_attempt_at - NOON).total_seconds()


@pytest.mark.parametrize(
    ("granted", "wait"),
    [
        *((2**31 - 1, 43_200), (86_400, 43_200), (3600, 1800), (120, 60), (60, 30), (50, 20)),
        *((40, 40 / 3), (30, 10), (6, 5), (0, 5)),
    ],
)
def test_a_refresh_is_due_at_half_or_thirty_seconds_before_the_end(granted: float, wait: float) -> None:
    assert refresh_after_s(granted, 0.0) == pytest.approx(wait)


def test_chance_only_makes_it_earlier_and_by_a_tenth_at_most() -> None:
    assert refresh_after_s(3600, 0.9999) == pytest.approx(1620, abs=0.1)


@pytest.mark.parametrize(("failures", "wait"), [(1, 5), (2, 10), (3, 20), (6, 160), (7, 300), (500, 300)])
def test_retries_double_up_to_five_minutes(failures: int, wait: float) -> None:
    assert retry_after_s(failures, 0.0) == wait


def test_success_is_registered_until_the_grant_ends() -> None:
    standing = after(FRESH, Result(code=200, granted_s=600), NOON, 0.0)
    assert (standing.state, standing.expires_at, due_in(standing), standing.failures) == (
        State.REGISTERED,
        NOON + timedelta(seconds=600),
        300.0,
        0,
    )


def test_credentials_are_tried_twice_and_then_wait_for_an_edit() -> None:
    refused = Result("credentials_rejected", "Refused.", 401)
    once = after(FRESH, refused, NOON, 0.0)
    twice = after(once, refused, NOON, 0.0)
    assert [(each.state, each.refusals, due_in(each)) for each in (once, twice)] == [
        (State.REJECTED, 1, 60.0),
        (State.REJECTED, 2, None),
    ]


@pytest.mark.parametrize("between", [Result("no_answer"), Result("registration_rejected", "", 503)])
def test_silence_between_two_refusals_forgives_none(between: Result) -> None:
    """A carrier that blocks who insists is silent first: after it lifts the block one more is too many."""
    refused = Result("credentials_rejected", "Refused.", 401)
    standing = after(after(FRESH, refused, NOON, 0.0), between, NOON, 0.0)
    assert due_in(standing) is not None
    assert due_in(after(standing, refused, NOON, 0.0)) is None


@pytest.mark.parametrize("cause", ["challenge_malformed", "digest_unsupported"])
def test_what_the_carrier_may_mend_is_asked_about_now_and_then(cause: str) -> None:
    assert due_in(after(FRESH, Result(cause, "", 401), NOON, 0.0)) == 1800.0
    assert due_in(after(BOUND, Result(cause, "", 401), NOON, 0.0)) == 5.0


@pytest.mark.parametrize("code", [408, 480, 500, 502, 504])
def test_a_registrar_in_trouble_is_tried_as_one_out_of_reach(code: int) -> None:
    standing = FRESH
    waits = []
    for _ in range(8):
        standing = after(standing, Result("registration_rejected", "", code), NOON, 0.0)
        waits.append(due_in(standing))
    assert (standing.state, waits[:2], waits[-1]) == (State.REJECTED, [5.0, 10.0], 300.0)


@pytest.mark.parametrize("cause", ["credentials_missing", "realm_mismatch"])
def test_what_no_retry_can_mend_waits_for_an_edit_at_once(cause: str) -> None:
    standing = after(FRESH, Result(cause, "", 401), NOON, 0.0)
    assert (standing.state, due_in(standing)) == (State.REJECTED, None)


@pytest.mark.parametrize(
    ("result", "wait"),
    [
        (Result("registration_rejected", "", 503, retry_after_s=120), 120.0),
        (Result("registration_rejected", "", 480, retry_after_s=7), 7.0),
        (Result("registration_rejected", "", 503), 5.0),
        (Result("registration_rejected", "", 503, retry_after_s=9_999_999), 3600.0),
        (Result("registration_rejected", "", 503, retry_after_s=0), 5.0),
    ],
)
def test_a_registrar_that_asks_for_time_gets_it(result: Result, wait: float) -> None:
    standing = after(FRESH, result, NOON, 0.0)
    assert (standing.state, due_in(standing)) == (State.THROTTLED, wait)


def test_the_unreachable_are_tried_again_ever_more_rarely() -> None:
    standing = FRESH
    waits = []
    for _ in range(9):
        standing = after(standing, Result("no_answer"), NOON, 0.0)
        waits.append(due_in(standing))
    assert standing.state == State.UNREACHABLE
    assert waits == [5.0, 10.0, 20.0, 40.0, 80.0, 160.0, 300.0, 300.0, 300.0]


def test_while_the_binding_lives_it_is_tried_more_eagerly() -> None:
    almost_over = Standing(State.UNREACHABLE, expires_at=NOON + timedelta(seconds=30), failures=8)
    standing = after(almost_over, Result("no_answer"), NOON, 0.0)
    assert (standing.expires_at, due_in(standing)) == (almost_over.expires_at, 10.0)


def test_a_refusal_for_good_is_asked_about_now_and_then() -> None:
    refused = Result("registration_rejected", "404 Not Found.", 404)
    assert due_in(after(FRESH, refused, NOON, 0.0)) == 1800.0
    assert due_in(after(BOUND, refused, NOON, 0.0)) == 5.0


def test_a_success_forgets_what_failed() -> None:
    failed = after(after(FRESH, Result("no_answer"), NOON, 0.0), Result("credentials_rejected"), NOON, 0.0)
    standing = after(failed, Result(code=200, granted_s=60), NOON, 0.0)
    assert (standing.failures, standing.refusals, standing.cause, standing.detail) == (0, 0, "", "")


def test_a_removal_ends_paused_and_gives_up_after_three() -> None:
    leaving = Standing(State.REGISTERED, expires_at=NOON + timedelta(seconds=600), removing=True)
    assert after(leaving, Result(code=200), NOON, 0.0).state == State.PAUSED
    again = after(leaving, Result("no_answer"), NOON, 0.0)
    assert (again.removing, due_in(again)) == (True, 5.0)
    given_up = after(after(again, Result("no_answer"), NOON, 0.0), Result("no_answer"), NOON, 0.0)
    assert (given_up.state, given_up.removing, due_in(given_up)) == (State.PAUSED, False, None)


def test_a_removal_is_refused_twice_at_most() -> None:
    leaving = Standing(State.REGISTERED, expires_at=NOON + timedelta(seconds=600), removing=True)
    refused = Result("credentials_rejected", "Refused.", 401)
    once = after(leaving, refused, NOON, 0.0)
    twice = after(once, refused, NOON, 0.0)
    assert [(each.removing, due_in(each)) for each in (once, twice)] == [(True, 60.0), (False, None)]
    assert after(leaving, Result("credentials_missing", "", 401), NOON, 0.0).removing is False


def test_a_removal_waits_as_long_as_the_registrar_asks() -> None:
    leaving = Standing(State.REGISTERED, expires_at=NOON + timedelta(seconds=600), removing=True)
    asked = Result("registration_rejected", "", 503, retry_after_s=120)
    assert due_in(after(leaving, asked, NOON, 0.0)) == 120.0


def test_what_an_attempt_is_for() -> None:
    lapsed = Standing(State.EXPIRED, expires_at=NOON - timedelta(seconds=1))
    leaving = Standing(State.REGISTERED, expires_at=NOON + timedelta(seconds=60), removing=True)
    assert [step_of(each, NOON) for each in (FRESH, BOUND, lapsed, leaving)] == [
        Step.REGISTER,
        Step.REFRESH,
        Step.REGISTER,
        Step.REMOVE,
    ]
