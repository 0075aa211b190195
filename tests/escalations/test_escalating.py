"""Tier after tier is called and texted, until one of them presses 1."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, close_old_connections, transaction

from callsphere.alerts.models import Incident
from callsphere.calls.models import Call
from callsphere.escalations import going_on
from callsphere.escalations.accepting import take_key
from callsphere.escalations.models import EscalationAsk
from callsphere.escalations.services import edit_policy
from callsphere.outbound.models import OutboundCall
from tenants.context import tenant_context
from tests.escalations.conftest import (
    CALLER,
    DOWN,
    MACHINE,
    NOBODY,
    PASSES,
    SUMMARY,
    TAKES,
    TAKES_TOO,
    OnCall,
)
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)


def incidents(on_call: OnCall) -> list[tuple[str, bool, int]]:
    with tenant_context(on_call.person.tenant):
        return [(row.kind, row.is_open, row.count) for row in Incident.objects.all()]


def test_the_second_tier_takes_what_the_first_does_not_answer(on_call: OnCall) -> None:
    on_call.start(on_call.policy([NOBODY], [TAKES]))
    on_call.work_until(lambda: on_call.states() == ["no_answer", "planned"])
    assert [to for to, _ in on_call.texts()] == [NOBODY]
    on_call.let_tier_pass()
    on_call.work_until(lambda: on_call.run().state == "accepted" and on_call.run().due_at is None)
    run = on_call.run()
    assert (run.tier, run.accepted_name, run.tier_until) == (2, "Dr 0197", None)
    request, thanks = on_call.said(TAKES)
    assert SUMMARY in request
    assert request.endswith("Press 1 to take it, 2 to pass.")
    assert "Call back 1 2 1 2 5 5 5 0 1 0 0" in thanks
    assert on_call.texts()[-1] == (NOBODY, f"Acme Dental: Dr 0197 has taken it. ({CALLER})")
    assert [to for to, _ in on_call.texts()] == [NOBODY, TAKES, NOBODY]
    assert on_call.steps() == [
        "alice@example.com started After hours.",
        "Tier 1 is asked for 120 seconds: Dr 0192.",
        f"Dr 0192 is called at {NOBODY}.",
        "A text is sent to Dr 0192.",
        "Dr 0192 did not answer.",
        "Tier 2 is asked for 120 seconds: Dr 0197.",
        f"Dr 0197 is called at {TAKES}.",
        "A text is sent to Dr 0197.",
        "Dr 0197's phone was answered.",
        "Dr 0197 has taken it.",
        "Dr 0192 is told by text how it ended.",
    ]
    assert incidents(on_call) == []


def test_who_comes_later_hears_who_has_it(on_call: OnCall) -> None:
    on_call.start(on_call.policy([TAKES, TAKES_TOO]))
    on_call.work_until(lambda: on_call.run().state == "accepted")
    on_call.work_until(lambda: on_call.run().due_at is None)
    assert sorted(on_call.states()) == ["accepted", "withdrawn"]


def test_of_two_who_press_at_once_one_has_it(on_call: OnCall) -> None:
    on_call.start(on_call.policy([TAKES, TAKES_TOO]))
    with tenant_context(on_call.person.tenant):
        EscalationAsk.objects.update(state="answered")
    barrier = threading.Barrier(2)

    def press(order: OutboundCall) -> str:
        barrier.wait(60)
        try:
            with tenant_context(on_call.person.tenant):
                return take_key(order, Call(), "1")
        finally:
            close_old_connections()

    with ThreadPoolExecutor(2) as pool:
        heard = sorted(pool.map(press, on_call.orders()), key=lambda said: "Thank you, it is yours" in said)
    winner = on_call.run().accepted_name
    assert f"{winner} has taken it." in heard[0]
    assert "Thank you, it is yours. Call back 1 2 1 2" in heard[1]
    assert sorted(on_call.states()) == ["accepted", "answered"]
    assert (on_call.kinds().count("accepted"), on_call.kinds().count("late")) == (1, 1)
    with (
        tenant_context(on_call.person.tenant),
        pytest.raises(IntegrityError, match="escalation_accepted_once"),
        transaction.atomic(),
    ):
        EscalationAsk.objects.update(state="accepted")


def test_phones_that_still_ring_stop_when_somebody_has_it(on_call: OnCall) -> None:
    pace = on_call.twilio.twilio.switchboard.pace
    on_call.start(on_call.policy([NOBODY, TAKES]))
    pace.speed = 0.001
    on_call.work()
    (first, _) = on_call.orders()
    wait_until(lambda: _status(on_call, first.call_sid) == "ringing")
    pace.speed = 1e6
    on_call.work_until(lambda: on_call.run().state == "accepted" and on_call.run().due_at is None)
    assert _status(on_call, first.call_sid) == "canceled"
    assert on_call.states() == ["withdrawn", "accepted"]
    assert on_call.steps()[-1] == "Dr 0192 is not called any more."


def _status(on_call: OnCall, sid: str) -> str:
    state = on_call.twilio.twilio.switchboard.state(sid)
    return str(state["status"]) if state else ""


def test_a_machine_takes_nothing(on_call: OnCall) -> None:
    on_call.start(on_call.policy([MACHINE, DOWN]))
    on_call.work_until(lambda: on_call.states() == ["no_answer", "failed"])
    assert on_call.run().state == "ringing"
    on_call.let_tier_pass()
    on_call.work()
    run = on_call.run()
    assert (run.state, run.due_at) == ("unanswered", None)
    assert on_call.kinds()[-1] == "unanswered"
    assert incidents(on_call) == [("escalation_unanswered", True, 1)]
    assert "no key was pressed" in " ".join(on_call.steps())


def test_a_policy_that_takes_messages_ends_so(on_call: OnCall) -> None:
    on_call.start(on_call.policy([NOBODY], takes_voicemail=True))
    on_call.let_tier_pass()
    on_call.work()
    assert on_call.run().state == "voicemail"
    assert on_call.kinds()[-1] == "voicemail"


def test_when_all_of_a_tier_pass_the_next_is_asked_at_once(on_call: OnCall) -> None:
    on_call.start(on_call.policy([PASSES], [TAKES]))
    on_call.work_until(lambda: on_call.run().state == "accepted")
    assert on_call.states() == ["declined", "accepted"]


def test_whoever_presses_late_has_it_still(on_call: OnCall) -> None:
    on_call.start(on_call.policy([TAKES]))
    on_call.let_tier_pass()
    going_on.go_on_with_due()
    assert incidents(on_call) == [("escalation_unanswered", True, 1)]
    on_call.work_until(lambda: on_call.run().state == "accepted")
    assert incidents(on_call) == [("escalation_unanswered", False, 1)]


def test_what_a_policy_says_later_changes_nothing(on_call: OnCall) -> None:
    policy = on_call.policy([NOBODY], [TAKES])
    on_call.start(policy)
    with tenant_context(on_call.person.tenant):
        other = [[on_call.add(DOWN).pk]]
        edit_policy(**on_call.who, policy=policy, expected_version=None, tiers=other, tier_s=30)
    assert [number for number, _ in on_call.asks()] == [NOBODY, TAKES]
    assert on_call.run().tier_s == 120


def test_one_trigger_starts_one(on_call: OnCall) -> None:
    policy = on_call.policy([NOBODY])
    runs = [on_call.start(policy, key="alarm-1") for _ in range(2)]
    assert runs[0].pk == runs[1].pk
    assert len(on_call.orders()) == len(on_call.texts()) == 1


def test_who_is_in_two_tiers_is_told_once(on_call: OnCall) -> None:
    on_call.start(on_call.policy([NOBODY], [NOBODY, TAKES]))
    on_call.let_tier_pass()
    on_call.work_until(lambda: on_call.run().state == "accepted")
    assert [body for to, body in on_call.texts() if to == NOBODY and "has taken it" in body] == [
        f"Acme Dental: Dr 0197 has taken it. ({CALLER})"
    ]
