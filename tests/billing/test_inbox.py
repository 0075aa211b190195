"""Stripe's word: stored first, processed once, in whatever order it comes."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from billing import inbox
from billing.enums import Status, WorkState
from billing.inbox import store_event
from billing.models import StripeEvent
from callsphere.local.doubles.stripe.deliveries import sign
from callsphere.providers.stripe import IncomingEvent, Payments
from tenants.context import platform_context, tenant_context
from tests.billing.conftest import Shop, bought, invoices
from tests.conftest import Person
from tests.doubles import KEY, WEBHOOK_SECRET, press

pytestmark = pytest.mark.django_db
ADDRESS = "/webhooks/stripe/"


def stored() -> list[StripeEvent]:
    with platform_context("test"):
        return list(StripeEvent.objects.order_by("received_at", "id"))


def complete(shop: Shop, person: Person, **how: Any) -> None:
    request = shop.ask(person, "checkout", plan="one")
    shop.do()
    press(shop.double, shop.url_of(request), card="4242", country="US")
    shop.tell(**how)


def test_an_event_is_stored_and_answered_before_it_is_processed(shop: Shop, alice: Person) -> None:
    complete(shop, alice)

    assert {each.state for each in stored()} == {WorkState.WAITING}
    assert bought(alice).status == Status.NONE

    inbox.process_due()

    assert {each.state for each in stored()} == {WorkState.DONE}
    assert bought(alice).status == Status.TRIALING


def test_wrong_order_and_repetition_change_nothing(shop: Shop, alice: Person) -> None:
    complete(shop, alice, reverse=True, copies=3)
    inbox.process_due()

    assert bought(alice).status == Status.TRIALING
    assert len({each.event_id for each in stored()}) == len(stored())
    shop.double.advance(14 * 86_400)
    shop.hear(reverse=True, copies=2)
    assert (bought(alice).status, len(invoices(alice))) == (Status.ACTIVE, 2)


def test_an_event_that_comes_late_is_not_believed(shop: Shop, alice: Person) -> None:
    complete(shop, alice)
    shop.double.advance(14 * 86_400)

    inbox.process_due()  # the events of the trial's beginning alone

    assert bought(alice).status == Status.ACTIVE


def test_many_events_ask_once_for_each_customer(shop: Shop, alice: Person, charlie: Person) -> None:
    complete(shop, alice)
    complete(shop, charlie)

    inbox.process_due()

    assert [bought(alice).fetch_number, bought(charlie).fetch_number] == [2, 2]  # one for its own request


def test_what_is_not_proven_is_refused_and_not_stored(shop: Shop, db: None) -> None:
    body = json.dumps({"id": "evt_1", "type": "invoice.paid", "created": 1, "data": {"object": {}}}).encode()
    for header in ("", sign(body, "whsec_other"), sign(body + b" ", WEBHOOK_SECRET)):
        answer = Client().post(
            ADDRESS, body, content_type="application/json", headers={"Stripe-Signature": header}
        )
        assert answer.status_code == 400
    assert Client().get(ADDRESS).status_code == 405
    assert stored() == []


def test_without_a_secret_nothing_is_proven(shop: Shop, settings: Any) -> None:
    settings.STRIPE_WEBHOOK_SECRET = ""
    body = b"{}"
    headers = {"Stripe-Signature": sign(body, "")}

    assert Client().post(ADDRESS, body, content_type="application/json", headers=headers).status_code == 400


def test_a_strangers_customer_is_of_no_concern(shop: Shop) -> None:
    Payments(KEY, shop.double.url).make_customer(tenant="x", name="X", email="x@example.com", key="x")

    shop.hear()

    assert [each.state for each in stored()] == [WorkState.DONE]


def test_while_stripe_is_away_events_wait(shop: Shop, alice: Person, settings: Any) -> None:
    complete(shop, alice)
    there, settings.STRIPE_BASE_URL = settings.STRIPE_BASE_URL, "http://127.0.0.1:9"

    inbox.process_due()

    (begun,) = [each for each in stored() if each.kind == "customer.subscription.created"]
    assert (begun.state, begun.attempts) == (WorkState.WAITING, 1)
    settings.STRIPE_BASE_URL = there
    with platform_context("later"):
        StripeEvent.objects.filter(state=WorkState.WAITING).update(due_at="2026-01-01T00:00Z")
    inbox.process_due()
    assert bought(alice).status == Status.TRIALING


def test_while_our_key_is_refused_events_wait(shop: Shop, alice: Person, settings: Any) -> None:
    complete(shop, alice)
    settings.STRIPE_SECRET_KEY = "sk_test_of_yesterday"

    inbox.process_due()

    waiting = [each for each in stored() if each.state == WorkState.WAITING]
    assert {each.error for each in waiting} == {
        "The payment provider did not accept our key. Write to support."
    }
    settings.STRIPE_SECRET_KEY = KEY
    with platform_context("later"):
        StripeEvent.objects.filter(state=WorkState.WAITING).update(due_at="2026-01-01T00:00Z")
    inbox.process_due()
    assert bought(alice).status == Status.TRIALING


def test_an_answer_that_was_overtaken_is_not_stored(shop: Shop, alice: Person) -> None:
    from billing.syncing import Answer, store

    complete(shop, alice)
    inbox.process_due()
    number = bought(alice).fetch_number

    assert not store(alice.tenant.pk, Answer(number - 1, [], []), timezone.now())


def paid_invoice(shop: Shop, person: Person) -> str:
    """Buy, pay once; return the path of the invoice's page at Stripe."""
    shop.buy(person)
    shop.pass_days(14)
    return f"/invoices/{invoices(person)[0].stripe_id}"


