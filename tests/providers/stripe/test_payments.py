"""What the provider asks of Stripe, through the real SDK, before the stand-in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from callsphere.local.doubles.stripe.account import API_VERSION
from callsphere.local.doubles.stripe.server import Double
from callsphere.providers.stripe import Payments, PaymentsError, SubscriptionState
from callsphere.providers.stripe.client import Checkout
from tests.doubles import DAY, LARGE, SMALL, kinds_since, press


def make_customer(payments: Payments, key: str = "customer:1") -> str:
    return payments.make_customer(tenant="t-1", name="Acme Dental", email="alice@example.com", key=key)


def checkout(payments: Payments, customer: str, *, trial_days: int = 14, with_tax: bool = False) -> str:
    """Open a checkout of the small plan; return the path of its page."""
    wanted = Checkout(
        customer=customer,
        price=payments.price_id(SMALL),
        tenant="t-1",
        trial_days=trial_days,
        success_url="https://callsphere.example/done",
        cancel_url="https://callsphere.example/back",
        with_tax=with_tax,
    )
    return urlsplit(payments.open_checkout(wanted, key=f"checkout:{trial_days}")).path


def subscribe(payments: Payments, double: Double, *, trial_days: int = 0, card: str = "4242") -> str:
    """Let the customer complete a checkout; return their id."""
    customer = make_customer(payments)
    response = press(double, checkout(payments, customer, trial_days=trial_days), card=card, country="US")
    assert (response.status_code, response.headers["Location"]) == (303, "https://callsphere.example/done")
    return customer


def only(payments: Payments, customer: str) -> SubscriptionState:
    (state,) = payments.subscriptions_of(customer)
    return state


def test_the_stand_in_speaks_the_sdks_version() -> None:
    import stripe

    assert stripe.api_version == API_VERSION


def test_a_price_is_made_once_and_found_afterwards(payments: Payments, double: Double) -> None:
    first = payments.price_id(SMALL)

    assert payments.price_id(SMALL) == first
    (price,) = double.account.tables["price"].values()
    assert (price["unit_amount"], price["currency"], price["recurring"]["interval"]) == (
        14900,
        "usd",
        "month",
    )
    assert list(double.account.tables["product"]) == ["callsphere_one"]


def test_the_same_key_makes_one_customer(payments: Payments, double: Double) -> None:
    assert make_customer(payments) == make_customer(payments)
    assert len(double.account.tables["customer"]) == 1


def test_a_key_of_another_request_is_refused(payments: Payments) -> None:
    make_customer(payments)

    with pytest.raises(PaymentsError) as refusal:
        payments.make_customer(tenant="t-2", name="Globex", email="c@example.com", key="customer:1")
    assert (refusal.value.code, refusal.value.is_permanent) == ("payments_refused", True)


def test_a_trial_begins_at_checkout_with_a_card(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double, trial_days=14)

    state = only(payments, customer)
    assert (state.status, state.lookup_key, state.card) == (
        "trialing",
        SMALL.lookup_key,
        "Visa ending in 4242",
    )
    assert state.trial_end is not None
    assert state.trial_end - state.created_at == timedelta(days=14)
    assert (state.period_start, state.period_end) == (state.created_at, state.trial_end)
    assert [(each.total, each.status) for each in payments.invoices_of(customer)] == [(0, "paid")]


def test_a_trial_needs_no_card_and_ends_without_one(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double, trial_days=14, card="")
    assert only(payments, customer).card == ""

    double.advance(14 * DAY)

    state = only(payments, customer)
    assert (state.status, state.ended_at) == ("canceled", state.trial_end)
    assert kinds_since(double)[-2:] == [
        "customer.subscription.trial_will_end",
        "customer.subscription.deleted",
    ]


def test_a_subscription_without_trial_needs_a_card_that_pays(payments: Payments, double: Double) -> None:
    path = checkout(payments, make_customer(payments), trial_days=0)

    without, declined = press(double, path, card=""), press(double, path, card="0341")

    assert (without.status_code, declined.status_code) == (402, 402)
    assert "Your card was declined." in declined.text
    assert "No card is charged" in declined.text
    assert press(double, path, card="4242").status_code == 303


def test_the_trials_end_charges_the_card(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double, trial_days=14)

    double.advance(14 * DAY)

    state = only(payments, customer)
    assert (state.status, state.period_start) == ("active", state.trial_end)
    invoice = payments.invoices_of(customer)[0]
    assert (invoice.status, invoice.total, invoice.paid, invoice.subscription, invoice.reason) == (
        "paid",
        14900,
        14900,
        state.id,
        "subscription_cycle",
    )


def test_tax_stands_apart(payments: Payments, double: Double) -> None:
    customer = make_customer(payments)
    press(double, checkout(payments, customer, trial_days=0, with_tax=True), card="4242", country="DE")

    (invoice,) = payments.invoices_of(customer)
    assert (invoice.net, invoice.tax, invoice.total) == (14900, 2831, 17731)


def test_an_upgrade_charges_the_rest_of_the_period_at_once(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    before = only(payments, customer)
    period = before.period_end - before.period_start
    double.advance(int(period.total_seconds()) // 2)

    payments.change_price_now(before, payments.price_id(LARGE), key="change:1")

    after = only(payments, customer)
    assert (after.lookup_key, after.period_end, after.status) == (
        LARGE.lookup_key,
        before.period_end,
        "active",
    )
    invoice = payments.invoices_of(customer)[0]
    assert (invoice.reason, invoice.status) == ("subscription_update", "paid")
    assert abs(invoice.total - (49900 - 14900) // 2) <= 100  # this test takes seconds of the period


def test_an_upgrade_that_the_bank_refuses_changes_nothing(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    portal = payments.open_portal(customer=customer, return_url="https://callsphere.example/", key="portal:1")
    press(double, urlsplit(portal).path, card="0341")
    state = only(payments, customer)
    assert state.card == "Visa ending in 0341"

    with pytest.raises(PaymentsError) as refusal:
        payments.change_price_now(state, payments.price_id(LARGE), key="change:1")

    assert (refusal.value.code, refusal.value.is_permanent) == ("card_declined", True)
    assert only(payments, customer).lookup_key == SMALL.lookup_key


def test_a_downgrade_waits_for_the_end_of_the_period(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    payments.change_price_now(only(payments, customer), payments.price_id(LARGE), key="change:1")

    payments.change_price_at_period_end(only(payments, customer), payments.price_id(SMALL), key="change:2")

    state = only(payments, customer)
    assert (state.lookup_key, state.next_lookup_key) == (LARGE.lookup_key, SMALL.lookup_key)
    double.advance(31 * DAY)
    state = only(payments, customer)
    assert (state.lookup_key, state.next_lookup_key, state.schedule) == (SMALL.lookup_key, "", "")
    assert payments.invoices_of(customer)[0].total == SMALL.amount


def test_a_downgrade_can_be_taken_back_and_asked_for_again(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    payments.change_price_now(only(payments, customer), payments.price_id(LARGE), key="change:1")
    small = payments.price_id(SMALL)
    payments.change_price_at_period_end(only(payments, customer), small, key="change:2")

    payments.release_schedule(only(payments, customer), key="back:1")
    assert only(payments, customer).next_lookup_key == ""

    # The same request once more, as after a worker's death half-way through.
    payments.change_price_at_period_end(only(payments, customer), small, key="change:3")
    payments.change_price_at_period_end(only(payments, customer), small, key="change:3")
    assert only(payments, customer).next_lookup_key == SMALL.lookup_key


def test_cancelling_ends_with_the_period_unless_taken_back(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    payments.set_cancellation(only(payments, customer), wanted=True, key="cancel:1")
    state = only(payments, customer)
    assert (state.status, state.cancel_at) == ("active", state.period_end)

    payments.set_cancellation(state, wanted=False, key="resume:1")
    assert only(payments, customer).cancel_at is None

    payments.set_cancellation(only(payments, customer), wanted=True, key="cancel:2")
    double.advance(31 * DAY)
    assert only(payments, customer).status == "canceled"


def test_cancelling_takes_a_coming_change_away(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    payments.change_price_at_period_end(only(payments, customer), payments.price_id(LARGE), key="change:1")

    payments.set_cancellation(only(payments, customer), wanted=True, key="cancel:1")

    state = only(payments, customer)
    assert (state.next_lookup_key, state.cancel_at) == ("", state.period_end)


def test_a_card_that_is_declined_is_tried_again_and_then_left(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double, trial_days=14, card="0341")
    double.advance(14 * DAY)
    assert only(payments, customer).status == "past_due"

    double.advance(8 * DAY)

    invoice = payments.invoices_of(customer)[0]
    assert (invoice.status, invoice.due, invoice.next_attempt_at) == ("open", 14900, None)
    assert kinds_since(double).count("invoice.payment_failed") == 4
    portal = urlsplit(payments.open_portal(customer=customer, return_url="https://x.example/", key="p")).path
    press(double, portal, card="4242")
    press(double, portal, action="pay")
    assert (only(payments, customer).status, payments.invoices_of(customer)[0].status) == ("active", "paid")


def test_a_trial_is_extended(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double, trial_days=14)
    wanted = datetime.fromtimestamp(double.account.now() + 30 * DAY, UTC)

    payments.set_trial_end(only(payments, customer), wanted, key="extend:1")

    double.advance(20 * DAY)
    assert (only(payments, customer).status, only(payments, customer).trial_end) == ("trialing", wanted)


def test_a_trial_without_a_page(payments: Payments, double: Double) -> None:
    customer = make_customer(payments)
    values: dict[str, Any] = {
        "customer": customer,
        "price": payments.price_id(SMALL),
        "tenant": "t-1",
        "trial_days": 14,
    }

    payments.start_trial(**values, key="trial:1")
    payments.start_trial(**values, key="trial:1")

    state = only(payments, customer)
    assert (state.status, state.card) == ("trialing", "")


def test_ending_at_once(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)

    payments.cancel_now(only(payments, customer))

    assert only(payments, customer).status == "canceled"


def returned(payments: Payments, customer: str) -> list[tuple[int, int]]:
    """Return what went back of each invoice: by us, and by the bank for now."""
    return [(each.refunded, each.disputed) for each in payments.invoices_of(customer)]


def invoice_path(double: Double) -> str:
    return f"/invoices/{next(iter(double.account.tables['invoice']))}"


def test_what_was_given_back_stands_at_the_invoice(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    (charge,) = double.account.tables["charge"].values()
    for _half in range(2):
        refund: Any = {"payment_intent": charge["payment_intent"], "amount": 5000}
        payments._client.v1.refunds.create(params=refund)

    assert returned(payments, customer) == [(10_000, 0)]


def test_a_refund_that_fails_afterwards_was_not_given_back(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    press(double, invoice_path(double), action="refund")
    assert returned(payments, customer) == [(14_900, 0)]

    press(double, invoice_path(double), action="fail_refund")

    assert returned(payments, customer) == [(0, 0)]
    assert "refund.failed" in kinds_since(double)


@pytest.mark.parametrize(("decision", "left"), [("win", 0), ("lose", 14_900)])
def test_a_dispute_withholds_the_payment_unless_it_is_won(
    payments: Payments, double: Double, decision: str, left: int
) -> None:
    customer = subscribe(payments, double)
    (charge,) = double.account.tables["charge"]
    press(double, invoice_path(double), action="dispute")
    assert returned(payments, customer) == [(0, 14_900)]

    press(double, invoice_path(double), action=decision)

    assert returned(payments, customer) == [(0, left)]
    assert payments.customer_of(charge) == customer


def test_an_inquiry_withholds_nothing(payments: Payments, double: Double) -> None:
    customer = subscribe(payments, double)
    press(double, invoice_path(double), action="dispute")
    with double.account.lock:
        (dispute,) = double.account.tables["dispute"].values()
        dispute |= {"status": "warning_needs_response", "balance_transactions": []}

    assert returned(payments, customer) == [(0, 0)]


def test_a_payment_that_is_disputed_cannot_be_refunded(payments: Payments, double: Double) -> None:
    subscribe(payments, double)
    press(double, invoice_path(double), action="dispute")

    assert press(double, invoice_path(double), action="refund").status_code == 400


def test_a_wrong_key_and_a_dead_address_are_told_apart(double: Double) -> None:
    with pytest.raises(PaymentsError) as refused:
        Payments("sk_test_other", double.url).subscriptions_of("cus_1")
    with pytest.raises(PaymentsError) as unreachable:
        Payments("sk_test_double", "http://127.0.0.1:9").subscriptions_of("cus_1")

    assert (refused.value.code, refused.value.is_permanent) == ("payments_not_configured", True)
    assert (unreachable.value.code, unreachable.value.is_permanent) == ("payments_unreachable", False)
    assert "sk_test" not in f"{refused.value} {refused.value.detail}"
