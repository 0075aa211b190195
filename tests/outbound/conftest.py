"""Tenants that place calls, through Twilio's double, to people who are played by it."""

from __future__ import annotations

from typing import Any

import pytest
from pytest_django.live_server_helper import LiveServer

from agents.models import Agent
from callsphere.calls import applying
from callsphere.local.doubles.twilio.voice.agents import AgentSide
from callsphere.outbound import following, placing
from callsphere.outbound.models import Dialler, OutboundCall
from callsphere.outbound.services import order_call
from tenants.context import platform_context, tenant_context
from tests.agents.conftest import make_agent, publish
from tests.calls.conftest import line as line  # a tenant with a number
from tests.conftest import Person
from tests.openai_double import DoubledOpenAI
from tests.trunks.numbers.conftest import Desk, stored
from tests.twilio_double import DoubledTwilio
from tests.voice_peers import FAST
from trunks.numbers.worker import provision_due

HUMAN, BUSY, NOBODY, DOWN, MACHINE, BRIEF = (
    f"+121255501{ending}" for ending in ("00", "91", "92", "93", "94", "96")
)
"""Who is there, as the double's `lines` has it: the last one hangs up at once."""


class Caller:
    """A person whose tenant places calls, and the workers that do so."""

    def __init__(self, person: Person, twilio: DoubledTwilio, agent: Agent) -> None:
        self.person, self.twilio, self.agent = person, twilio, agent

    def order(self, to: str = HUMAN, **values: Any) -> OutboundCall:
        with tenant_context(self.person.tenant):
            return order_call(
                tenant=self.person.tenant,
                actor=self.person.actor,
                phone_number_id=stored(self.person).pk,
                to_number=to,
                agent_id=self.agent.pk,
                **values,
            )

    def work(self) -> int:
        """Do what workers do each second, as if a second had passed; return how many calls were placed."""
        self.let_a_second_pass()
        placed = placing.place_due_calls()
        self.follow()
        return placed

    def follow(self) -> None:
        while applying.apply_waiting():
            pass
        following.end_over_calls()

    def let_a_second_pass(self) -> None:
        with platform_context("turn the clock"):
            Dialler.objects.update(free_at="2026-01-01T00:00Z")

    def orders(self) -> list[OutboundCall]:
        with tenant_context(self.person.tenant):
            return list(OutboundCall.objects.select_related("call").order_by("created_at", "id"))

    def the_order(self) -> OutboundCall:
        (order,) = self.orders()
        return order


@pytest.fixture
def caller(
    alice: Person,
    twilio: DoubledTwilio,
    openai_double: DoubledOpenAI,
    live_server: LiveServer,
    settings: Any,
) -> Caller:
    settings.PUBLIC_URL = live_server.url
    switchboard = twilio.twilio.switchboard
    switchboard.agents = AgentSide(base=openai_double.url)
    switchboard.pace.speed, switchboard.pace.poll_s, switchboard.pace.priced_after_s = FAST, 0.01, 0
    desk = Desk(twilio)
    desk.open(alice)
    desk.order(alice)
    provision_due()
    agent = make_agent(alice)
    publish(alice, agent)
    return Caller(alice, twilio, agent)
