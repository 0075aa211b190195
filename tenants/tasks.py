"""Background work of the tenants app, and the base of every task that works for one tenant."""

import uuid
from datetime import timedelta
from typing import Any

from celery import Task
from celery.exceptions import Reject
from django.utils import timezone

from callsphere.celery import app
from tenants.context import platform_context, tenant_context
from tenants.idempotency import LIFETIME
from tenants.mail import delivery
from tenants.models import IdempotentRequest, Invitation, Tenant, TenantRoute

TENANT_HEADER = "callsphere_tenant"
_KEEP_ENDED_INVITATIONS = timedelta(days=30)


class TenantTask(Task):
    """A task that runs inside one tenant's context, which its message's header names.

    Start it with `task.for_tenant(tenant_id, …ids…)`; without the header it is rejected, never run unscoped.
    """

    abstract = True

    def for_tenant(self, tenant_id: uuid.UUID, *args: Any) -> None:
        """Send the task for a tenant."""
        self.apply_async(args, headers={TENANT_HEADER: str(tenant_id)})

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        tenant_id = (self.request.headers or {}).get(TENANT_HEADER) or self.request.get(TENANT_HEADER)
        if tenant_id is None:
            raise Reject("no tenant in the message", requeue=False)
        with tenant_context(Tenant(pk=uuid.UUID(tenant_id))):
            return super().__call__(*args, **kwargs)


@app.task(name="tenants.deliver_mail")
def deliver_mail() -> None:
    """Send the mails that are due now. Any number of these may run at once."""
    delivery.deliver_due()


@app.task(name="tenants.sweep_expired")
def sweep_expired() -> None:
    """Delete what has ended: kept answers after a day, invitations with their routes, mails."""
    now = timezone.now()
    with platform_context("sweep expired rows"):
        IdempotentRequest.objects.filter(created_at__lt=now - LIFETIME).delete()
        ended = Invitation.objects.filter(expires_at__lt=now - _KEEP_ENDED_INVITATIONS)
        TenantRoute.objects.filter(hash__in=list(ended.values_list("token_hash", flat=True))).delete()
        ended.delete()
    delivery.sweep(now)
