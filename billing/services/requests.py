"""What people and programs ask for. Stripe alone can do it, so it becomes a row, which a worker sees to."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from billing.asking import ask
from billing.entitlements import apply_entitlement
from billing.enums import CUSTOMER_KINDS, LIVING, OVERDUE, RequestKind, WorkState
from billing.models import BillingRequest, Plan, Subscription
from billing.payments import check_configured
from billing.queries import offered_plan
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.models import Tenant
from tenants.room import Use, excess_over
from tenants.services.editing import field_error, lock_tenant

_IN_THE_WAY = (*CUSTOMER_KINDS, RequestKind.START_TRIAL)
"""What another request must wait for; what support and CallSphere itself want holds nobody up."""


def request_checkout(*, tenant: Tenant, actor: Actor, plan: str, return_path: str = "") -> BillingRequest:
    """Ask for the page on which this plan is bought, with a trial the first time.

    Raises ValidationError for a plan that is not offered, and Refused: where nothing can be bought, when
    there is a plan already, or when more is in use than the plan has room for.
    """
    check_configured()
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        chosen = _offered(plan)
        if subscription.status in LIVING:
            raise Refused(
                f"You have the plan {subscription.plan} already. Change it instead.", code="has_plan"
            )
        _check_fits(tenant, chosen)
        return _ask(tenant, actor, RequestKind.CHECKOUT, plan=chosen, return_path=return_path)


def request_change(*, tenant: Tenant, actor: Actor, plan: str) -> BillingRequest:
    """Ask for another plan: a larger one at once, a smaller one with the next period (in a trial at once).

    The plan that one has takes a coming change back. A smaller plan takes its room away at once: what is in
    use can only become less until it holds. Raises ValidationError for a plan that is not offered, Refused.
    """
    check_configured()
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        chosen = _kept(subscription, plan) or _offered(plan)
        _check_changeable(subscription, chosen)
        asked = _ask(tenant, actor, RequestKind.CHANGE_PLAN, plan=chosen)
        is_smaller = subscription.plan is not None and chosen.price < subscription.plan.price
        if is_smaller:
            _check_fits(tenant, chosen)
            subscription.next_plan = chosen
            apply_entitlement(tenant, subscription, timezone.now())
            subscription.save()
    return asked


def request_cancellation(*, tenant: Tenant, actor: Actor) -> BillingRequest:
    """Ask that the plan ends with its period. Raises Refused without a plan that goes on."""
    check_configured()
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        _check_living(subscription)
        if subscription.cancel_at is not None:
            raise Refused("The plan is canceled already.", code="canceled_already")
        return _ask(tenant, actor, RequestKind.CANCEL)


def request_resumption(*, tenant: Tenant, actor: Actor) -> BillingRequest:
    """Ask that a canceled plan goes on after all. Raises Refused when there is nothing to take back."""
    check_configured()
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        _check_living(subscription)
        if subscription.cancel_at is None:
            raise Refused("The plan is not canceled.", code="not_canceled")
        return _ask(tenant, actor, RequestKind.RESUME)


def request_portal(*, tenant: Tenant, actor: Actor, return_path: str = "") -> BillingRequest:
    """Ask for the page on which cards are changed and open invoices are paid. Raises Refused."""
    check_configured()
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        if not subscription.customer:
            raise Refused("Choose a plan first: there is nothing to pay yet.", code="no_plan")
        return _ask(tenant, actor, RequestKind.PORTAL, return_path=return_path)


def request_trial(*, tenant: Tenant, actor: Actor, plan: str) -> BillingRequest:
    """Start a trial without a checkout, for a tenant that never had one. Raises Refused, ValidationError."""
    check_configured()
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        if subscription.had_trial or subscription.status in LIVING:
            raise Refused("This organisation had its trial.", code="had_trial")
        chosen = _offered(plan)
        _check_fits(tenant, chosen)
        return _ask(tenant, actor, RequestKind.START_TRIAL, plan=chosen)


def lock_subscription(tenant: Tenant) -> tuple[Tenant, Subscription]:
    """Return tenant and subscription as stored, locked in this order until the transaction ends."""
    locked = lock_tenant(tenant)
    Subscription.objects.get_or_create(tenant=locked)
    rows = Subscription.objects.select_for_update(of=("self",)).select_related(
        "plan", "next_plan", "comped_plan"
    )
    return locked, rows.get(tenant=locked)


def _ask(
    tenant: Tenant, actor: Actor, kind: RequestKind, *, plan: Plan | None = None, return_path: str = ""
) -> BillingRequest:
    """Store a request, or return the same one that is under way. Raises Refused while another is."""
    waiting = BillingRequest.objects.filter(
        tenant=tenant, state=WorkState.WAITING, kind__in=_IN_THE_WAY
    ).select_related("plan")
    for each in waiting:
        if (each.kind, each.plan_id) == (kind, plan.pk if plan else None):
            return each
        raise Refused("Another change of the plan is under way. Wait a moment.", code="busy")
    asked = ask(tenant, kind, plan=plan, return_path=return_path, actor_label=actor.label[:254])
    changes = {"plan": [None, str(plan)]} if plan else {}
    record_event(
        tenant=tenant,
        actor=actor,
        verb=f"billing.{kind}_asked",
        obj=asked,
        changes=changes,
        even_read_only=True,
    )
    return asked


def _offered(code: str) -> Plan:
    plan = offered_plan(code)
    if plan is None:
        raise field_error("plan", "Choose one of the plans that are offered.", "invalid_choice")
    return plan


def _kept(subscription: Subscription, code: str) -> Plan | None:
    """Return the plan that one has, though it may not be offered any more."""
    return subscription.plan if subscription.plan is not None and subscription.plan.code == code else None


def _check_changeable(subscription: Subscription, chosen: Plan) -> None:
    _check_living(subscription)
    if subscription.status in OVERDUE:
        raise Refused("Pay the open invoice first, then change the plan.", code="payment_overdue")
    if subscription.cancel_at is not None:
        raise Refused("The plan is canceled. Take that back first.", code="canceled_already")
    if chosen == subscription.plan and subscription.next_plan is None:
        raise Refused(f"You have the plan {chosen} already.", code="has_plan")


def _check_living(subscription: Subscription) -> None:
    if subscription.status not in LIVING:
        raise Refused("There is no plan that goes on. Choose one first.", code="no_plan")


def _check_fits(tenant: Tenant, plan: Plan) -> None:
    """Raise Refused, with the way out, when more is in use than the plan has room for. Lock the tenant."""
    excess = excess_over(tenant, plan.limits)
    if excess:
        what = " and ".join(_words(use) for use in excess)
        raise Refused(
            f"You use {what} than the plan {plan} has room for. Remove these first, then choose it again.",
            code="too_much_in_use",
        )


def _words(use: Use) -> str:
    more = use.used - use.limit
    return f"{more} more {use.counted.noun if more == 1 else use.counted.plural}"
