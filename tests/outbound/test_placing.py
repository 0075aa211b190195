"""A call that was asked for: placed once, answered by whoever is there, and followed to its end."""

from __future__ import annotations

import pytest

from callsphere.calls.models import Call
from callsphere.calls.wording import ended_because, headline_of
from tenants.context import tenant_context
from tests.outbound.conftest import BRIEF, BUSY, DOWN, MACHINE, NOBODY, Caller
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def wait_until_over(caller: Caller) -> None:
    def is_over() -> bool:
        caller.follow()
        return caller.the_order().state in ("ended", "failed")

    wait_until(is_over, lambda: caller.the_order().state)


@pytest.mark.parametrize(
    ("to", "outcome", "code"),
    [(BUSY, "busy", 486), (NOBODY, "no_answer", 487), (DOWN, "failed", 503)],
)
def test_whoever_cannot_be_reached(caller: Caller, to: str, outcome: str, code: int) -> None:
    caller.order(to)
    assert caller.work() == 1
    wait_until_over(caller)
    order = caller.the_order()
    assert (order.state, order.slot, order.outcome) == ("ended", None, outcome)
    with tenant_context(caller.person.tenant):
        call = Call.objects.get()
    assert (call.direction, call.their_number, call.sip_code) == ("outbound", to, code)
    assert call.because == ["alice@example.com asked for this call."]


def test_a_call_is_placed_once(caller: Caller) -> None:
    caller.order(BUSY)
    assert [caller.work(), caller.work(), caller.work()] == [1, 0, 0]


def test_a_machine_is_told_the_message(caller: Caller) -> None:
    caller.order(MACHINE, machine_action="leave_message", machine_message="We will call again.")
    caller.work()
    wait_until_over(caller)
    order = caller.the_order()
    assert (order.outcome, order.answered_by) == ("machine", "machine_end_beep")
    said = caller.twilio.twilio.switchboard.state(order.call_sid)
    assert said is not None
    assert said["said"] == ["We will call again."]


def test_a_machine_is_hung_up_on(caller: Caller) -> None:
    caller.order(MACHINE, machine_action="hang_up")
    caller.work()
    wait_until_over(caller)
    order = caller.the_order()
    assert (order.outcome, order.answered_by) == ("machine", "machine_start")
    assert order.call is not None
    assert headline_of(order.call).words == "A machine answered"


def test_a_person_is_led_to_the_agent(caller: Caller) -> None:
    caller.order(BRIEF, machine_action="hang_up", brief="Jo asked for an offer.")
    caller.work()
    wait_until_over(caller)
    with tenant_context(caller.person.tenant):
        call = Call.objects.get()
    assert (call.agent_id, call.action, call.answered_by) == (caller.agent.pk, "realtime", "human")
    assert headline_of(call).words == "Hung up before the agent was there"
    assert (call.brief, ended_because(call)) == ("Jo asked for an offer.", "Whoever was called hung up.")
