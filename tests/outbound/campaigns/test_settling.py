"""What a contact's call came to, and what is next for them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callsphere.outbound import looking, placing
from callsphere.outbound.campaigns.finishing import finish_campaigns
from callsphere.outbound.models import OutboundCall
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.problems import problem_of
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.outbound.campaigns.conftest import Desk, claim_all, end_call, let_contacts_be_due

pytestmark = pytest.mark.django_db
TO, OTHER = "+12125550200", "+12125550201"


@pytest.mark.parametrize(
    ("outcome", "fields", "state", "code"),
    [
        ("agent", {}, "reached", ""),
        ("person", {}, "reached", ""),
        ("busy", {"sip_code": 486}, "waiting", ""),
        ("no_answer", {"sip_code": 487}, "waiting", ""),
        ("machine", {}, "waiting", ""),
        ("turned_away", {}, "waiting", ""),
        ("failed", {"sip_code": 503}, "waiting", ""),
        ("failed", {"sip_code": 404}, "refused", "not_found"),
        ("failed", {"error_code": 13224}, "refused", "not_found"),
    ],
)
def test_what_an_outcome_means(
    desk: Desk, outcome: str, fields: dict[str, Any], state: str, code: str
) -> None:
    campaign = desk.running(TO)
    (order,) = claim_all()
    end_call(order, outcome, **fields)
    (contact,) = desk.contacts(campaign)
    assert (contact.state, contact.outcome, contact.error_code, contact.attempts) == (state, outcome, code, 1)
    (order,) = desk.orders()
    assert (order.state, order.slot, order.campaign_slot) == ("ended", None, None)


def test_the_next_attempt_comes_after_the_pause_until_all_are_used(desk: Desk) -> None:
    campaign = desk.running(TO, most_attempts=2, pause_minutes=90)
    (order,) = claim_all()
    end_call(order, "busy")
    (contact,) = desk.contacts(campaign)
    assert contact.due_at is not None
    assert abs(contact.due_at - timezone.now() - timedelta(minutes=90)) < timedelta(minutes=10)
    assert claim_all() == []
    let_contacts_be_due()
    (order,) = claim_all()
    assert order.attempt == 2
    end_call(order, "no_answer")
    (contact,) = desk.contacts(campaign)
    assert (contact.state, contact.attempts, contact.due_at) == ("unreached", 2, None)


def test_a_campaign_with_nobody_left_is_finished(desk: Desk) -> None:
    campaign = desk.running(TO, OTHER)
    first, second = claim_all()
    end_call(first, "agent")
    assert (finish_campaigns(), desk.stored(campaign).state) == (0, "running")
    end_call(second, "agent")
    assert (finish_campaigns(), finish_campaigns()) == (1, 0)
    stored = desk.stored(campaign)
    assert (stored.state, stored.ended_at is not None) == ("finished", True)


def refuse(desk: Desk, order: OutboundCall, code: str) -> None:
    with tenant_context(desk.tenant):
        placing._fail(order, code, "It was refused.")


def test_a_number_that_is_never_called_is_refused(desk: Desk) -> None:
    campaign = desk.running(TO, OTHER)
    first, _second = claim_all()
    refuse(desk, first, "21211")
    contact, other = desk.contacts(campaign)
    assert (contact.state, contact.error_code, contact.error, contact.attempts) == (
        *("refused", "21211"),
        *("It was refused.", 0),
    )
    assert (other.state, desk.stored(campaign).state) == ("calling", "running")


@pytest.mark.parametrize("code", ["20003", "21210", ""])
def test_what_would_stop_all_calls_pauses_the_campaign(desk: Desk, code: str) -> None:
    campaign = desk.running(TO)
    (order,) = claim_all()
    refuse(desk, order, code)
    (contact,) = desk.contacts(campaign)
    assert (contact.state, contact.attempts) == ("waiting", 0)
    stored = desk.stored(campaign)
    assert (stored.state, stored.error) == ("paused", "Paused, since a call was refused: It was refused.")


def test_what_the_provider_did_not_take_is_no_attempt(desk: Desk) -> None:
    campaign = desk.running(TO)
    (order,) = claim_all()
    busy = TwilioError(problem_of(20429, 429), status=429, retry_after=30)
    with tenant_context(desk.tenant):
        placing._put_back(order, timedelta(seconds=30), busy)
    (contact,) = desk.contacts(campaign)
    assert (contact.state, contact.attempts) == ("waiting", 0)
    let_contacts_be_due()
    (again,) = claim_all()
    assert (again.pk != order.pk, again.attempt) == (True, 1)
    assert [order.state for order in desk.orders()] == ["failed", "placing"]


def test_a_call_that_was_lost_and_never_placed_is_no_attempt(desk: Desk) -> None:
    campaign = desk.running(TO)
    (order,) = claim_all()
    long_ago = timezone.now() - timedelta(hours=1)
    with tenant_context(desk.tenant):
        OutboundCall.objects.filter(pk=order.pk).update(state="lost", placed_at=long_ago)
        lost = OutboundCall.objects.get(pk=order.pk)
        looking._decide(lost, [])
    (contact,) = desk.contacts(campaign)
    assert (contact.state, contact.attempts) == ("waiting", 0)
    assert [order.state for order in desk.orders()] == ["failed"]


def test_a_call_that_was_lost_and_rings_is_the_attempt(desk: Desk) -> None:
    campaign = desk.running(TO)
    (order,) = claim_all()
    with tenant_context(desk.tenant):
        OutboundCall.objects.filter(pk=order.pk).update(state="lost")
    let_contacts_be_due()
    assert claim_all() == []
    end_call(order, "agent")
    assert desk.states(campaign) == ["reached"]


def test_it_is_known_whose_call_it_is(desk: Desk) -> None:
    campaign = desk.running(TO, name="Roofs")
    (order,) = claim_all()
    end_call(order, "agent")
    with tenant_context(Tenant(pk=desk.tenant.pk)):
        (stored,) = OutboundCall.objects.select_related("call")
        assert stored.call is not None
        assert stored.call.because == ["The campaign “Roofs” asked for this call."]
    assert desk.stored(campaign).dialled_at is not None
