"""What support does about plans, and that the customer reads it."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from billing.models import BillingRequest, Notice, Plan
from tenants.context import tenant_context
from tenants.models import AuditEvent, User
from tests.billing.conftest import Shop, bought, tenant_of
from tests.conftest import Person
from tests.tenants.conftest import desk, sam

__all__ = ["desk", "sam"]
pytestmark = pytest.mark.django_db
BASE = "/admin/billing/"


def press(desk: Client, model: str, pk: Any, name: str, **fields: Any) -> Any:
    from django.urls import reverse

    address = reverse(f"admin:billing_{model}_{name}", args=[pk])
    assert desk.get(address).status_code == 200
    return desk.post(address, fields)


def event_of(person: Person, verb: str) -> AuditEvent:
    with tenant_context(person.tenant):
        return AuditEvent.objects.get(verb=verb)


def test_every_list_and_page_opens(shop: Shop, alice: Person, desk: Client) -> None:
    shop.buy(alice, card="0341")
    shop.pass_days(14)

    for model in ("plan", "subscription", "invoice", "notice", "billingrequest", "stripeevent"):
        page = desk.get(f"{BASE}{model}/")
        assert page.status_code == 200, model
    address = f"{BASE}subscription/{bought(alice).pk}/change/"
    rows = desk.get(f"{BASE}subscription/").content.decode()
    assert re.search(rf'href="{address}"[^>]*>\s*{alice.tenant}\s*<', rows)
    shown = desk.get(address).content.decode()
    assert "Payment overdue" in shown
    assert "past_due" not in shown
    with tenant_context(alice.tenant):
        request = BillingRequest.objects.get()
    page = desk.get(f"{BASE}billingrequest/{request.pk}/change/")
    assert page.status_code == 200
    assert shop.double.url not in page.content.decode()


def test_a_trial_is_extended_with_a_reason(shop: Shop, alice: Person, desk: Client, sam: User) -> None:
    shop.buy(alice)
    end = bought(alice).trial_end
    assert end is not None

    answer = press(desk, "subscription", bought(alice).pk, "extend_trial", days=7, reason="On holiday")
    assert answer.status_code == 302
    shop.do()

    assert bought(alice).trial_end == end + timedelta(days=7)
    event = event_of(alice, "subscription.trial_extended")
    assert (event.actor_label, event.reason) == (sam.email, "On holiday")


def test_outside_a_trial_there_is_nothing_to_extend(shop: Shop, alice: Person, desk: Client) -> None:
    shop.buy(alice)
    shop.pass_days(14)

    answer = press(desk, "subscription", bought(alice).pk, "extend_trial", days=7, reason="x")

    assert "There is no trial to extend." in answer.content.decode()


def test_a_plan_is_given_and_taken_back(shop: Shop, alice: Person, desk: Client) -> None:
    shop.buy(alice, "one")
    ten = Plan.objects.get(code="ten")

    press(desk, "subscription", bought(alice).pk, "comp_plan", plan=str(ten.pk), days=30, reason="A partner")

    assert (tenant_of(alice).number_limit, bought(alice).comped_plan) == (10, ten)
    assert event_of(alice, "subscription.comped").reason == "A partner"
    press(desk, "subscription", bought(alice).pk, "comp_plan", plan="", reason="The end")
    assert tenant_of(alice).number_limit == 1


def test_who_never_looked_at_plans_can_be_given_one(alice: Person, desk: Client) -> None:
    """Nothing can be bought here: support's hand is the only way to a plan."""
    ten, address = Plan.objects.get(code="ten"), f"{BASE}subscription/give_plan/"
    assert desk.get(address).status_code == 200
    fields = {"plan": str(ten.pk), "days": "", "reason": "A partner"}

    answer = desk.post(address, {"organisation": "nobodys", **fields})
    assert "No organisation has this address." in answer.content.decode()
    answer = desk.post(address, {"organisation": alice.tenant.slug, **fields})

    assert answer.status_code == 302
    assert (tenant_of(alice).number_limit, bought(alice).comped_plan) == (10, ten)
    assert event_of(alice, "subscription.comped").reason == "A partner"


def test_a_given_plan_ends_by_itself(shop: Shop, alice: Person, desk: Client) -> None:
    from billing.looking import look_after_due

    shop.buy(alice, "one")
    ten = Plan.objects.get(code="ten")
    press(desk, "subscription", bought(alice).pk, "comp_plan", plan=str(ten.pk), days=5, reason="A partner")
    until = bought(alice).comped_until
    assert until is not None

    look_after_due(until)

    assert tenant_of(alice).number_limit == 1


def test_an_announcement_is_mailed_again(
    shop: Shop, alice: Person, desk: Client, mailoutbox: list[Any]
) -> None:
    shop.buy(alice, card="0341")
    shop.pass_days(14)
    with tenant_context(alice.tenant):
        notice = Notice.objects.get()

    press(desk, "notice", notice.pk, "send_again", reason="They lost it")

    assert [mail.subject for mail in mailoutbox] == ["A payment for Acme Dental failed"] * 2
    assert event_of(alice, "notice.sent_again").reason == "They lost it"


def test_an_announcement_that_is_past_is_not_mailed_again(
    shop: Shop, alice: Person, desk: Client, mailoutbox: list[Any]
) -> None:
    shop.buy(alice, card="0341")
    shop.pass_days(14)
    with tenant_context(alice.tenant):
        notice = Notice.objects.get()
    shop.use_card(alice, "4242", pay=True)
    mailoutbox.clear()

    answer = press(desk, "notice", notice.pk, "send_again", reason="They lost it")

    assert "“A payment failed” is not so any more: the mail would be wrong." in answer.content.decode()
    assert mailoutbox == []


def test_everything_is_read_again(shop: Shop, alice: Person, desk: Client) -> None:
    shop.buy(alice)
    shop.double.advance(14 * 86_400)  # and the events got lost

    press(desk, "subscription", bought(alice).pk, "read_again", reason="Looks old")
    shop.do()

    assert bought(alice).status == "active"
