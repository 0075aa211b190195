"""What support does for a customer, each with a reason that the customer reads."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone

from billing.asking import ask
from billing.enums import NoticeKind, RequestKind, Status
from billing.models import BillingRequest, Notice, Plan, Subscription
from billing.notices import send, still_holds
from billing.services.requests import lock_subscription
from billing.syncing import follow
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.models import Tenant
from tenants.services.editing import field_error

LONGEST_EXTENSION = timedelta(days=90)


def extend_trial(
    *, tenant: Tenant, actor: Actor, days: int, reason: str, now: datetime | None = None
) -> BillingRequest:
    """Let a trial last longer by days. Raises Refused outside a trial, and ValidationError."""
    if not 0 < days <= LONGEST_EXTENSION.days:
        raise field_error("days", f"Write 1 to {LONGEST_EXTENSION.days} days.", "invalid")
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        if subscription.status != Status.TRIALING or subscription.trial_end is None:
            raise Refused("There is no trial to extend.", code="no_trial")
        moment = max(subscription.trial_end, now or timezone.now()) + timedelta(days=days)
        changes = {"trial_end": [str(subscription.trial_end), str(moment)]}
        record_event(
            tenant=tenant,
            actor=actor,
            verb="subscription.trial_extended",
            obj=subscription,
            changes=changes,
            reason=reason,
        )
        return ask(tenant, RequestKind.EXTEND_TRIAL, moment=moment, actor_label=actor.label[:254])


def comp_plan(
    *, tenant: Tenant, actor: Actor, plan: Plan | None, until: datetime | None = None, reason: str
) -> Subscription:
    """Give a plan for nothing, for good or until a moment; None takes it back."""
    now = timezone.now()
    if until is not None and until <= now:
        raise field_error("until", "Choose a moment in the future, or none.", "past")
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        before = subscription.comped_plan
        subscription.comped_plan, subscription.comped_until = plan, until if plan else None
        follow(tenant, subscription, now)
        record_event(
            tenant=tenant,
            actor=actor,
            verb="subscription.comped" if plan else "subscription.comp_ended",
            obj=subscription,
            changes={
                "comped_plan": [before and str(before), plan and str(plan)],
                "comped_until": [None, str(until) if until else None],
            },
            reason=reason,
        )
    return subscription


def resend_notice(*, tenant: Tenant, actor: Actor, notice: Notice, reason: str) -> int:
    """Mail an announcement again, in today's words; return how many mails were written.

    Raises Refused for one that is not so any more, and where nobody would get it.
    """
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        kind = NoticeKind(notice.kind)
        if not still_holds(subscription, kind, timezone.now()):
            raise Refused(f"“{kind.label}” is not so any more: the mail would be wrong.", code="not_so")
        count = send(tenant, subscription, kind)
        if not count:
            raise Refused("Nobody in this organisation looks after billing.", code="nobody")
        record_event(tenant=tenant, actor=actor, verb="notice.sent_again", obj=notice, reason=reason)
    return count


def refresh(*, tenant: Tenant, actor: Actor, reason: str) -> BillingRequest:
    """Have everything read from Stripe again."""
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        if not subscription.customer:
            raise Refused("Stripe does not know this organisation yet.", code="no_plan")
        record_event(
            tenant=tenant, actor=actor, verb="subscription.refreshed", obj=subscription, reason=reason
        )
        return ask(tenant, RequestKind.REFRESH, actor_label=actor.label[:254])
