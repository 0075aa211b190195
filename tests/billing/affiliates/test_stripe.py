"""From a purchase at Stripe's stand-in to the ledger, whatever way the events take."""

from __future__ import annotations

from typing import Any

import pytest
import stripe

from billing import inbox
from billing.affiliates.ledger import Balance
from billing.models import Affiliate, Referral
from tests.billing.affiliates.conftest import balance, follow, journal
from tests.billing.conftest import Shop, invoices
from tests.conftest import Person
from tests.doubles import KEY, press

pytestmark = pytest.mark.django_db


def refund(shop: Shop, amount: int) -> None:
    client = stripe.StripeClient(KEY, base_addresses={"api": shop.double.url})
    with shop.double.account.lock:
        intents = [each["payment_intent"] for each in shop.double.account.tables["charge"].values()]
    client.v1.refunds.create(params={"payment_intent": intents[-1], "amount": amount})


@pytest.mark.parametrize("way", [{}, {"reverse": True}, {"reverse": True, "copies": 3}])
def test_commission_follows_payment_and_refunds(
    shop: Shop, dana: Affiliate, referral: Referral, alice: Person, way: dict[str, Any]
) -> None:
    shop.buy(alice, "one")
    follow(shop.now())
    assert journal(dana) == []  # a trial's invoice is of nothing

    shop.double.advance(14 * 86_400)
    shop.hear(**way)
    follow(shop.now())
    assert (balance(dana), journal(dana)) == (Balance(held=3_278), ["earned"])

    refund(shop, 4_900)
    refund(shop, 5_000)
    shop.hear(**way)
    follow(shop.now())
    assert invoices(alice)[0].refunded == 9_900
    assert (balance(dana), journal(dana)) == (Balance(held=1_100), ["earned", "clawed_back"])

    shop.heard = 0  # Stripe sends everything again
    shop.hear(**way)
    inbox.process_due()
    follow(shop.now())
    assert (balance(dana), journal(dana)) == (Balance(held=1_100), ["earned", "clawed_back"])


@pytest.mark.parametrize("way", [{}, {"reverse": True, "copies": 3}])
def test_commission_follows_a_dispute_and_its_end(
    shop: Shop, dana: Affiliate, referral: Referral, alice: Person, way: dict[str, Any]
) -> None:
    shop.buy(alice, "one")
    shop.pass_days(14)
    follow(shop.now())
    page = f"/invoices/{invoices(alice)[0].stripe_id}"

    press(shop.double, page, action="dispute")
    shop.hear(**way)
    follow(shop.now())
    assert (balance(dana), journal(dana)) == (Balance(), ["earned", "clawed_back"])

    press(shop.double, page, action="win")
    shop.hear(**way)
    follow(shop.now())
    assert (balance(dana), journal(dana)) == (Balance(held=3_278), ["earned", "clawed_back", "earned"])
