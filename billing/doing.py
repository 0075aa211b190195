"""Doing what was asked for: claim due requests, ask Stripe outside any transaction, store what came of it.

Each change carries a key made of the request's id: a worker that takes over from a dead one repeats the same
request, and Stripe does it once.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from django.conf import settings
from django.urls import reverse
from django.utils import timezone

from billing.claims import claim_due, finish, put_off
from billing.enums import LIVING, OVERDUE, RequestKind, WorkState
from billing.models import LONGEST_ERROR, BillingRequest, Plan, Subscription
from billing.notices import RECEIVERS
from billing.payments import payments, price_spec
from billing.syncing import follow, sync
from callsphere.providers.stripe import Payments, PaymentsError, SubscriptionState, fault_of_ours
from callsphere.providers.stripe.client import Checkout
from tenants.context import tenant_context
from tenants.keys import seal_for
from tenants.models import Membership, Tenant
from tenants.services.editing import lock_tenant

log = structlog.get_logger(__name__)
BATCH = 10
GIVE_UP_AFTER = timedelta(minutes=10)
"""How long something is tried that somebody waits for."""
_PATIENT = (RequestKind.EXTEND_TRIAL, RequestKind.END, RequestKind.REFRESH, RequestKind.START_TRIAL)
_PATIENCE = timedelta(days=3)


@dataclass(frozen=True, slots=True)
class Job:
    """A request with what it takes to do it."""

    request: BillingRequest
    tenant: Tenant
    customer: str
    had_trial: bool
    email: str

    @property
    def key(self) -> str:
        """What makes a repeated change the same change."""
        return f"request:{self.request.pk}"


def do_due(clock: Callable[[], datetime] = timezone.now) -> int:
    """Do what is due; return how many requests were claimed. Any number of these may run at once."""
    claimed = claim_due(BillingRequest, clock(), BATCH)
    for request in claimed:
        do_one(payments(), request, clock)
    return len(claimed)


def do_one(provider: Payments, request: BillingRequest, clock: Callable[[], datetime] = timezone.now) -> None:
    """Do one claimed request and store how it went."""
    try:
        job = _job(request)
        url = _ACTIONS[RequestKind(request.kind)](provider, job)
        sync(provider, request.tenant_id)
    except PaymentsError as error:
        _store_failure(request, error, clock())
        return
    except Exception:
        # One request that we cannot do must not hold up the others.
        log.exception("billing_request_broke", request_id=str(request.pk), kind=request.kind)
        _store_failure(request, fault_of_ours(), clock())
        return
    with tenant_context(job.tenant):
        sealed: dict[str, Any] = {"url": seal_for(request, "url", url)} if url else {}
        finish(request, clock(), error="", **sealed)
    log.info("billing_request_done", request_id=str(request.pk), kind=request.kind)


def _job(request: BillingRequest) -> Job:
    with tenant_context(Tenant(pk=request.tenant_id)):
        tenant = Tenant.objects.get(pk=request.tenant_id)
        request.plan = Plan.objects.get(pk=request.plan_id) if request.plan_id else None
        subscription = Subscription.objects.get(tenant=tenant)
        owners = Membership.objects.filter(tenant=tenant, role__in=RECEIVERS).select_related("user")
        emails = [member.user.email for member in owners.order_by("created_at")]
    return Job(request, tenant, subscription.customer, subscription.had_trial, emails[0] if emails else "")


def _store_failure(request: BillingRequest, error: PaymentsError, now: datetime) -> None:
    if request.kind in _PATIENT:
        is_over = not error.may_pass or now >= request.created_at + _PATIENCE
    else:
        is_over = error.is_permanent or now >= request.created_at + GIVE_UP_AFTER
    with tenant_context(Tenant(pk=request.tenant_id)):
        if not is_over:
            put_off(request, now, str(error))
            return
        tenant = lock_tenant(Tenant(pk=request.tenant_id))
        is_mine = finish(
            request,
            now,
            state=WorkState.FAILED,
            error=str(error)[:LONGEST_ERROR],
            error_code=error.code,
        )
        if is_mine and request.kind == RequestKind.CHANGE_PLAN:
            _give_room_back(tenant, now)
    log.warning(
        "billing_request_failed", request_id=str(request.pk), kind=request.kind, error=error.code,
        detail=error.detail,
    )  # fmt: skip


def _give_room_back(tenant: Tenant, now: datetime) -> None:
    """Undo what a change to a smaller plan took away beforehand: it did not come about."""
    subscription = Subscription.objects.select_for_update().get(tenant=tenant)
    subscription.next_plan = None
    follow(tenant, subscription, now)


def _checkout(provider: Payments, job: Job) -> str:
    assert job.request.plan is not None  # noqa: S101 (the service stores one)
    wanted = Checkout(
        customer=_customer(provider, job),
        price=provider.price_id(price_spec(job.request.plan)),
        tenant=str(job.tenant.pk),
        trial_days=0 if job.had_trial else job.request.plan.trial_days,
        success_url=_page("billing:returned", job),
        cancel_url=_page("billing:choose", job),
        with_tax=settings.STRIPE_TAX,
    )
    return provider.open_checkout(wanted, key=job.key)


def _start_trial(provider: Payments, job: Job) -> str:
    assert job.request.plan is not None  # noqa: S101 (the service stores one)
    provider.start_trial(
        customer=_customer(provider, job),
        price=provider.price_id(price_spec(job.request.plan)),
        tenant=str(job.tenant.pk),
        trial_days=job.request.plan.trial_days,
        key=job.key,
    )
    return ""


def _portal(provider: Payments, job: Job) -> str:
    return_url = settings.PUBLIC_URL + (job.request.return_path or _path("billing:plan", job))
    return provider.open_portal(customer=job.customer, return_url=return_url, key=job.key)


def _change_plan(provider: Payments, job: Job) -> str:
    assert job.request.plan is not None  # noqa: S101 (the service stores one)
    state = _living(provider, job)
    spec = price_spec(job.request.plan)
    price = provider.price_id(spec)
    if price == state.price:
        provider.release_schedule(state, key=job.key)
    elif state.status == "trialing" or spec.amount > _amount_of(state):
        provider.change_price_now(state, price, key=job.key)
    else:
        provider.change_price_at_period_end(state, price, key=job.key)
    return ""


def _cancel(provider: Payments, job: Job) -> str:
    provider.set_cancellation(_living(provider, job), wanted=True, key=job.key)
    return ""


def _resume(provider: Payments, job: Job) -> str:
    provider.set_cancellation(_living(provider, job), wanted=False, key=job.key)
    return ""


def _extend_trial(provider: Payments, job: Job) -> str:
    assert job.request.moment is not None  # noqa: S101 (the service stores one)
    provider.set_trial_end(_living(provider, job), job.request.moment, key=job.key)
    return ""


def _end(provider: Payments, job: Job) -> str:
    """End what nobody pays for. Whoever paid since it was asked for keeps what they paid for."""
    for state in provider.subscriptions_of(job.customer):
        if state.status in OVERDUE:
            provider.cancel_now(state)
    return ""


def _refresh(provider: Payments, job: Job) -> str:
    return ""  # every request ends with reading everything again


_ACTIONS: dict[RequestKind, Callable[[Payments, Job], str]] = {
    RequestKind.CHECKOUT: _checkout,
    RequestKind.PORTAL: _portal,
    RequestKind.CHANGE_PLAN: _change_plan,
    RequestKind.CANCEL: _cancel,
    RequestKind.RESUME: _resume,
    RequestKind.START_TRIAL: _start_trial,
    RequestKind.EXTEND_TRIAL: _extend_trial,
    RequestKind.END: _end,
    RequestKind.REFRESH: _refresh,
}


def _customer(provider: Payments, job: Job) -> str:
    """Return the tenant's customer at Stripe; it is made once, however many workers try."""
    if job.customer:
        return job.customer
    made = provider.make_customer(
        tenant=str(job.tenant.pk), name=job.tenant.name, email=job.email, key=f"customer:{job.tenant.pk}"
    )
    with tenant_context(job.tenant):
        Subscription.objects.filter(tenant=job.tenant, customer="").update(customer=made)
    return made


def _living(provider: Payments, job: Job) -> SubscriptionState:
    for state in provider.subscriptions_of(job.customer):
        if state.status in LIVING:
            return state
    raise PaymentsError(
        "There is no plan any more that goes on. Choose one.", code="no_plan", is_permanent=True
    )


def _amount_of(state: SubscriptionState) -> int:
    plans = {plan.lookup_key: plan.price for plan in Plan.objects.all()}
    return plans.get(state.lookup_key, 0)


def _page(name: str, job: Job) -> str:
    return settings.PUBLIC_URL + _path(name, job)


def _path(name: str, job: Job) -> str:
    return reverse(name, kwargs={"tenant": job.tenant.slug})
