"""Whatever happens at Stripe, and however its events travel: the ledger balances and says what is due."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from billing import inbox
from billing.affiliates.amounts import divide_half_even
from billing.affiliates.commissions import release_due
from billing.models import Affiliate, StripeEvent
from callsphere.local.doubles.stripe.account import Record
from callsphere.local.doubles.stripe.server import Double
from tenants.context import platform_context
from tests.billing.affiliates.conftest import balance, follow, journal, make_affiliate, refer, unbalanced
from tests.billing.conftest import Shop
from tests.conftest import make_owner
from tests.doubles import KEY, WEBHOOK_SECRET, press

pytestmark = pytest.mark.django_db
RATE = 2_200
_numbers = itertools.count()


@dataclass(frozen=True)
class Step:
    """A press on an invoice's page at Stripe, days that pass, or a turn of our workers."""

    what: str
    which: int = 0
    days: int = 0


PRESSES = st.builds(
    Step,
    st.sampled_from(["refund", "fail_refund", "dispute", "win", "lose"]),
    st.integers(0, 2),
)
STEPS = st.lists(
    st.one_of(
        PRESSES,
        st.builds(Step, st.just("pass"), st.just(0), st.sampled_from([1, 31])),
        st.sampled_from([Step("hear"), Step("mix"), Step("follow"), Step("release")]),
    ),
    max_size=9,
)


@contextmanager
def shop_of_its_own(configuration: Any) -> Iterator[Shop]:
    """A fresh stand-in for one example."""
    double = Double(key=KEY).start()
    configuration.STRIPE_SECRET_KEY, configuration.STRIPE_WEBHOOK_SECRET = KEY, WEBHOOK_SECRET
    configuration.STRIPE_BASE_URL = double.url
    try:
        yield Shop(double)
    finally:
        double.stop()


def take(shop: Shop, step: Step) -> None:
    paid = [each for each in shop.double.account.all("invoice")[::-1] if each["amount_paid"]]
    if step.what == "pass":
        shop.double.advance(step.days * 86_400)
    elif step.what == "hear":
        shop.hear()
    elif step.what == "mix":
        shop.hear(reverse=True, copies=2)
    elif step.what == "follow":
        follow(shop.now())
    elif step.what == "release":
        release_due(shop.now())
    elif paid:
        # What cannot be done is refused, as at Stripe.
        press(shop.double, f"/invoices/{paid[step.which % len(paid)]['id']}", action=step.what)


def kept_of(double: Double, invoice: Record) -> int:
    """Return what of an invoice's payment is with us, by the stand-in's own records of money that moved."""
    tables = double.account.tables
    intents = {
        each["payment"]["payment_intent"]
        for each in tables["invoice_payment"].values()
        if each["invoice"] == invoice["id"]
    }
    back = sum(
        each["amount"]
        for each in tables["refund"].values()
        if each["payment_intent"] in intents and each["status"] == "succeeded"
    )
    moved = sum(
        moved["amount"]
        for each in tables["dispute"].values()
        if each["payment_intent"] in intents
        for moved in each["balance_transactions"]
    )
    return int(invoice["amount_paid"]) - back + moved


def due(double: Double) -> int:
    """Return what the affiliate is to have of all that was paid: there is no tax in this shop."""
    paid = [each for each in double.account.tables["invoice"].values() if each["status"] == "paid"]
    return sum(divide_half_even(max(0, kept_of(double, each)) * RATE, 10_000) for each in paid)


def forget_events() -> None:
    """Do as the sweep does after weeks: then nothing tells a repeated event from a new one."""
    with platform_context("test"):
        StripeEvent.objects.all().delete()


def owed(affiliate: Affiliate) -> int:
    found = balance(affiliate)
    return found.held + found.payable


@settings(max_examples=10, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(steps=STEPS)
@example(steps=[Step(each) for each in ("refund", "hear", "follow", "fail_refund")])
@example(
    steps=[Step("hear"), Step("follow"), Step("pass", days=31), Step("release"), Step("dispute"), Step("mix")]
)
@example(steps=[Step(each) for each in ("dispute", "hear", "follow", "win", "refund")])
def test_the_ledger_says_what_is_due_and_replays_change_nothing(
    db: None, settings: Any, steps: list[Step]
) -> None:
    number = next(_numbers)
    affiliate = make_affiliate(f"dana{number}@example.com", f"dana-{number}")
    customer = make_owner(f"customer{number}@example.com", f"Customer {number}")
    refer(affiliate, customer)
    with shop_of_its_own(settings) as shop:
        shop.buy(customer, "one")
        shop.double.advance(14 * 86_400)
        for step in steps:
            take(shop, step)
            assert unbalanced() == []
        shop.hear()
        follow(shop.now())
        assert owed(affiliate) == due(shop.double)
        booked = journal(affiliate)

        for way in ({}, {"reverse": True, "copies": 2}):
            forget_events()
            shop.heard = 0
            shop.hear(**way)
            inbox.process_due()
            follow(shop.now())

        assert (journal(affiliate), owed(affiliate)) == (booked, due(shop.double))
    assert unbalanced() == []
