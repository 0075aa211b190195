"""Workers die, and the provider fails: the escalation goes on, and nobody is asked or told twice."""

from __future__ import annotations

from typing import Any

import pytest

from callsphere.escalations import asking, going_on, incidents
from callsphere.escalations.models import Escalation
from callsphere.local.doubles.twilio.voice.ledger import CALLS
from callsphere.outbound.claims import claim_calls
from callsphere.outbound.models import OutboundCall
from tenants.context import platform_context, tenant_context
from tests.escalations.conftest import NOBODY, TAKES, OnCall

pytestmark = pytest.mark.django_db(transaction=True)


class Died(BaseException):
    """What no code of ours catches, as a kill."""


def die(*_arguments: Any, **_named: Any) -> None:
    raise Died


@pytest.mark.parametrize("where", ["write_text", "order_on_call", "note"])
def test_a_worker_dies_while_it_asks_a_tier(on_call: OnCall, monkeypatch: Any, where: str) -> None:
    on_call.start(on_call.policy([NOBODY], [TAKES]))
    on_call.let_tier_pass()
    with monkeypatch.context() as patch:
        patch.setattr(asking, where, die)
        with pytest.raises(Died):
            going_on.go_on_with_due()
    assert (on_call.run().tier, on_call.states(), len(on_call.orders())) == (1, ["asked", "planned"], 1)
    going_on.go_on_with_due()
    assert (on_call.run().tier, on_call.states(), len(on_call.orders())) == (2, ["asked", "asked"], 2)
    assert [to for to, _ in on_call.texts()] == [NOBODY, TAKES]


def test_a_worker_dies_while_it_ends_one(on_call: OnCall, monkeypatch: Any) -> None:
    on_call.start(on_call.policy([NOBODY]))
    on_call.let_tier_pass()
    with monkeypatch.context() as patch:
        patch.setattr(incidents, "tell_unanswered", die)
        with pytest.raises(Died):
            going_on.go_on_with_due()
    assert (on_call.run().state, on_call.kinds()[-1]) == ("ringing", "texted")
    going_on.go_on_with_due()
    assert (on_call.run().state, on_call.kinds()[-1]) == ("unanswered", "unanswered")


def test_a_worker_dies_while_it_places_the_call(on_call: OnCall) -> None:
    on_call.start(on_call.policy([TAKES], [NOBODY]))
    claim_calls()  # and nobody places it
    with platform_context("turn the clock"):
        OutboundCall.objects.update(due_at="2026-01-01T00:00Z")
    on_call.let_tier_pass()
    on_call.work()
    assert on_call.run().tier == 2


def test_a_provider_that_fails_does_not_stop_the_clock(on_call: OnCall) -> None:
    on_call.twilio.fail(status=400, code=21211, method="POST", path="/Calls.json", times=1)
    on_call.start(on_call.policy([NOBODY], [TAKES]))
    on_call.work_until(lambda: on_call.states()[0] == "failed")
    (words,) = [words for words in on_call.steps() if "could not be called" in words]
    assert words.startswith("Dr 0192 could not be called: ")
    assert on_call.run().tier == 1
    on_call.let_tier_pass()
    on_call.work_until(lambda: on_call.run().state == "accepted")


def test_a_provider_that_may_have_placed_the_call_is_not_asked_again(on_call: OnCall) -> None:
    on_call.twilio.fail(status=503, method="POST", path="/Calls.json", times=100)
    on_call.start(on_call.policy([TAKES]))
    on_call.work()
    on_call.work()
    assert [order.state for order in on_call.orders()] == ["lost"]
    on_call.let_tier_pass()
    on_call.work()
    assert on_call.run().state == "unanswered"
    assert list(on_call.twilio.twilio.store.all(CALLS, to=TAKES)) == []


def test_one_that_the_database_does_not_take_keeps_no_other_back(on_call: OnCall, monkeypatch: Any) -> None:
    policy = on_call.policy([NOBODY], [TAKES])
    first, second = on_call.start(policy), on_call.start(policy)
    with tenant_context(on_call.person.tenant):  # two steps of one number
        first.steps.filter(number=1).update(number=2**31 - 1)
    on_call.let_tier_pass()
    assert going_on.go_on_with_due() == 2
    with tenant_context(on_call.person.tenant):
        tiers = dict(Escalation.objects.values_list("pk", "tier"))
    assert tiers == {first.pk: 1, second.pk: 2}
