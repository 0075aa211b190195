"""A worker dies while it places a call, or the provider does not answer: the phone rings once."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.local.doubles.twilio.voice.ledger import CALLS
from callsphere.outbound import looking, placing
from callsphere.outbound.claims import Claimed, claim_calls
from callsphere.outbound.models import Dialler, OutboundCall
from callsphere.providers.twilio.calls import create_call
from tenants.context import platform_context, tenant_context
from tests.outbound.conftest import BRIEF, NOBODY, Caller
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def lose(**fields: Any) -> None:
    with platform_context("turn the clock"):
        OutboundCall.objects.update(due_at="2026-01-01T00:00Z", **fields)


def placed_at_twilio(caller: Caller, to: str) -> int:
    return len(list(caller.twilio.twilio.store.all(CALLS, to=to)))


def test_a_call_that_rings_is_found_and_followed(caller: Caller) -> None:
    caller.order(NOBODY)
    (claimed,) = claim_calls()
    # the worker asks, and dies before it hears the answer
    create_call(placing.account_of(caller.person.tenant.pk), placing.call_of(claimed.order))
    lose()
    assert looking.look_for_lost_calls() == 1
    wait_until(lambda: caller.the_order().call_sid, lambda: caller.the_order().state)
    assert (caller.work(), placed_at_twilio(caller, NOBODY)) == (0, 1)


def test_a_call_that_was_never_placed_waits_for_its_turn_again(caller: Caller) -> None:
    caller.order(BRIEF)
    claim_calls()
    lose()
    looking.look_for_lost_calls()
    assert caller.the_order().state == "lost"  # the provider's list may lack it for a moment
    lose(placed_at="2026-01-01T00:00Z")
    looking.look_for_lost_calls()
    order = caller.the_order()
    assert (order.state, order.slot, placed_at_twilio(caller, BRIEF)) == ("waiting", None, 0)
    assert (caller.work(), placed_at_twilio(caller, BRIEF)) == (1, 1)


def test_a_worker_that_stood_still_places_nothing(caller: Caller) -> None:
    caller.order(BRIEF)
    (claimed,) = claim_calls()
    placing.place_call(Claimed(claimed.order, claimed.until.replace(year=2025)))
    assert (caller.the_order().state, placed_at_twilio(caller, BRIEF)) == ("waiting", 0)


def test_a_provider_that_has_enough_is_left_alone_for_longer_each_time(caller: Caller) -> None:
    caller.twilio.fail(status=429, method="POST", path="/Calls.json", times=100)
    caller.order(BRIEF)
    assert [tried(caller), tried(caller)] == [("waiting", 1), ("waiting", 2)]
    assert placed_at_twilio(caller, BRIEF) == 0


def test_a_call_that_the_provider_may_have_placed_is_looked_for(caller: Caller) -> None:
    caller.twilio.fail(status=503, method="POST", path="/Calls.json", times=100)
    caller.order(BRIEF)
    assert tried(caller) == ("lost", 1)
    assert caller.the_order().slot == 1


def tried(caller: Caller) -> tuple[str, int]:
    """Try to place the call that waits; return its state, and how often the provider has refused in a row."""
    caller.let_a_second_pass()
    lose()
    placing.place_due_calls()
    state = caller.the_order().state
    with tenant_context(caller.person.tenant):
        return state, Dialler.objects.get().refused
