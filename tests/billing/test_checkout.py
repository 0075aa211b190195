"""Choosing a plan: from the request to the limits of the tenant."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError
from django.test import Client

from billing.enums import Stage, Status, WorkState
from billing.models import LIMIT_FIELDS, Plan
from billing.services import request_checkout
from callsphere.lib.errors import Refused
from callsphere.local.doubles.stripe import subscriptions
from tenants.context import tenant_context
from tests.billing.conftest import Shop, bought, invoices, tenant_of, verbs
from tests.conftest import Person
from tests.doubles import press
from tests.tenants.conftest import desk, sam
from tests.trunks.conftest import make_trunk

__all__ = ["desk", "sam"]
pytestmark = pytest.mark.django_db


def test_a_trial_begins_with_the_plan_and_sets_the_limits(shop: Shop, alice: Person) -> None:
    shop.buy(alice, "three")

    subscription, tenant = bought(alice), tenant_of(alice)
    plan = Plan.objects.get(code="three")
    assert (subscription.status, subscription.plan, subscription.stage) == (Status.TRIALING, plan, Stage.FINE)
    assert subscription.trial_end is not None
    assert subscription.period_start is not None
    assert subscription.trial_end - subscription.period_start == timedelta(days=14)
    assert {name: getattr(tenant, name) for name in LIMIT_FIELDS} == plan.limits
    assert (tenant.is_read_only, subscription.card) == (False, "Visa ending in 4242")


def test_each_step_is_in_the_log(shop: Shop, alice: Person) -> None:
    shop.buy(alice)

    assert verbs(alice, "billing.") == ["billing.checkout_asked"]
    assert verbs(alice, "subscription.") == ["subscription.changed"]
    assert verbs(alice, "tenant.updated") == ["tenant.updated"]


def test_no_card_is_needed(shop: Shop, alice: Person) -> None:
    shop.buy(alice, card="")

    assert (bought(alice).status, bought(alice).card) == (Status.TRIALING, "")


def test_pressing_twice_asks_once(shop: Shop, alice: Person) -> None:
    first = shop.ask(alice, "checkout", plan="one")

    assert shop.ask(alice, "checkout", plan="one").pk == first.pk
    with pytest.raises(Refused) as refusal:
        shop.ask(alice, "checkout", plan="ten")
    assert refusal.value.code == "busy"


def test_there_is_one_plan_at_a_time(shop: Shop, alice: Person) -> None:
    shop.buy(alice)

    with pytest.raises(Refused) as refusal:
        shop.ask(alice, "checkout", plan="ten")
    assert refusal.value.code == "has_plan"


def test_two_checkouts_completed_at_once_leave_one_trial(shop: Shop, alice: Person) -> None:
    pages = []
    for plan in ("one", "ten"):
        request = shop.ask(alice, "checkout", plan=plan)
        shop.do()
        pages.append(shop.url_of(request))

    for page in pages:
        assert press(shop.double, page, card="4242").status_code == 303
    shop.hear()

    with shop.double.account.lock:
        states = sorted(each["status"] for each in shop.double.account.tables["subscription"].values())
    assert states == ["canceled", "trialing"]
    assert str(bought(alice).plan) == "1 number"


def buy_twice(shop: Shop, person: Person) -> None:
    """Complete two checkouts that were opened before either was completed; each is charged at once."""
    shop.buy(person, card="")
    shop.pass_days(14)
    pages = []
    for plan in ("one", "ten"):
        request = shop.ask(person, "checkout", plan=plan)
        shop.do()
        pages.append(shop.url_of(request))
    for page in pages:
        assert press(shop.double, page, card="4242").status_code == 303


def states(shop: Shop) -> list[str]:
    with shop.double.account.lock:
        return [each["status"] for each in shop.double.account.tables["subscription"].values()]


@pytest.mark.parametrize("copies", [1, 3])
def test_of_two_paid_checkouts_the_second_is_ended_and_paid_back(
    shop: Shop, alice: Person, copies: int
) -> None:
    buy_twice(shop, alice)

    shop.hear(copies=copies)
    shop.hear()  # of the refund

    assert states(shop) == ["canceled", "active", "canceled"]
    assert (str(bought(alice).plan), bought(alice).doubled) == ("1 number", "")
    assert sorted((each.paid, each.refunded) for each in invoices(alice)) == [
        (0, 0),
        (14_900, 0),
        (149_900, 149_900),
    ]
    assert verbs(alice, "subscription.double_ended") == ["subscription.double_ended"]


def test_a_worker_that_died_between_refund_and_end_is_taken_over(shop: Shop, alice: Person) -> None:
    buy_twice(shop, alice)
    second = shop.double.account.all("invoice")[0]
    press(shop.double, f"/invoices/{second['id']}", action="refund")

    shop.hear()

    assert states(shop) == ["canceled", "active", "canceled"]
    assert max(each.refunded for each in invoices(alice)) == 149_900


def test_what_was_not_our_checkouts_doing_is_left_to_support(shop: Shop, alice: Person, desk: Client) -> None:
    buy_twice(shop, alice)
    with shop.double.account.lock:
        second = shop.double.account.all("subscription")[0]
        second["metadata"] = {}

    shop.hear()

    assert states(shop) == ["canceled", "active", "active"]
    assert bought(alice).doubled == second["id"]
    assert second["id"] in desk.get("/admin/billing/subscription/?doubled__isempty=0").content.decode()

    with shop.double.account.lock:
        subscriptions.cancel_now(shop.double.account, second["id"])
    shop.hear()

    assert (states(shop), bought(alice).doubled) == (["canceled", "active", "canceled"], "")


def test_one_that_was_renewed_is_left_to_support(shop: Shop, alice: Person) -> None:
    buy_twice(shop, alice)

    shop.pass_days(32)  # nobody heard of it for a month

    assert states(shop) == ["canceled", "active", "active"]
    assert bought(alice).doubled.startswith("sub_")
    assert [each.refunded for each in invoices(alice)] == [0] * 5


def test_unknown_plans_are_refused_by_field(shop: Shop, alice: Person) -> None:
    with pytest.raises(ValidationError) as error:
        shop.ask(alice, "checkout", plan="hundred")
    assert list(error.value.error_dict) == ["plan"]


def test_a_plan_without_room_for_what_is_there_says_what_to_remove(shop: Shop, alice: Person) -> None:
    for number in range(6):
        make_trunk(alice, f"Line {number}")

    with pytest.raises(Refused) as refusal:
        shop.ask(alice, "checkout", plan="one")
    assert (refusal.value.code, str(refusal.value)) == (
        "too_much_in_use",
        "You use 1 more trunk than the plan 1 number has room for. Remove these first, then choose it again.",
    )


def test_without_an_account_nothing_can_be_bought(alice: Person, settings: Any) -> None:
    with tenant_context(alice.tenant), pytest.raises(Refused) as refusal:
        request_checkout(tenant=alice.tenant, actor=alice.actor, plan="one")
    assert refusal.value.code == "payments_not_configured"


def test_a_provider_that_is_away_is_asked_again(shop: Shop, alice: Person, settings: Any) -> None:
    settings.STRIPE_BASE_URL = "http://127.0.0.1:9"
    request = shop.ask(alice, "checkout", plan="one")

    shop.do()

    row = shop.asked(request)
    assert (row.state, row.attempts, row.error) == (
        WorkState.WAITING,
        1,
        "The payment provider did not answer. We try again by ourselves.",
    )


def test_only_a_tenant_that_never_had_one_gets_a_trial(shop: Shop, alice: Person) -> None:
    shop.buy(alice, card="")
    shop.pass_days(14)
    assert bought(alice).status == Status.CANCELED

    shop.buy(alice, card="4242")

    assert (bought(alice).status, bought(alice).stage) == (Status.ACTIVE, Stage.FINE)
    assert invoices(alice)[0].total == 14900
    assert not tenant_of(alice).is_read_only


def test_taxes_and_currency_are_as_stripe_gives_them(shop: Shop, alice: Person, settings: Any) -> None:
    settings.STRIPE_TAX = True
    shop.buy(alice, country="DE")
    shop.pass_days(14)

    invoice = invoices(alice)[0]
    assert (invoice.net, invoice.tax, invoice.total, invoice.paid, invoice.currency, invoice.status) == (
        14900,
        2831,
        17731,
        17731,
        "usd",
        "paid",
    )


def test_a_second_payment_that_cannot_be_given_back_is_left_to_support(shop: Shop, alice: Person) -> None:
    buy_twice(shop, alice)
    second = shop.double.account.all("subscription")[0]
    press(shop.double, f"/invoices/{second['latest_invoice']}", action="dispute")

    shop.hear()

    assert states(shop) == ["canceled", "active", "active"]
    assert (str(bought(alice).plan), bought(alice).doubled) == ("1 number", second["id"])


def test_a_second_payment_that_is_under_way_is_left_to_support(shop: Shop, alice: Person) -> None:
    buy_twice(shop, alice)
    with shop.double.account.lock:
        second = shop.double.account.all("subscription")[0]
        invoice = shop.double.account.get("invoice", second["latest_invoice"])
        invoice |= {"status": "open", "amount_paid": 0}  # a bank's debit: it may still arrive
        for each in shop.double.account.all("invoice_payment", invoice=invoice["id"]):
            each["status"] = "open"

    shop.hear()

    assert states(shop) == ["canceled", "active", "active"]
    assert bought(alice).doubled == second["id"]
