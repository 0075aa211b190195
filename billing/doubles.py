"""Second subscriptions: a customer has one, and comes to have two only by two checkouts at the same time."""

from __future__ import annotations

import uuid
from collections.abc import Sequence

import structlog

from billing.entitlements import BILLING
from billing.enums import LIVING, Status
from billing.models import Subscription
from callsphere.providers.stripe import Payments, PaymentsError, SubscriptionState
from tenants.audit import record_event
from tenants.context import tenant_context
from tenants.models import Tenant

log = structlog.get_logger(__name__)
_IN_ORDER = (Status.TRIALING, Status.ACTIVE)


def without_doubles(
    payments: Payments, tenant_id: uuid.UUID, found: Sequence[SubscriptionState]
) -> tuple[Sequence[SubscriptionState], str]:
    """Keep the first subscription, end the others, and return with it the ids of those that could not be.

    Ended, and given back, is what our checkout began and was invoiced once, beside a first one that is in
    order. Whatever else is there was somebody's doing, and is support's to decide, as is a payment that is
    still under way or that Stripe does not give back.

    Call it outside any context. Raises PaymentsError.
    """
    living = [state for state in reversed(found) if state.status in LIVING]
    if len(living) < 2:
        return living or found, ""
    first, *others = living
    left = [double.id for double in others if not _end(payments, tenant_id, first, double)]
    if left:
        log.error("subscription_doubled", tenant_id=str(tenant_id), subscriptions=left)
    return [first], " ".join(left)


def _end(
    payments: Payments, tenant_id: uuid.UUID, first: SubscriptionState, double: SubscriptionState
) -> bool:
    if not double.is_ours or first.status not in _IN_ORDER or not _undo(payments, tenant_id, double):
        return False
    with tenant_context(Tenant(pk=tenant_id)):
        tenant = Tenant.objects.get(pk=tenant_id)
        subscription = Subscription.objects.get(tenant=tenant)
        changes = {"subscription": [double.id, None]}
        record_event(
            tenant=tenant, actor=BILLING, verb="subscription.double_ended", obj=subscription, changes=changes
        )
    log.warning("second_subscription_ended", tenant_id=str(tenant_id), subscription=double.id)
    return True


def _undo(payments: Payments, tenant_id: uuid.UUID, double: SubscriptionState) -> bool:
    """Give it back and end it. One that Stripe refuses to give back must not hide how the first one is."""
    try:
        return payments.undo_purchase(double)
    except PaymentsError as error:
        if error.may_pass:
            raise
        log.error(
            "second_subscription_not_paid_back",
            tenant_id=str(tenant_id),
            subscription=double.id,
            error=error.code,
            detail=error.detail,
        )
        return False
