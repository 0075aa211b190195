"""What Stripe tells us: stored before it is answered, then processed from the table.

An event says only that something is otherwise now. Each customer that is named is asked about once, however
many events name them, twice, late or in which order.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from billing.claims import claim_due, finish, put_off
from billing.enums import WorkState
from billing.models import LONGEST_ERROR, StripeEvent, Subscription
from billing.payments import payments
from billing.syncing import sync
from callsphere import celery
from callsphere.providers.stripe import IncomingEvent, Payments, PaymentsError, fault_of_ours
from tenants.context import platform_context

log = structlog.get_logger(__name__)
BATCH = 25
"""How many events one claim takes: each may wait for Stripe, and all must end within the lease."""
LONGEST_TRY = timedelta(days=3)
ROWS_KEPT = timedelta(days=60)
_HEARD = (
    "charge.dispute.",
    "charge.refund.",
    "checkout.session.",
    "customer.subscription.",
    "invoice.",
    "refund.",
    "subscription_schedule.",
)
_HEARD_EXACTLY = ("customer.updated", "payment_method.attached", "payment_method.detached", "charge.refunded")


def store_event(event: IncomingEvent) -> bool:
    """Store an event; return False for one that is there already. Call it outside any context."""
    try:
        with transaction.atomic():
            StripeEvent.objects.bulk_create([
                StripeEvent(
                    event_id=event.id[:255],
                    kind=event.type[:100],
                    customer=event.customer[:64],
                    object_id=event.object_id[:255],
                    charge=event.charge[:255],
                    api_version=event.api_version[:40],
                    happened_at=event.created_at,
                )
            ])  # fmt: skip
    except IntegrityError:
        return False
    celery.wake("billing.process_events", "provision")
    return True


def process_due(clock: Callable[[], datetime] = timezone.now) -> int:
    """Process the events that are due; return how many were claimed. Any number of these may run at once."""
    claimed = claim_due(StripeEvent, clock(), BATCH)
    if claimed:
        process(payments(), claimed, clock)
    return len(claimed)


def process(
    provider: Payments, events: Sequence[StripeEvent], clock: Callable[[], datetime] = timezone.now
) -> None:
    """Process claimed events: one question for each customer among them."""
    heard = [event for event in events if _is_heard(event)]
    customers, errors = _customers_of(provider, heard)
    tenants = _tenants_of(set(customers.values()) - {""})  # of many tenants none is known yet
    by_tenant: dict[uuid.UUID | None, list[StripeEvent]] = {}
    for event in events:
        if event.pk in errors:
            _store([event], errors[event.pk], clock())
        else:
            by_tenant.setdefault(tenants.get(customers.get(event.pk, "")), []).append(event)
    for tenant, theirs in by_tenant.items():
        error = _process_of(provider, tenant) if tenant is not None else None
        _store(theirs, error, clock())


def sweep(now: datetime) -> None:
    """Forget events that were processed long ago."""
    with platform_context("sweep events"):
        StripeEvent.objects.filter(ended_at__lt=now - ROWS_KEPT).delete()


def _tenants_of(customers: set[str]) -> dict[str, uuid.UUID]:
    with platform_context("find customers' tenants"):
        rows = Subscription.objects.filter(customer__in=customers)
        return dict(rows.values_list("customer", "tenant_id"))


def _is_heard(event: StripeEvent) -> bool:
    return event.kind.startswith(_HEARD) or event.kind in _HEARD_EXACTLY


def _customers_of(
    provider: Payments, events: Sequence[StripeEvent]
) -> tuple[dict[uuid.UUID, str], dict[uuid.UUID, PaymentsError]]:
    """Return each event's customer, or why it could not be asked for: disputes name a charge alone."""
    customers = {event.pk: event.customer for event in events}
    asked: dict[str, str | PaymentsError] = {}
    errors: dict[uuid.UUID, PaymentsError] = {}
    for event in events:
        if event.customer or not event.charge:
            continue
        if event.charge not in asked:
            asked[event.charge] = _customer_of(provider, event.charge)
        answer = asked[event.charge]
        if isinstance(answer, PaymentsError):
            errors[event.pk] = answer
        else:
            customers[event.pk] = answer
    return customers, errors


def _customer_of(provider: Payments, charge: str) -> str | PaymentsError:
    try:
        return provider.customer_of(charge)
    except PaymentsError as error:
        return error


def _process_of(provider: Payments, tenant: uuid.UUID) -> PaymentsError | None:
    try:
        sync(provider, tenant)
    except PaymentsError as error:
        return error
    except Exception:
        # One customer whom we cannot follow must not hold up the others.
        log.exception("stripe_events_broke", tenant_id=str(tenant))
        return fault_of_ours()
    return None


def _store(events: Sequence[StripeEvent], error: PaymentsError | None, now: datetime) -> None:
    with platform_context("store how events went"):
        for event in events:
            if error is None:
                finish(event, now, error="")
            elif not error.may_pass or now >= event.received_at + LONGEST_TRY:
                finish(event, now, state=WorkState.FAILED, error=str(error)[:LONGEST_ERROR])
            else:
                put_off(event, now, str(error))
    if error is not None:
        log.warning("stripe_events_put_off", count=len(events), error=error.code, detail=error.detail)
