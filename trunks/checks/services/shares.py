"""Links that show one report to whoever has them."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import models, transaction
from django.urls import reverse
from django.utils import timezone

from callsphere.lib.errors import LimitReached, Refused
from tenants.audit import Actor, record_event
from tenants.context import tenant_context
from tenants.enums import RouteKind
from tenants.models import Tenant, TenantRoute
from tenants.tokens import hash_token, new_token
from trunks.models import CheckShare, ReadinessCheck

LONGEST_DAYS = 30
SHARES_PER_CHECK = 10
_KEEP_ENDED = timedelta(days=30)


def share_check(
    *, tenant: Tenant, actor: Actor, check: ReadinessCheck, days: int = 7
) -> tuple[CheckShare, str]:
    """Make a link to a report, good for 1 to 30 days; return it with its address, which cannot be had again.

    Raises Refused while the check runs, and LimitReached.
    """
    if check.is_open:
        raise Refused("Wait for the end of the check.", code="check_running")
    token = new_token()
    now = timezone.now()
    share = CheckShare(
        tenant=tenant,
        readiness_check=check,
        token_hash=hash_token(token),
        shared_by=actor.label[:254],
        expires_at=now + timedelta(days=min(max(days, 1), LONGEST_DAYS)),
    )
    with transaction.atomic():
        ReadinessCheck.objects.select_for_update(no_key=True).get(pk=check.pk)
        if usable_shares(check).count() >= SHARES_PER_CHECK:
            raise LimitReached(f"A report can have {SHARES_PER_CHECK} links. Revoke one first.")
        share.save()
        TenantRoute.objects.create(hash=share.token_hash, kind=RouteKind.CHECK_SHARE, tenant=tenant)
        changes = {"expires_at": [None, share.expires_at.isoformat(timespec="minutes")]}
        record_event(tenant=tenant, actor=actor, verb="trunk.report_shared", obj=check.trunk, changes=changes)
    path = reverse("shared-report", kwargs={"token": token})
    return share, f"{settings.PUBLIC_URL}{path}"


def revoke_share(*, tenant: Tenant, actor: Actor, share: CheckShare) -> None:
    """End a link at once."""
    with transaction.atomic():
        usable = CheckShare.objects.filter(tenant=tenant, pk=share.pk, revoked_at=None)
        if usable.update(revoked_at=timezone.now()):
            TenantRoute.objects.filter(hash=share.token_hash).delete()
            trunk = share.readiness_check.trunk
            record_event(
                tenant=tenant, actor=actor, verb="trunk.report_link_revoked", obj=trunk, even_read_only=True
            )


def usable_shares(check: ReadinessCheck) -> models.QuerySet[CheckShare]:
    """Return a report's links that still work."""
    return CheckShare.objects.filter(readiness_check=check, revoked_at=None, expires_at__gt=timezone.now())


def find_shared_check(token: str) -> ReadinessCheck | None:
    """Return the report that a link's token leads to, None when it has ended. Call it outside any context."""
    digest = hash_token(token)
    route = TenantRoute.objects.filter(hash=digest, kind=RouteKind.CHECK_SHARE).first()
    if route is None:
        return None
    with tenant_context(Tenant(pk=route.tenant_id)):
        share = (
            CheckShare.objects.select_related("readiness_check")
            .filter(token_hash=digest, revoked_at=None, expires_at__gt=timezone.now(), tenant__is_active=True)
            .first()
        )
        return None if share is None else share.readiness_check


def forget_ended_shares() -> None:
    """Delete links that ended a month ago, and routes that lead nowhere. Needs the platform's context."""
    CheckShare.objects.filter(expires_at__lt=timezone.now() - _KEEP_ENDED).delete()
    routes = TenantRoute.objects.filter(kind=RouteKind.CHECK_SHARE)
    routes.exclude(hash__in=CheckShare.objects.filter(revoked_at=None).values("token_hash")).delete()
