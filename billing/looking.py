"""What time alone changes: reminders before a trial ends, grace that is over, numbers that are given up."""

from __future__ import annotations

from datetime import datetime

import structlog
from django.db import transaction

from billing.models import Subscription
from billing.services.requests import lock_subscription
from billing.syncing import follow
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant

BATCH = 200
log = structlog.get_logger(__name__)


def look_after_due(now: datetime) -> int:
    """Look at every subscription at which something changes by now; return how many. Any number may run."""
    with platform_context("find subscriptions to look at"):
        due = Subscription.objects.filter(look_at__lte=now).order_by("look_at")
        tenants = list(due.values_list("tenant_id", flat=True)[:BATCH])
    for tenant in tenants:
        try:
            with tenant_context(Tenant(pk=tenant)):
                look_after(Tenant(pk=tenant), now)
        except Exception:
            # One that we cannot look after must not hold up the others.
            log.exception("subscription_look_broke", tenant_id=str(tenant))
    return len(tenants)


def look_after(tenant: Tenant, now: datetime) -> None:
    """Let what is due happen to one tenant. Two workers at once do it once: the second finds it done."""
    with transaction.atomic():
        tenant, subscription = lock_subscription(tenant)
        follow(tenant, subscription, now)
