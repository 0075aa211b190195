"""Tenants with people on call, who are played by Twilio's double."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db.models import F
from pytest_django.live_server_helper import LiveServer

from callsphere.calls import applying, provider_side
from callsphere.calls.models import TextMessage
from callsphere.calls.text_sending import send_due_texts
from callsphere.escalations import following as asks
from callsphere.escalations import going_on
from callsphere.escalations.models import (
    Escalation,
    EscalationAsk,
    EscalationPolicy,
    EscalationStep,
    OnCallPerson,
)
from callsphere.escalations.services import add_person, create_policy, start_escalation
from callsphere.outbound import following, placing
from callsphere.outbound.models import Dialler, OutboundCall
from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk, stored
from tests.twilio_double import DoubledTwilio
from tests.voice_peers import FAST
from tests.waiting import wait_until
from trunks.models import PhoneNumber
from trunks.numbers.worker import provision_due

NOBODY, DOWN, MACHINE = "+12125550192", "+12125550193", "+12125550194"
TAKES, TAKES_TOO, PASSES = "+12125550197", "+12125551197", "+12125550198"
"""Who is there, as the double's `lines` has it: they press 1, or 2, as soon as they are asked."""
CALLER = "+12125550100"
SUMMARY = "A tooth was knocked out, and bleeds."


class OnCall:
    """A person whose tenant has people on call, and the workers that ask them."""

    def __init__(self, person: Person, twilio: DoubledTwilio) -> None:
        self.person, self.twilio = person, twilio

    @property
    def who(self) -> dict[str, Any]:
        return {"tenant": self.person.tenant, "actor": self.person.actor}

    def policy(self, *tiers: list[str], **fields: Any) -> EscalationPolicy:
        """Make a policy of tiers of numbers; each is a person named as the number."""
        with tenant_context(self.person.tenant):
            ids = [[self.add(number).pk for number in tier] for tier in tiers]
            fields |= {"tiers": ids, "phone_number_id": stored(self.person).pk}
            return create_policy(**self.who, name="After hours", **fields)

    def add(self, number: str) -> OnCallPerson:
        with tenant_context(self.person.tenant):
            known = OnCallPerson.objects.filter(number=number).first()
            return known or add_person(**self.who, name=f"Dr {number[-4:]}", number=number)

    def start(self, policy: EscalationPolicy, **fields: Any) -> Escalation:
        with tenant_context(self.person.tenant):
            values: dict[str, Any] = {"summary": SUMMARY, "caller_number": CALLER, **fields}
            return start_escalation(**self.who, policy=policy, **values)

    def work(self) -> None:
        """Do what workers do each second, as if a second had passed."""
        self.let_a_second_pass()
        placing.place_due_calls()
        self.follow()
        going_on.go_on_with_due()
        provider_side.end_due_calls()
        send_due_texts()

    def follow(self) -> None:
        while applying.apply_waiting():
            pass
        following.end_over_calls()
        asks.follow_calls()

    def let_a_second_pass(self) -> None:
        with platform_context("turn the clock"):
            Dialler.objects.update(free_at="2026-01-01T00:00Z")

    def let_tier_pass(self) -> None:
        """Turn the clock to the end of the tier that is asked."""
        with platform_context("turn the clock"):
            Escalation.objects.update(due_at=F("due_at") - timedelta(days=1))

    def work_until(self, holds: Any) -> None:
        def is_so() -> bool:
            self.work()
            return bool(holds())

        wait_until(is_so, lambda: (self.run().state, self.asks(), self.steps()))

    def run(self) -> Escalation:
        with tenant_context(self.person.tenant):
            return Escalation.objects.get()

    def asks(self) -> list[tuple[str, str]]:
        with tenant_context(self.person.tenant):
            return list(EscalationAsk.objects.values_list("number", "state"))

    def states(self) -> list[str]:
        return [state for _, state in self.asks()]

    def steps(self) -> list[str]:
        with tenant_context(self.person.tenant):
            return list(EscalationStep.objects.values_list("words", flat=True))

    def kinds(self) -> list[str]:
        with tenant_context(self.person.tenant):
            return list(EscalationStep.objects.values_list("kind", flat=True))

    def texts(self) -> list[tuple[str, str]]:
        with tenant_context(self.person.tenant):
            rows = TextMessage.objects.order_by("created_at", "id")
            return list(rows.values_list("to_number", "body"))

    def orders(self) -> list[OutboundCall]:
        with tenant_context(self.person.tenant):
            return list(OutboundCall.objects.order_by("created_at", "id"))

    def said(self, number: str) -> list[str]:
        """Return what somebody heard in their last call."""
        sid = [order.call_sid for order in self.orders() if order.to_number == number][-1]
        state = self.twilio.twilio.switchboard.state(sid)
        return list(state["said"]) if state else []


@pytest.fixture
def on_call(alice: Person, twilio: DoubledTwilio, live_server: LiveServer, settings: Any) -> OnCall:
    settings.PUBLIC_URL = live_server.url
    pace = twilio.twilio.switchboard.pace
    pace.speed, pace.poll_s, pace.priced_after_s = FAST, 0.01, 0
    desk = Desk(twilio)
    desk.open(alice)
    desk.order(alice)
    provision_due()
    with tenant_context(alice.tenant):
        PhoneNumber.objects.update(has_sms=True, messaging_state="registered")
    return OnCall(alice, twilio)