def returned(person: Person) -> list[tuple[int, int, int]]:
    return [(each.paid, each.refunded, each.disputed) for each in invoices(person)]


def test_a_refund_is_noted_at_its_invoice_until_it_fails(shop: Shop, alice: Person) -> None:
    page = paid_invoice(shop, alice)

    press(shop.double, page, action="refund")
    shop.hear()
    assert returned(alice) == [(14900, 14900, 0), (0, 0, 0)]

    press(shop.double, page, action="fail_refund")
    shop.hear(reverse=True, copies=2)
    assert returned(alice) == [(14900, 0, 0), (0, 0, 0)]


def test_a_dispute_is_noted_at_its_invoice_until_it_is_won(shop: Shop, alice: Person) -> None:
    page = paid_invoice(shop, alice)

    press(shop.double, page, action="dispute")
    shop.hear(reverse=True, copies=2)
    assert returned(alice) == [(14900, 0, 14900), (0, 0, 0)]

    press(shop.double, page, action="win")
    shop.hear()
    assert returned(alice) == [(14900, 0, 0), (0, 0, 0)]


def test_while_stripe_is_away_disputes_wait(shop: Shop, alice: Person, settings: Any) -> None:
    press(shop.double, paid_invoice(shop, alice), action="dispute")
    shop.tell()
    settings.STRIPE_BASE_URL = "http://127.0.0.1:9"

    inbox.process_due()

    waiting = [each for each in stored() if each.state == WorkState.WAITING]
    assert {each.kind for each in waiting} == {
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
    }
    assert returned(alice) == [(14900, 0, 0), (0, 0, 0)]


def test_strangers_see_no_events(shop: Shop, alice: Person) -> None:
    complete(shop, alice)

    with pytest.raises(Exception, match="permission denied"), tenant_context(alice.tenant):
        list(StripeEvent.objects.all())


def test_an_event_of_nobody_is_nobodys(shop: Shop, alice: Person) -> None:
    shop.ask(alice, "checkout", plan="one")  # not done yet: Stripe does not know her
    store_event(IncomingEvent("evt_1", "refund.updated", "", timezone.now(), "", "re_1", charge=""))

    inbox.process_due()

    assert [each.state for each in stored()] == [WorkState.DONE]
    assert bought(alice).fetch_number == 0
