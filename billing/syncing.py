"""Asking Stripe what is so now, and storing it. Nothing that an event says is believed without asking.

Whoever asks takes a number first. An answer is stored only while its number is the last one that was taken:
of two workers that ask at once, the later question wins, whichever answer comes first.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.db.models import F
from django.utils import timezone

from billing.asking import ask
from billing.doubles import without_doubles
from billing.entitlements import BILLING, apply_entitlement, move_on
from billing.enums import NEVER_BEGAN, RequestKind, Stage, WorkState
from billing.models import BillingRequest, Invoice, Plan, Subscription
from billing.notices import announce
from billing.payments import is_configured
from callsphere.providers.stripe import InvoiceState, Payments, SubscriptionState
from tenants.audit import differences, record_event, snapshot
from tenants.context import tenant_context
from tenants.models import Tenant
from tenants.services.editing import lock_tenant
from trunks.enums import AccountStatus
from trunks.services import want_account

log = structlog.get_logger(__name__)
_TOLD = ("plan", "next_plan", "status", "trial_end", "cancel_at", "ended_at")
_ACCOUNTS = {Stage.READ_ONLY: AccountStatus.SUSPENDED, Stage.RELEASED: AccountStatus.CLOSED}
"""What the tenant's account for phone numbers is in these stages; in all others it is active."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What Stripe said, and the number under which it was asked."""

    number: int
    subscriptions: Sequence[SubscriptionState]
    invoices: Sequence[InvoiceState]
    doubled: str = ""
    """Ids of further subscriptions, which support must end."""


def sync(payments: Payments, tenant_id: uuid.UUID) -> bool:
    """Bring a tenant's subscription and invoices up to date; return whether the answer was stored.

    Call it outside any context. Raises PaymentsError.
    """
    number, customer = _take_number(tenant_id)
    if not customer:
        return True
    found, doubled = without_doubles(payments, tenant_id, payments.subscriptions_of(customer))
    answer = Answer(number, found, payments.invoices_of(customer), doubled)
    return store(tenant_id, answer, timezone.now())


def store(tenant_id: uuid.UUID, answer: Answer, now: datetime) -> bool:
    """Store an answer and what follows from it; return False, storing nothing, for one that was overtaken."""
    with tenant_context(Tenant(pk=tenant_id)):
        tenant = lock_tenant(Tenant(pk=tenant_id))
        subscription = Subscription.objects.select_for_update().get(tenant=tenant)
        if subscription.fetch_number != answer.number:
            return False
        before = snapshot(subscription, _TOLD)
        _take_over(subscription, answer.subscriptions)
        subscription.doubled = answer.doubled[:255]
        subscription.fetched_at = now
        _store_invoices(tenant, answer.invoices)
        follow(tenant, subscription, now)
        changes = differences(before, snapshot(subscription, _TOLD))
        if changes:
            record_event(
                tenant=tenant, actor=BILLING, verb="subscription.changed", obj=subscription, changes=changes
            )
    return True


def follow(tenant: Tenant, subscription: Subscription, now: datetime) -> None:
    """Let stage, announcements, the tenant's columns and its account for numbers follow a subscription.

    One whose numbers are given up ends at Stripe too, whoever notices first: an event's worker or time's.
    Lock the tenant before.
    """
    before = move_on(subscription, now)
    announce(tenant, subscription, before, now)
    apply_entitlement(tenant, subscription, now)
    want_account(tenant, _ACCOUNTS.get(Stage(subscription.stage), AccountStatus.ACTIVE))
    subscription.save()
    is_given_up = subscription.stage == Stage.RELEASED and before != Stage.RELEASED
    if is_given_up and subscription.is_living and is_configured():
        _end(tenant)


def _end(tenant: Tenant) -> None:
    """Have a subscription that nobody paid for end at Stripe too, so that it asks for no more."""
    waiting = BillingRequest.objects.filter(tenant=tenant, kind=RequestKind.END, state=WorkState.WAITING)
    if not waiting.exists():
        ask(tenant, RequestKind.END, actor_label="billing")


def _take_number(tenant_id: uuid.UUID) -> tuple[int, str]:
    with tenant_context(Tenant(pk=tenant_id)):
        rows = Subscription.objects.filter(tenant_id=tenant_id)
        rows.update(fetch_number=F("fetch_number") + 1)
        found = rows.values_list("fetch_number", "customer").first()
    return found or (0, "")


def _take_over(subscription: Subscription, found: Sequence[SubscriptionState]) -> None:
    begun = [each for each in found if each.status not in NEVER_BEGAN]
    if not begun:
        return
    state = max(begun, key=lambda each: each.created_at)
    plans = {plan.lookup_key: plan for plan in Plan.objects.all()}
    subscription.plan = plans.get(state.lookup_key, subscription.plan)
    subscription.next_plan = _next_plan(subscription, plans.get(state.next_lookup_key))
    subscription.status = state.status
    subscription.stripe_id = state.id
    subscription.card = state.card
    subscription.had_trial = subscription.had_trial or state.trial_end is not None
    subscription.period_start, subscription.period_end = state.period_start, state.period_end
    subscription.trial_end, subscription.cancel_at = state.trial_end, state.cancel_at
    subscription.ended_at = state.ended_at


def _next_plan(subscription: Subscription, found: Plan | None) -> Plan | None:
    """Return what follows. A change that is asked for and not yet done counts: its room is gone already."""
    asked = BillingRequest.objects.filter(
        tenant=subscription.tenant_id, kind=RequestKind.CHANGE_PLAN, state=WorkState.WAITING
    ).select_related("plan")
    coming = next((each.plan for each in asked), found)
    is_smaller = (
        coming is not None and subscription.plan is not None and coming.price < subscription.plan.price
    )
    return coming if is_smaller else None


def _store_invoices(tenant: Tenant, invoices: Sequence[InvoiceState]) -> None:
    Invoice.objects.bulk_create(
        [
            Invoice(
                tenant=tenant,
                stripe_id=each.id,
                number=each.number,
                status=each.status,
                reason=each.reason,
                currency=each.currency,
                net=each.net,
                tax=each.total - each.net,
                total=each.total,
                due=each.due,
                paid=each.paid,
                refunded=each.refunded,
                disputed=each.disputed,
                page_url=each.page_url,
                pdf_url=each.pdf_url,
                issued_at=each.issued_at,
                period_start=each.period_start,
                period_end=each.period_end,
                paid_at=each.paid_at,
                next_attempt_at=each.next_attempt_at,
            )
            for each in invoices
        ],
        update_conflicts=True,
        unique_fields=["tenant", "stripe_id"],
        update_fields=[
            "number",
            "status",
            "net",
            "tax",
            "total",
            "due",
            "paid",
            "refunded",
            "disputed",
            "page_url",
            "pdf_url",
            "issued_at",
            "paid_at",
            "next_attempt_at",
        ],
    )
