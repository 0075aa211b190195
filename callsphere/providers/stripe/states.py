"""What Stripe says of subscriptions and invoices, as far as we use it. Amounts are minor units (cents)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import stripe

from callsphere.providers.stripe.returns import Returned


@dataclass(frozen=True, slots=True)
class SubscriptionState:
    """A subscription at the moment it was asked for. `status` is Stripe's word."""

    id: str
    customer: str
    item: str
    status: str
    price: str
    lookup_key: str
    created_at: datetime
    period_start: datetime
    period_end: datetime
    trial_end: datetime | None
    cancel_at: datetime | None
    ended_at: datetime | None
    schedule: str
    next_lookup_key: str
    """The price that follows at the end of the period; empty when it stays the same."""
    is_ours: bool
    """Whether our checkout began it, not somebody's hand at Stripe."""
    card: str
    """Such as "Visa ending in 4242"; empty without one."""


@dataclass(frozen=True, slots=True)
class InvoiceState:
    """An invoice. `net` is without tax, and `total` with it; credits are negative."""

    id: str
    customer: str
    subscription: str
    number: str
    status: str
    reason: str
    currency: str
    net: int
    tax: int
    total: int
    due: int
    paid: int
    refunded: int
    disputed: int
    """What the bank withholds of it for now."""
    page_url: str
    pdf_url: str
    issued_at: datetime
    period_start: datetime
    period_end: datetime
    paid_at: datetime | None
    next_attempt_at: datetime | None


def subscription_state(record: stripe.Subscription) -> SubscriptionState:
    """Read a subscription whose schedule and cards are expanded."""
    item = record["items"]["data"][0]
    price = item["price"]
    # Stripe sets cancel_at for either way to cancel at the end of a period.
    cancel_at = record.cancel_at or (item["current_period_end"] if record.cancel_at_period_end else None)
    return SubscriptionState(
        id=record.id,
        customer=_id(record.customer),
        item=item["id"],
        status=record.status,
        price=price["id"],
        lookup_key=price["lookup_key"] or "",
        created_at=_moment(record.created),
        # The period is the item's: the subscription itself has none any more.
        period_start=_moment(item["current_period_start"]),
        period_end=_moment(item["current_period_end"]),
        trial_end=_maybe(record.trial_end),
        cancel_at=_maybe(cancel_at),
        ended_at=_maybe(record.ended_at),
        schedule=_id(record.schedule),
        next_lookup_key=_next_lookup_key(record.schedule, price["id"]),
        is_ours="tenant" in record.metadata,
        card=_card(record),
    )


def invoice_state(record: stripe.Invoice, returned: Returned) -> InvoiceState:
    """Read an invoice, of which so much went back. No more goes back than was paid."""
    details = record.parent.subscription_details if record.parent else None
    tax = sum(each.amount for each in record.total_taxes or [])
    net = record.total_excluding_tax
    return InvoiceState(
        id=record.id,
        customer=_id(record.customer),
        subscription=_id(details.subscription) if details else "",
        number=record.number or "",
        status=record.status or "draft",
        reason=record.billing_reason or "",
        currency=record.currency,
        net=record.total - tax if net is None else net,
        tax=tax,
        total=record.total,
        due=record.amount_due,
        paid=record.amount_paid,
        refunded=min(returned.refunded, record.amount_paid),
        disputed=min(returned.disputed, record.amount_paid),
        page_url=record.hosted_invoice_url or "",
        pdf_url=record.invoice_pdf or "",
        issued_at=_moment(record.status_transitions.finalized_at or record.created),
        period_start=_moment(record.period_start),
        period_end=_moment(record.period_end),
        paid_at=_maybe(record.status_transitions.paid_at),
        next_attempt_at=_maybe(record.next_payment_attempt),
    )


def _next_lookup_key(schedule: Any, price: str) -> str:
    """Return the price of the phase after the running one, when it is another."""
    if schedule is None or isinstance(schedule, str) or schedule.current_phase is None:
        return ""
    following = [each for each in schedule.phases if each.start_date >= schedule.current_phase.end_date]
    if not following:
        return ""
    coming = following[0]["items"][0]["price"]
    is_known = not isinstance(coming, str)
    return "" if is_known and coming.id == price else (coming.lookup_key or "" if is_known else "")


def _card(record: stripe.Subscription) -> str:
    method: Any = record.default_payment_method
    if method is None and not isinstance(record.customer, str):
        settings = record.customer.invoice_settings
        method = settings.default_payment_method if settings else None
    if method is None or isinstance(method, str):
        return ""
    if method.type != "card":
        return str(method.type).replace("_", " ").capitalize()
    return f"{method.card.brand.capitalize()} ending in {method.card.last4}"


def _id(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else str(value.id)


def _moment(value: int) -> datetime:
    return datetime.fromtimestamp(value, UTC)


def _maybe(value: int | None) -> datetime | None:
    return None if value is None else _moment(value)
