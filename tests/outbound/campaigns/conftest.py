"""Tenants with a number and a published agent, and campaigns whose windows never close."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone

from agents.models import Agent
from callsphere.calls.models import Call
from callsphere.outbound.campaigns.contacts import add_contact, import_contacts
from callsphere.outbound.campaigns.editing import create_campaign
from callsphere.outbound.campaigns.running import start_campaign
from callsphere.outbound.claims import claim_calls
from callsphere.outbound.following import end_over_calls
from callsphere.outbound.models import Campaign, CampaignContact, Dialler, OutboundCall
from callsphere.outbound.taking import take_sid
from tenants.context import platform_context, tenant_context
from tenants.keys import seal_for
from tenants.models import Tenant
from tests.agents.conftest import make_agent, publish
from tests.calls.conftest import Line, new_sid
from tests.calls.conftest import line as line  # a tenant with a number
from tests.conftest import Person
from trunks.models import PhoneNumber

DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
ALWAYS = [{"day": day, "opens": "00:00", "closes": "24:00"} for day in DAYS]
LONG_AGO = "2026-01-01T00:00Z"


class Desk:
    """A person who runs campaigns."""

    def __init__(self, person: Person, number: PhoneNumber, agent: Agent) -> None:
        self.person, self.number, self.agent = person, number, agent

    @property
    def tenant(self) -> Tenant:
        return self.person.tenant

    @property
    def who(self) -> dict[str, Any]:
        return {"tenant": self.person.tenant, "actor": self.person.actor}

    def campaign(self, **fields: Any) -> Campaign:
        values = {"name": "Roofs", "windows": ALWAYS, **fields}
        with tenant_context(self.tenant):
            return create_campaign(
                **self.who, agent_id=self.agent.pk, phone_number_id=self.number.pk, **values
            )

    def running(self, *numbers: str, **fields: Any) -> Campaign:
        campaign = self.campaign(**fields)
        for number in numbers:
            self.add(campaign, number)
        return self.start(campaign)

    def start(self, campaign: Campaign) -> Campaign:
        with tenant_context(self.tenant):
            return start_campaign(**self.who, campaign=campaign)

    def add(self, campaign: Campaign, number: str, **fields: Any) -> CampaignContact:
        with tenant_context(self.tenant):
            return add_contact(**self.who, campaign=campaign, number=number, **fields)

    def upload(self, campaign: Campaign, text: str) -> Any:
        with tenant_context(self.tenant):
            return import_contacts(**self.who, campaign=campaign, content=text.encode())

    def do(self, service: Any, **values: Any) -> Any:
        with tenant_context(self.tenant):
            return service(**self.who, **values)

    def stored(self, campaign: Campaign) -> Campaign:
        with tenant_context(self.tenant):
            return Campaign.objects.get(pk=campaign.pk)

    def contacts(self, campaign: Campaign) -> list[CampaignContact]:
        with tenant_context(self.tenant):
            return list(CampaignContact.objects.filter(campaign=campaign).order_by("number"))

    def states(self, campaign: Campaign) -> list[str]:
        return [contact.state for contact in self.contacts(campaign)]

    def orders(self) -> list[OutboundCall]:
        with tenant_context(self.tenant):
            return list(OutboundCall.objects.order_by("created_at", "id"))


def let_a_second_pass() -> None:
    with platform_context("turn the clock"):
        Dialler.objects.update(free_at=LONG_AGO)


def let_contacts_be_due() -> None:
    with platform_context("turn the clock"):
        CampaignContact.objects.filter(state="waiting").update(due_at=LONG_AGO)


def open_for_calls(line: Line) -> None:
    """Give a line's tenant a plan, its number a country, and its account a key."""
    with platform_context("choose a plan"):
        Tenant.objects.filter(pk=line.person.tenant.pk).update(concurrent_call_limit=20)
    with tenant_context(line.person.tenant):
        line.number.country = "US"
        line.number.save(update_fields=["country"])
        account = line.account
        account.key_sid, account.key_secret = f"SK{'a' * 32}", seal_for(account, "key_secret", "hush")
        account.save(update_fields=["key_sid", "key_secret"])


@pytest.fixture
def desk(line: Line) -> Desk:
    open_for_calls(line)
    agent = make_agent(line.person)
    publish(line.person, agent)
    return Desk(line.person, line.number, agent)


def claim_all(most: int = 50) -> list[OutboundCall]:
    """Claim calls, a second apart, until nobody is to be called; return what was claimed."""
    claimed: list[OutboundCall] = []
    for _ in range(most):
        let_a_second_pass()
        found = [each.order for each in claim_calls()]
        if not found:
            break
        claimed += found
    return claimed


def end_call(order: OutboundCall, outcome: str, **fields: Any) -> None:
    """Have a claimed call be placed, go on and end so."""
    with tenant_context(Tenant(pk=order.tenant_id)):
        placed = take_sid(order.pk, order.claim, new_sid("CA"))
        assert placed is not None
        Call.objects.filter(pk=placed.call_id).update(
            state="ended", outcome=outcome, ended_at=timezone.now(), **fields
        )
    end_over_calls()
