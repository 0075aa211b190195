"""The stand-in's objects have the shapes of the API version that the locked SDK speaks.

The SDK's classes name every field, and which may be missing: what they require is there, and nothing else.
"""

from __future__ import annotations

from typing import get_args
from urllib.parse import urlsplit

import pytest
import stripe
from stripe import StripeObject

from callsphere.local.doubles.stripe.account import Record, shown
from callsphere.local.doubles.stripe.server import Double
from callsphere.providers.stripe import Payments
from callsphere.providers.stripe.client import Checkout
from tests.doubles import DAY, LARGE, SMALL, press
from tests.doubles import double as double  # a fixture
from tests.doubles import payments as payments  # a fixture

CLASSES: dict[str, type[StripeObject]] = {
    "billing_portal.session": stripe.billing_portal.Session,
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "checkout.session": stripe.checkout.Session,
    "customer": stripe.Customer,
    "dispute": stripe.Dispute,
    "invoice": stripe.Invoice,
    "invoice_payment": stripe.InvoicePayment,
    "line_item": stripe.InvoiceLineItem,
    "payment_intent": stripe.PaymentIntent,
    "payment_method": stripe.PaymentMethod,
    "price": stripe.Price,
    "product": stripe.Product,
    "refund": stripe.Refund,
    "subscription": stripe.Subscription,
    "subscription_item": stripe.SubscriptionItem,
    "subscription_schedule": stripe.SubscriptionSchedule,
    "event": stripe.Event,
}


@pytest.fixture
def records(double: Double, payments: Payments) -> dict[str, list[Record]]:
    """One of everything: a subscription that was paid, changed twice, partly given back and disputed."""
    customer = payments.make_customer(tenant="t", name="Acme", email="a@example.com", key="c")
    wanted = Checkout(
        customer=customer,
        price=payments.price_id(SMALL),
        tenant="t",
        trial_days=14,
        success_url="https://x.example/",
        cancel_url="https://x.example/",
        with_tax=True,
    )
    press(double, urlsplit(payments.open_checkout(wanted, key="k")).path, card="4242", country="DE")
    payments.open_portal(customer=customer, return_url="https://x.example/", key="p")
    double.advance(15 * DAY)
    payments.change_price_now(payments.subscriptions_of(customer)[0], payments.price_id(LARGE), key="1")
    payments.change_price_at_period_end(
        payments.subscriptions_of(customer)[0], payments.price_id(SMALL), key="2"
    )
    charge = next(iter(double.account.tables["charge"].values()))
    payments._client.v1.refunds.create(params={"payment_intent": charge["payment_intent"], "amount": 100})
    press(double, f"/invoices/{next(reversed(double.account.tables['invoice']))}", action="dispute")
    found: dict[str, list[Record]] = {
        kind: [shown(each) for each in table.values()] for kind, table in double.account.tables.items()
    }
    found["event"] = double.account.events
    found["line_item"] = [line for invoice in found["invoice"] for line in invoice["lines"]["data"]]
    found["balance_transaction"] = [
        moved for dispute in found["dispute"] for moved in dispute["balance_transactions"]
    ]
    found["subscription_item"] = [item for each in found["subscription"] for item in each["items"]["data"]]
    return found


def fields_of(cls: type[StripeObject]) -> tuple[set[str], set[str]]:
    """Return the fields that a class names, and those of them that may not be missing."""
    named = {name: kind for name, kind in cls.__annotations__.items() if name[0].islower()}
    optional = {name for name, kind in named.items() if type(None) in get_args(kind)}
    return set(named), set(named) - optional - {"deleted"}


def test_every_kind_has_a_shape(records: dict[str, list[Record]]) -> None:
    assert {kind for kind, rows in records.items() if rows} == set(CLASSES)


def test_objects_have_what_the_sdk_requires_and_nothing_that_it_does_not_know(
    records: dict[str, list[Record]],
) -> None:
    wrong = {}
    for kind, cls in CLASSES.items():
        named, required = fields_of(cls)
        for record in records[kind]:
            missing, unknown = required - set(record), set(record) - named
            if missing or unknown:
                wrong[kind] = {"missing": sorted(missing), "unknown": sorted(unknown)}
    assert wrong == {}
