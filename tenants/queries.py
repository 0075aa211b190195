"""Reading what tenants own. Call these inside a context."""

import uuid

from django.db.models import Exists, F, OuterRef, QuerySet
from django_otp.plugins.otp_totp.models import TOTPDevice
from django_scopes import scopes_disabled

from tenants.models import ApiKey, AuditEvent, Invitation, Membership, PlatformEvent, Tenant, User


def memberships_of(user: User) -> QuerySet[Membership]:
    """Return a person's memberships in active tenants, by tenant name.

    Not scoped, on purpose: the rows are the person's own, in whatever tenant; the database's own policy
    lets a transaction that names the user read them.
    """
    with scopes_disabled():
        return (
            Membership.objects.filter(user=user, tenant__is_active=True)
            .select_related("tenant")
            .order_by("tenant__name")
        )


def members_of(tenant: Tenant) -> QuerySet[Membership]:
    """Return the people in a tenant, the earliest first, each with `has_second_factor`."""
    devices = TOTPDevice.objects.filter(user=OuterRef("user"), confirmed=True)
    return (
        Membership.objects.filter(tenant=tenant)
        .select_related("user")
        .annotate(has_second_factor=Exists(devices))
        .order_by("created_at")
    )


def open_invitations_of(tenant: Tenant) -> QuerySet[Invitation]:
    """Return invitations that were neither accepted nor withdrawn, the expired ones included."""
    return Invitation.objects.filter(tenant=tenant, accepted_at=None, revoked_at=None).select_related(
        "invited_by"
    )


def api_keys_of(tenant: Tenant) -> QuerySet[ApiKey]:
    """Return API keys, the newest first, revoked ones last."""
    return (
        ApiKey.objects.filter(tenant=tenant)
        .select_related("created_by")
        .order_by(F("revoked_at").desc(nulls_first=True), "-created_at")
    )


def audit_events_of(tenant: Tenant) -> QuerySet[AuditEvent]:
    """Return the audit log, the newest event first."""
    return AuditEvent.objects.filter(tenant=tenant)


def account_events_of(user: User) -> QuerySet[PlatformEvent]:
    """Return what was done to a person's account, the newest first. Call it in the person's own context."""
    return PlatformEvent.objects.filter(object_id=user.pk)


def last_edit(object_id: uuid.UUID) -> AuditEvent | None:
    """Return who changed an object last, and when."""
    return AuditEvent.objects.filter(object_id=object_id).first()
