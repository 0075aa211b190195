"""Requests to Stripe. Call them outside requests and transactions: each waits for the network.

Each change takes a `key` of the caller's. The same change with the same key is done once, however often it is
sent (Stripe keeps keys for a day at least).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe
from stripe import RequestsClient

from callsphere.providers.stripe.errors import PaymentsError, in_plain_words
from callsphere.providers.stripe.returns import NOTHING, give_back, returned_of
from callsphere.providers.stripe.states import (
    InvoiceState,
    SubscriptionState,
    invoice_state,
    subscription_state,
)

_TIMEOUT_S = (5, 20)
_RETRIES = 2
_WITH_CARDS = ["default_payment_method", "customer.invoice_settings.default_payment_method"]
_MOST_INVOICES = 100
stripe.enable_telemetry = False


@dataclass(frozen=True, slots=True)
class PriceSpec:
    """What is sold: `lookup_key` names it for good, `amount` is in minor units and due each month."""

    lookup_key: str
    product: str
    name: str
    amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Checkout:
    """What a checkout page is asked for. `trial_days` of 0 charges at once."""

    customer: str
    price: str
    tenant: str
    trial_days: int
    success_url: str
    cancel_url: str
    with_tax: bool


class Payments:
    """One Stripe account. `base_url` leads elsewhere than to Stripe: to the stand-in."""

    def __init__(self, key: str, base_url: str = "") -> None:
        self._client = stripe.StripeClient(
            key,
            base_addresses={"api": base_url} if base_url else {},
            max_network_retries=_RETRIES,
            http_client=RequestsClient(timeout=_TIMEOUT_S),
        )

    # What is sold, and to whom

    def price_id(self, spec: PriceSpec) -> str:
        """Return the price's id; it is made, with its product, when it is not there yet."""
        with in_plain_words():
            prices = self._client.v1.prices
            found = prices.list(params={"lookup_keys": [spec.lookup_key], "active": True, "limit": 1}).data
            if found:
                return found[0].id
            self._make_product(spec)
            made = prices.create(
                params={
                    "product": spec.product,
                    "currency": spec.currency,
                    "unit_amount": spec.amount,
                    "recurring": {"interval": "month"},
                    "lookup_key": spec.lookup_key,
                    "tax_behavior": "exclusive",
                },
                options={"idempotency_key": f"price:{spec.lookup_key}"},
            )
            return made.id

    def make_customer(self, *, tenant: str, name: str, email: str, key: str) -> str:
        """Make a customer for a tenant, and return its id."""
        with in_plain_words():
            made = self._client.v1.customers.create(
                params={"name": name, "email": email, "metadata": {"tenant": tenant}},
                options={"idempotency_key": key},
            )
            return made.id

    # Pages of Stripe's

    def open_checkout(self, wanted: Checkout, *, key: str) -> str:
        """Return the address of a page on which the customer subscribes."""
        data: Any = {"metadata": {"tenant": wanted.tenant}}
        if wanted.trial_days:
            data |= _trial(wanted.trial_days)
        with in_plain_words():
            session = self._client.v1.checkout.sessions.create(
                params={
                    "mode": "subscription",
                    "customer": wanted.customer,
                    "client_reference_id": wanted.tenant,
                    "line_items": [{"price": wanted.price, "quantity": 1}],
                    "success_url": wanted.success_url,
                    "cancel_url": wanted.cancel_url,
                    "payment_method_collection": "if_required",
                    "subscription_data": data,
                    "automatic_tax": {"enabled": wanted.with_tax},
                    "billing_address_collection": "required" if wanted.with_tax else "auto",
                    "customer_update": {"address": "auto", "name": "auto"},
                },
                options={"idempotency_key": key},
            )
            return session.url or ""

    def open_portal(self, *, customer: str, return_url: str, key: str) -> str:
        """Return the address of the page on which a customer changes card and address, and sees invoices."""
        with in_plain_words():
            session = self._client.v1.billing_portal.sessions.create(
                params={"customer": customer, "return_url": return_url}, options={"idempotency_key": key}
            )
            return session.url

    # What is so now

    def subscriptions_of(self, customer: str) -> list[SubscriptionState]:
        """Return a customer's subscriptions, ended ones too, the newest first."""
        with in_plain_words():
            found = self._client.v1.subscriptions.list(
                params={
                    "customer": customer,
                    "status": "all",
                    "limit": 10,
                    "expand": [f"data.{place}" for place in _WITH_CARDS] + ["data.schedule"],
                }
            )
            return [subscription_state(self._with_prices(each)) for each in found.data]

    def invoices_of(self, customer: str) -> list[InvoiceState]:
        """Return a customer's last invoices, the newest first, with what went back of each."""
        with in_plain_words():
            found = self._client.v1.invoices.list(params={"customer": customer, "limit": _MOST_INVOICES}).data
            if not found:
                return []
            oldest = datetime.fromtimestamp(min(each.created for each in found), UTC)
            returned = returned_of(self._client, customer, oldest)
            return [invoice_state(each, returned.get(each.id, NOTHING)) for each in found]

    def customer_of(self, charge: str) -> str:
        """Return whom a charge was made to; empty when it is nobody's."""
        with in_plain_words():
            customer = self._client.v1.charges.retrieve(charge).customer
            return "" if customer is None else customer if isinstance(customer, str) else customer.id

    # Changes

    def start_trial(self, *, customer: str, price: str, tenant: str, trial_days: int, key: str) -> None:
        """Begin a subscription with a trial, without a page: nobody has to enter a card yet."""
        with in_plain_words():
            self._client.v1.subscriptions.create(
                params={
                    "customer": customer,
                    "items": [{"price": price}],
                    "metadata": {"tenant": tenant},
                    **_trial(trial_days),
                },
                options={"idempotency_key": key},
            )

    def change_price_now(self, state: SubscriptionState, price: str, *, key: str) -> None:
        """Sell another price from now on; the rest of the period is charged at once. Raises PaymentsError."""
        self.release_schedule(state, key=key)
        with in_plain_words():
            self._client.v1.subscriptions.update(
                state.id,
                params={
                    "items": [{"id": state.item, "price": price}],
                    "proration_behavior": "always_invoice",
                    "payment_behavior": "error_if_incomplete",
                },
                options={"idempotency_key": f"{key}:price"},
            )

    def change_price_at_period_end(self, state: SubscriptionState, price: str, *, key: str) -> None:
        """Sell another price from the next period on."""
        self.release_schedule(state, key=key)
        with in_plain_words():
            schedules = self._client.v1.subscription_schedules
            # The key names the schedule that was there: a second try after half a first one makes another.
            made = schedules.create(
                params={"from_subscription": state.id},
                options={"idempotency_key": f"{key}:schedule:{state.schedule}"},
            )
            current = made.current_phase
            if current is None:
                raise PaymentsError("This subscription is over.", code="subscription_over", is_permanent=True)
            schedules.update(
                made.id,
                params={
                    "end_behavior": "release",
                    "proration_behavior": "none",
                    "phases": [
                        {
                            "items": [{"price": state.price, "quantity": 1}],
                            "start_date": current.start_date,
                            "end_date": current.end_date,
                        },
                        {"items": [{"price": price, "quantity": 1}]},
                    ],
                },
                options={"idempotency_key": f"{key}:phases:{made.id}"},
            )

    def release_schedule(self, state: SubscriptionState, *, key: str) -> None:
        """Let a change that was to come at the end of the period be."""
        if not state.schedule:
            return
        with in_plain_words():
            self._client.v1.subscription_schedules.release(
                state.schedule, options={"idempotency_key": f"{key}:release:{state.schedule}"}
            )

    def set_cancellation(self, state: SubscriptionState, *, wanted: bool, key: str) -> None:
        """End a subscription with its period, or let it go on after all."""
        self.release_schedule(state, key=key)
        with in_plain_words():
            self._client.v1.subscriptions.update(
                state.id,
                params={"cancel_at_period_end": wanted},
                options={"idempotency_key": f"{key}:cancel"},
            )

    def cancel_now(self, state: SubscriptionState) -> None:
        """End a subscription at once; one that has ended already stays so."""
        with in_plain_words():
            try:
                self._client.v1.subscriptions.cancel(state.id)
            except stripe.InvalidRequestError as error:
                if error.code != "resource_missing":
                    raise

    def undo_purchase(self, state: SubscriptionState) -> bool:
        """Give back what a subscription's first invoice was paid with, then end it at once.

        Return False, and do nothing, for one that was invoiced more than once: no mistake of a moment. So too
        for one whose invoice is not paid yet: a payment under way may arrive after the end.
        Whoever repeats it, after a worker's death too, gives nothing back twice.
        """
        with in_plain_words():
            invoices = self._client.v1.invoices.list(params={"subscription": state.id, "limit": 2}).data
            if len(invoices) > 1 or any(each.status != "paid" for each in invoices):
                return False
            for invoice in invoices:
                give_back(self._client, invoice)
        self.cancel_now(state)
        return True

    def set_trial_end(self, state: SubscriptionState, moment: datetime, *, key: str) -> None:
        """Let a trial last until another moment."""
        with in_plain_words():
            self._client.v1.subscriptions.update(
                state.id,
                params={"trial_end": int(moment.timestamp()), "proration_behavior": "none"},
                options={"idempotency_key": f"{key}:trial"},
            )

    def _make_product(self, spec: PriceSpec) -> None:
        try:
            self._client.v1.products.retrieve(spec.product)
        except stripe.InvalidRequestError:
            self._client.v1.products.create(
                params={"id": spec.product, "name": spec.name},
                options={"idempotency_key": f"product:{spec.product}"},
            )

    def _with_prices(self, record: stripe.Subscription) -> stripe.Subscription:
        """Put the coming phases' prices in the place of their ids: lists expand only four levels deep."""
        schedule = record.schedule
        if schedule is None or isinstance(schedule, str):
            return record
        for phase in schedule.phases:
            for item in phase["items"]:
                if isinstance(item["price"], str):
                    item["price"] = self._client.v1.prices.retrieve(item["price"])
        return record


def _trial(days: int) -> Any:
    """Return a trial's parameters. Without a card it simply ends: nothing is owed."""
    return {
        "trial_period_days": days,
        "trial_settings": {"end_behavior": {"missing_payment_method": "cancel"}},
    }
