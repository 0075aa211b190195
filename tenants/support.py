"""Support looks at a customer's pages: read-only, for an hour, with a reason, in the customer's own log."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from django.db import models
from django.http import HttpRequest
from django.utils import timezone

from tenants.access import Capability
from tenants.audit import Actor, record_event
from tenants.context import platform_context
from tenants.enums import Role
from tenants.models import AuditEvent, Membership, Tenant, User

if TYPE_CHECKING:  # which asks here who visits
    from tenants.middleware import TenantRequest

VISIT_LIFETIME = timedelta(hours=1)
VISIT_CAPABILITIES = frozenset(
    {
        Capability.TRUNKS_READ,
        Capability.CALLS_READ,
        Capability.ALERTS_READ,
        Capability.TEAM_READ,
        Capability.TENANT_READ,
        Capability.AUDIT_READ,
        Capability.BILLING_READ,
    }
)
_SESSION_KEY = "support_visit"


def begin_visit(request: HttpRequest, *, tenant: Tenant, actor: Actor, reason: str) -> None:
    """Open the tenant's pages to this staff session. Call it in the platform's context."""
    record_event(tenant=tenant, actor=actor, verb="support.visited", obj=tenant, reason=reason)
    ends = timezone.now() + VISIT_LIFETIME
    request.session[_SESSION_KEY] = {"tenant": str(tenant.pk), "ends": ends.timestamp()}


def end_visit(request: HttpRequest) -> None:
    """Close the pages again."""
    request.session.pop(_SESSION_KEY, None)


def visit_ends_at(request: HttpRequest) -> datetime | None:
    """Return when the pages close again; None without a visit."""
    visit = request.session.get(_SESSION_KEY)
    return None if visit is None else datetime.fromtimestamp(visit["ends"], UTC)


def note_reading(request: TenantRequest, *, verb: str, obj: models.Model) -> None:
    """Have the tenant read in its audit log that support sees something on a visit: once in each visit.

    However it asks for it: a page that refreshes itself, or a sound that is heard in ranges, is one reading.
    """
    ends_at = visit_ends_at(request) if request.is_support_visit else None
    if ends_at is None:
        return
    told = AuditEvent.objects.filter(tenant=request.tenant, object_id=obj.pk, verb=verb)
    in_visit = told.filter(actor_id=request.actor.id, created_at__gte=ends_at - VISIT_LIFETIME)
    if not in_visit.exists():
        record_event(tenant=request.tenant, actor=request.actor, verb=verb, obj=obj)


def visiting(request: HttpRequest, user: User, slug: str) -> Membership | None:
    """Return what stands for a membership while support visits this tenant; it is never saved."""
    visit = request.session.get(_SESSION_KEY)
    if visit is None or visit["ends"] < timezone.now().timestamp():
        return None
    with platform_context("support visit"):
        tenant = Tenant.objects.filter(pk=uuid.UUID(visit["tenant"]), slug=slug).first()
    return None if tenant is None else Membership(tenant=tenant, user=user, role=Role.VIEWER)
