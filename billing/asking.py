"""Storing what only Stripe can do: a row for each request, which a worker sees to soon."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.db import transaction

from billing.enums import RequestKind
from billing.models import BillingRequest, Plan
from callsphere import celery
from tenants.models import Tenant

WORK = "billing.do_requests", "provision"


def ask(
    tenant: Tenant,
    kind: RequestKind,
    *,
    plan: Plan | None = None,
    moment: datetime | None = None,
    **more: Any,
) -> BillingRequest:
    """Store a request without an event of its own; a worker does it soon. Call it in a transaction."""
    asked = BillingRequest.objects.create(tenant=tenant, kind=kind, plan=plan, moment=moment, **more)
    transaction.on_commit(lambda: celery.wake(*WORK))
    return asked
