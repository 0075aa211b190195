"""Until when calls may go on: from their answer, after refreshes, and when they end by themselves."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.live_calls.conftest import NOON, Calls, after
from tests.trunks.live_calls.provider import NAME
from trunks import services
from trunks.live_calls.watching import claim_due, forget_old_calls, watch_call
from trunks.models import LiveCall, SessionTimerPolicy, Trunk


def limits(call: LiveCall) -> tuple[Any, ...]:
    return call.refresh_overdue_at, call.too_long_at, call.next_look_at


def test_a_call_is_watched_from_its_answer(calls: Calls) -> None:
    call = calls.answer()
    assert (call.state, call.reason, call.answered_at) == ("live", "", NOON)
    # SE - min(32, SE/3), and the trunk's longest call
    assert limits(call) == (after(1768), after(3600), after(1768))


def test_a_call_without_a_timer_has_its_longest_time_alone(calls: Calls) -> None:
    assert limits(calls.answer(session_interval_s=None)) == (None, after(3600), after(3600))


def test_a_call_that_nothing_limits_is_never_due(alice: Person, trunk: Trunk, calls: Calls) -> None:
    with tenant_context(alice.tenant):
        SessionTimerPolicy.objects.filter(trunk=trunk).update(longest_call_s=None)
    assert limits(calls.answer(session_interval_s=None)) == (None, None, None)
    assert claim_due(after(10**6), 10) == []


def test_the_answer_may_be_told_twice(calls: Calls) -> None:
    first = calls.answer()
    calls.refresh(900)
    again = calls.answer()
    assert (again.pk, limits(again)) == (first.pk, (after(900 + 1768), after(3600), after(900 + 1768)))


def test_a_provider_whose_calls_nobody_can_end(alice: Person, trunk: Trunk, calls: Calls) -> None:
    with tenant_context(alice.tenant), pytest.raises(ValueError, match="nobody can end calls of 'other'"):
        watch_call(
            tenant_id=alice.tenant.pk,
            trunk_id=trunk.pk,
            provider="other",
            reference="c1",
            answered_at=NOON,
            session_interval_s=None,
        )


def test_a_change_of_the_policy_leaves_calls_under_way_alone(
    alice: Person, trunk: Trunk, calls: Calls
) -> None:
    call = calls.answer()
    with tenant_context(alice.tenant):
        policy = SessionTimerPolicy.objects.get(trunk=trunk)
        services.update_session_timer_policy(
            tenant=alice.tenant, actor=alice.actor, policy=policy, expected_version=1, longest_call_s=60
        )
    assert limits(calls.stored()) == limits(call)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (1800, (after(2668), after(3600), after(2668))),
        (90, (after(960), after(3600), after(960))),  # the refresh agreed on less
        (None, (None, after(3600), after(3600))),  # and this one on no timer
    ],
)
def test_a_refresh_puts_the_end_off(calls: Calls, interval: int | None, expected: tuple[Any, ...]) -> None:
    calls.answer()
    assert calls.refresh(900, interval)
    assert limits(calls.stored()) == expected


def test_a_refresh_does_not_make_the_longest_call_longer(calls: Calls) -> None:
    calls.answer()
    calls.refresh(3000)
    assert calls.stored().next_look_at == after(3600)


def test_a_call_that_ends_by_itself(calls: Calls) -> None:
    calls.answer()
    assert [calls.over(20), calls.over(30)] == [True, False]
    call = calls.stored()
    assert (call.state, call.ended_at, call.next_look_at) == ("ended", after(20), None)
    assert not calls.refresh(40)
    assert calls.incidents() == []


def test_a_call_outlives_its_trunk(alice: Person, trunk: Trunk, calls: Calls) -> None:
    calls.answer()
    with tenant_context(alice.tenant):
        services.delete_trunk(tenant=alice.tenant, actor=alice.actor, trunk=trunk)
    assert calls.stored().trunk_id is None
    assert [call.reference for call in claim_due(after(1768), 10)] == ["c1"]


def test_what_has_been_over_for_a_week_is_forgotten(calls: Calls) -> None:
    calls.answer("old")
    calls.answer("new")
    calls.over(0, "old")
    week = 7 * 86_400
    assert [forget_old_calls(after(week)), forget_old_calls(after(week + 1))] == [0, 1]
    assert calls.stored("new").state == "live"


@pytest.mark.parametrize(
    ("values", "constraint"),
    [
        ({"state": "ending"}, "live_call_state_whole"),
        ({"state": "ended"}, "live_call_state_whole"),
        ({"state": "resting"}, "live_call_state_whole"),
        ({"reason": "bored"}, "live_call_reason_known"),
        ({"session_interval_s": None}, "live_call_timer_whole"),
        ({"reference": ""}, "live_call_named"),
        ({"reference": "c2"}, "live_call_once"),
    ],
)
def test_the_database_holds_the_rules(
    alice: Person, calls: Calls, values: dict[str, Any], constraint: str
) -> None:
    calls.answer("c2")
    call = calls.answer()
    with (
        tenant_context(alice.tenant),
        pytest.raises(IntegrityError, match=constraint),
        transaction.atomic(),
    ):
        LiveCall.objects.filter(pk=call.pk).update(**values)


def test_tenants_see_their_own_calls_alone(charlie: Person, calls: Calls) -> None:
    calls.answer()
    with tenant_context(charlie.tenant):
        assert not LiveCall.objects.filter(provider=NAME).exists()
