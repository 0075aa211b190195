"""Reading plans, subscriptions and invoices. Call these inside a context."""

from __future__ import annotations

from django.db.models import QuerySet

from billing.models import BillingRequest, Invoice, Plan, Subscription
from tenants.models import Tenant


def offered_plans() -> QuerySet[Plan]:
    """Return the plans that can be chosen now, the smallest first. They are the same for all."""
    return Plan.objects.filter(is_offered=True)


def offered_plan(code: str) -> Plan | None:
    """Return the plan of this code that can be chosen now."""
    return offered_plans().filter(code=code).first()


def subscription_of(tenant: Tenant) -> Subscription:
    """Return what the tenant bought; an unsaved row when it never looked for a plan."""
    rows = Subscription.objects.select_related("plan", "next_plan", "comped_plan")
    return rows.filter(tenant=tenant).first() or Subscription(tenant=tenant)


def invoices_of(tenant: Tenant) -> QuerySet[Invoice]:
    """Return a tenant's invoices, the newest first. What is still a draft is not one yet."""
    return Invoice.objects.filter(tenant=tenant).exclude(status="draft")


def requests_of(tenant: Tenant) -> QuerySet[BillingRequest]:
    """Return what the tenant asked for, the newest first."""
    return BillingRequest.objects.filter(tenant=tenant).select_related("plan")
