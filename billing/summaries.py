"""Plans, payment and invoices in the words of the pages."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from django.urls import reverse

from billing.enums import LIVING, OVERDUE, InvoiceStatus, Stage, Status
from billing.models import LIMIT_FIELDS, Invoice, Plan, Subscription
from billing.money import amount_words, price_words
from tenants.models import Tenant
from tenants.room import Use, excess_over, room_of

_LINES = (
    ("number_limit", "phone number", "phone numbers"),
    ("trunk_limit", "trunk", "trunks"),
    ("member_limit", "member", "members"),
    ("api_key_limit", "API key", "API keys"),
    ("concurrent_call_limit", "outbound call at a time", "outbound calls at a time"),
    ("api_requests_per_minute", "API request a minute", "API requests a minute"),
)


@dataclass(frozen=True, slots=True)
class PlanCard:
    """A plan as it is offered. `relation` to what one has: current, next, larger, smaller, or empty."""

    plan: Plan
    price: str
    lines: tuple[str, ...]
    relation: str = ""


@dataclass(frozen=True, slots=True)
class Headline:
    """How plan and payment stand: a state of the design system, words, and a detail."""

    state: str
    label: str
    detail: str = ""
    moment: datetime | None = None


@dataclass(frozen=True, slots=True)
class UseRow:
    """How much of something is used. `url` is where some can be given up, `go_words` the button to it."""

    label: str
    used: int
    limit: int
    url: str = ""
    go_words: str = ""

    @property
    def is_full(self) -> bool:
        """Whether something is used and not one more fits. No room at all, as before a plan, is not full."""
        return self.used >= max(self.limit, 1)


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice as the list shows it."""

    invoice: Invoice
    state: str
    label: str
    total: str
    tax: str
    refunded: str


def plan_cards(plans: Iterable[Plan], subscription: Subscription | None = None) -> list[PlanCard]:
    """Return the plans as they are offered, beside what one has."""
    return [
        PlanCard(
            plan, price_words(plan.price, plan.currency), plan_lines(plan), _relation(plan, subscription)
        )
        for plan in plans
    ]


def plan_lines(plan: Plan) -> tuple[str, ...]:
    """Return what a plan has room for, a line each."""
    return tuple(
        f"{getattr(plan, column):,} {one if getattr(plan, column) == 1 else many}"
        for column, one, many in _LINES
    )


def plan_name(subscription: Subscription, now: datetime) -> str:
    """Return the plan that holds, in words."""
    comped = subscription.comped_plan
    if comped is not None and (subscription.comped_until is None or subscription.comped_until > now):
        return f"{comped}, given by CallSphere"
    return (
        str(subscription.plan) if subscription.plan and subscription.status != Status.NONE else "No plan yet"
    )


def headline(subscription: Subscription, now: datetime) -> Headline:
    """Say how plan and payment stand."""
    status = subscription.status
    comped = subscription.comped_plan
    if comped is not None and (subscription.comped_until is None or subscription.comped_until > now):
        return Headline("pass", "Given by CallSphere", "until", subscription.comped_until)
    if subscription.stage == Stage.GRACE:
        return Headline("warn", "Payment missing", "pay until", subscription.grace_until)
    if subscription.stage in (Stage.READ_ONLY, Stage.RELEASED):
        return Headline("fail", "Unpaid" if status in OVERDUE else "Ended", "nothing can be changed")
    if subscription.cancel_at is not None and status in LIVING:
        return Headline("warn", "Canceled", "ends", subscription.cancel_at)
    if status == Status.TRIALING:
        return Headline("pass", "Trial", "until", subscription.trial_end)
    if status == Status.ACTIVE:
        return Headline("pass", "Paid", "next invoice", subscription.period_end)
    return Headline("unknown", "No plan yet", "look around, and choose when you are ready")


def use_rows(tenant: Tenant) -> list[UseRow]:
    """Return what is used of the room there is. One query for each that is counted."""
    return [_use_row(tenant, use) for use in room_of(tenant)]


def excess_rows(tenant: Tenant, plan: Plan) -> list[UseRow]:
    """Return what is used beyond the room of a plan. One query for each that is counted."""
    return [_use_row(tenant, use) for use in excess_over(tenant, plan.limits)]


def _use_row(tenant: Tenant, use: Use) -> UseRow:
    plural = use.counted.plural
    url = reverse(use.counted.url_name, kwargs={"tenant": tenant.slug})
    return UseRow(plural[0].upper() + plural[1:], use.used, use.limit, url, f"Open your {plural}")


def invoice_rows(invoices: Iterable[Invoice]) -> list[InvoiceRow]:
    """Return invoices as the list shows them."""
    return [_invoice_row(invoice) for invoice in invoices]


def prorated(subscription: Subscription, plan: Plan, now: datetime) -> str:
    """Return about what a change to a larger plan costs at once; empty where nothing is due."""
    has, start, end = subscription.plan, subscription.period_start, subscription.period_end
    if has is None or start is None or end is None or subscription.status == Status.TRIALING:
        return ""
    left = min(1.0, max(0.0, (end - now) / (end - start)))
    due = round((plan.price - has.price) * left)
    return price_words(round(due, -2), plan.currency) if due > 0 else ""


def _relation(plan: Plan, subscription: Subscription | None) -> str:
    if subscription is None or subscription.plan is None or subscription.status not in LIVING:
        return ""
    if plan.pk == subscription.next_plan_id:
        return "next"
    if plan.pk == subscription.plan_id or plan.code == subscription.plan.code:
        return "current"
    return "larger" if plan.price > subscription.plan.price else "smaller"


def _invoice_row(invoice: Invoice) -> InvoiceRow:
    state, label = {
        InvoiceStatus.PAID: ("pass", "Paid"),
        InvoiceStatus.OPEN: ("warn", "Open"),
        InvoiceStatus.VOID: ("skipped", "Void"),
        InvoiceStatus.UNCOLLECTIBLE: ("fail", "Unpaid"),
    }.get(InvoiceStatus(invoice.status), ("unknown", invoice.get_status_display()))
    if invoice.refunded:
        label = "Refunded" if invoice.refunded == invoice.paid else "Partly refunded"
    currency = invoice.currency
    return InvoiceRow(
        invoice,
        state,
        label,
        amount_words(invoice.total, currency),
        amount_words(invoice.tax, currency) if invoice.tax else "",
        amount_words(invoice.refunded, currency) if invoice.refunded else "",
    )


assert {column for column, _one, _many in _LINES} == set(LIMIT_FIELDS)  # noqa: S101 (a plan hides nothing)
