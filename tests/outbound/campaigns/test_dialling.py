"""Whom campaigns call next: nobody out of hours, who must not be called, or beyond what is free."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, close_old_connections, transaction

from agents.services import delete_agent
from callsphere.lib.errors import Refused
from callsphere.outbound.campaigns.running import (
    cancel_campaign,
    pause_campaign,
    resume_campaign,
    start_campaign,
)
from callsphere.outbound.claims import claim_calls
from callsphere.outbound.models import Campaign, CampaignContact, OutboundCall
from callsphere.outbound.services import forbid_calls, order_call
from tenants.context import platform_context, tenant_context
from tenants.models import AuditEvent, Tenant
from tests.outbound.campaigns.conftest import Desk, claim_all, end_call, let_a_second_pass

pytestmark = pytest.mark.django_db
NUMBERS = [f"+1212555{number:04}" for number in range(200, 208)]
LAST_MINUTE = [{"day": "monday", "opens": "03:00", "closes": "03:01"}]


def test_a_contact_is_called_with_what_is_known_of_them(desk: Desk) -> None:
    campaign = desk.campaign(
        brief="Call {name} about {offer}.", machine_action="leave_message", machine_message="Call us."
    )
    desk.upload(campaign, f"number,name,offer\n{NUMBERS[0]},Jo,a roof\n")
    assert claim_all() == []  # a draft calls nobody
    desk.do(start_campaign, campaign=campaign)
    (order,) = claim_all()
    (contact,) = desk.contacts(campaign)
    assert (order.state, order.attempt, order.contact_id, order.slot, order.campaign_slot) == (
        *("placing", 1, contact.pk),
        *(1, 1),
    )
    assert (order.brief, order.machine_action, order.machine_message) == (
        "Call Jo about a roof.",
        "leave_message",
        "Call us.",
    )
    assert order.version_id == desk.stored(campaign).agent_version_id
    assert (contact.state, contact.attempts, contact.due_at) == ("calling", 1, None)


def test_no_more_at_a_time_than_the_campaign_has(desk: Desk) -> None:
    campaign = desk.running(*NUMBERS[:4], most_at_once=2)
    first, second = claim_all()
    assert [first.campaign_slot, second.campaign_slot] == [1, 2]
    end_call(first, "agent")
    (third,) = claim_all()
    assert third.campaign_slot == 1
    assert desk.states(campaign) == ["reached", "calling", "calling", "waiting"]


def test_no_more_at_a_time_than_the_plan_has(desk: Desk) -> None:
    with platform_context("change the plan"):
        Tenant.objects.filter(pk=desk.tenant.pk).update(concurrent_call_limit=3)
    desk.running(*NUMBERS[:5])
    assert [order.slot for order in claim_all()] == [1, 2, 3]


def test_campaigns_take_turns(desk: Desk) -> None:
    first = desk.running(*NUMBERS[:4])
    second = desk.running(*NUMBERS[4:])
    taken = [order.campaign_id for order in claim_all()[:6]]
    assert taken in ([first.pk, second.pk] * 3, [second.pk, first.pk] * 3)


def test_what_was_asked_for_by_itself_comes_first(desk: Desk) -> None:
    desk.running(NUMBERS[0])
    asked = desk.do(order_call, phone_number_id=desk.number.pk, to_number=NUMBERS[1], agent_id=desk.agent.pk)
    assert [order.pk == asked.pk for order in claim_all()] == [True, False]


def test_nobody_is_called_out_of_hours(desk: Desk) -> None:
    campaign = desk.running(NUMBERS[0], "+13105550100", windows=LAST_MINUTE)
    assert claim_all() == []
    for contact, hour in zip(desk.contacts(campaign), (8, 11), strict=True):
        assert contact.due_at is not None
        assert (contact.state, contact.due_at.weekday(), contact.due_at.minute) == ("waiting", 0, 0)
        assert contact.due_at.hour in (hour - 1, hour)  # by season


def test_who_may_never_be_called_is_refused(desk: Desk) -> None:
    campaign = desk.running("+18005550100", windows=LAST_MINUTE)
    assert claim_all() == []
    (contact,) = desk.contacts(campaign)
    assert (contact.state, contact.error_code) == ("refused", "never_allowed")


def test_who_must_not_be_called_is_not(desk: Desk) -> None:
    campaign = desk.running(*NUMBERS[:2])
    desk.do(forbid_calls, number=NUMBERS[0])
    assert [order.to_number for order in claim_all()] == [NUMBERS[1]]
    assert desk.states(campaign) == ["do_not_call", "calling"]


def test_a_pause_ends_new_calls_at_once_and_lets_others_go_on(desk: Desk) -> None:
    campaign = desk.running(*NUMBERS[:3], most_at_once=1)
    (order,) = claim_all()
    desk.do(pause_campaign, campaign=campaign)
    end_call(order, "agent")
    assert claim_all() == []
    assert desk.states(campaign) == ["reached", "waiting", "waiting"]
    desk.do(resume_campaign, campaign=campaign)
    assert [order.to_number for order in claim_all()] == [NUMBERS[1]]


def test_whoever_waits_is_not_called_once_it_is_canceled(desk: Desk) -> None:
    campaign = desk.running(*NUMBERS[:3], most_at_once=2)
    first, second = claim_all()
    desk.do(cancel_campaign, campaign=campaign)
    end_call(first, "agent")
    end_call(second, "busy")
    assert claim_all() == []
    assert (desk.states(campaign), desk.stored(campaign).state) == (
        ["reached", "canceled", "canceled"],
        "canceled",
    )


def test_a_campaign_whose_number_is_gone_pauses_by_itself(desk: Desk) -> None:
    campaign = desk.running(NUMBERS[0])
    with tenant_context(desk.tenant):
        Campaign.objects.update(phone_number=None)
    assert claim_all() == []
    stored = desk.stored(campaign)
    assert (stored.state, stored.error) == (
        "paused",
        "Paused, since the number shown takes no calls any more: choose another.",
    )
    with tenant_context(desk.tenant):
        assert AuditEvent.objects.filter(verb="campaign.paused").count() == 1


def test_a_campaign_whose_agent_is_gone_pauses_by_itself(desk: Desk) -> None:
    campaign = desk.running(NUMBERS[0])
    desk.do(delete_agent, agent=desk.agent)
    assert claim_all() == []
    stored = desk.stored(campaign)
    assert (stored.state, stored.error.partition(".")[0]) == ("paused", "Paused, since the agent was deleted")
    with pytest.raises(Refused, match="The agent was deleted"):
        desk.do(resume_campaign, campaign=campaign)


@pytest.mark.django_db(transaction=True)
def test_workers_at_once_call_each_contact_once(desk: Desk) -> None:
    campaign = desk.running(*NUMBERS)

    def claim(_: int) -> list[str]:
        try:
            return [claimed.order.to_number for claimed in claim_calls()]
        finally:
            close_old_connections()

    called: list[str] = []
    for _ in NUMBERS:
        let_a_second_pass()
        with ThreadPoolExecutor(4) as pool:
            called += [number for found in pool.map(claim, range(4)) for number in found]
    assert sorted(called) == NUMBERS[:5]
    assert [order.campaign_slot for order in desk.orders()] == [1, 2, 3, 4, 5]
    assert desk.states(campaign).count("calling") == 5


def test_the_database_lets_no_attempt_be_made_twice(desk: Desk) -> None:
    desk.running(*NUMBERS[:2])
    first, second = claim_all()
    with tenant_context(desk.tenant):
        for name, fields in (
            ("outbound_call_attempt_once", {"contact": first.contact_id}),
            ("outbound_call_campaign_slot_once", {"campaign_slot": 1}),
            ("outbound_call_campaign_slot_while_live", {"campaign_slot": None}),
            ("outbound_call_campaign_never_waits", {"state": "waiting", "slot": None, "campaign_slot": None}),
            ("outbound_call_campaign_whole", {"attempt": None}),
        ):
            with pytest.raises(IntegrityError, match=name), transaction.atomic():
                OutboundCall.objects.filter(pk=second.pk).update(**fields)
        with pytest.raises(IntegrityError, match="campaign_contact_once"), transaction.atomic():
            CampaignContact.objects.filter(pk=second.contact_id).update(number=NUMBERS[0])
