"""Who brought a customer: the first touch, by link or code, in the 90 days before."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from django.conf import settings
from django.dispatch import receiver
from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from billing.affiliates.models import Affiliate, Referral, ReferralTouch
from billing.enums import TouchSource
from tenants.context import platform_context
from tenants.enums import Role
from tenants.models import Tenant, User
from tenants.queries import memberships_of
from tenants.services.tenants import tenant_created

COUNTS_FOR = timedelta(days=90)
COOKIE = "referral"
_SALT = "billing.affiliates.attribution"


class FirstTouch(NamedTuple):
    """What a browser remembers."""

    code: str
    moment: datetime


def active_affiliate(code: str) -> Affiliate | None:
    """Return whom a code belongs to, however it is written. Call it in the platform's context."""
    return Affiliate.objects.filter(code=code.strip().lower(), is_active=True).first()


def remember_touch(request: HttpRequest, response: HttpResponse, affiliate: Affiliate, now: datetime) -> None:
    """Have the browser remember through whom it came first; a later link changes nothing."""
    if remembered_touch(request, now) is not None:
        return
    response.set_signed_cookie(
        COOKIE,
        f"{affiliate.code}:{int(now.timestamp())}",
        salt=_SALT,
        max_age=COUNTS_FOR,
        secure=settings.SECURE,
        httponly=True,
        samesite="Lax",
    )


def remembered_touch(request: HttpRequest, now: datetime) -> FirstTouch | None:
    """Return through whom a browser came first, while it counts. Nobody else can sign one."""
    value = request.get_signed_cookie(COOKIE, default="", salt=_SALT)
    code, _, moment = (value or "").rpartition(":")
    if not moment.isdigit():
        return None
    touched_at = datetime.fromtimestamp(int(moment), UTC)
    return FirstTouch(code, touched_at) if touched_at <= now < touched_at + COUNTS_FOR else None


def store_touch(
    *, user: User, remembered: FirstTouch | None, code: str, now: datetime
) -> ReferralTouch | None:
    """Store through whom a person came who just signed up: the link they followed first, else their code."""
    with platform_context("through whom somebody came"):
        for source, wanted, moment in (
            (
                TouchSource.LINK,
                remembered.code if remembered else "",
                remembered.moment if remembered else now,
            ),
            (TouchSource.CODE, code, now),
        ):
            affiliate = active_affiliate(wanted)
            if affiliate is not None and affiliate.user_id != user.pk:
                return ReferralTouch.objects.get_or_create(
                    user=user,
                    defaults={
                        "affiliate": affiliate,
                        "source": source,
                        "rate": affiliate.rate,
                        "touched_at": moment,
                    },
                )[0]
    return None


@receiver(tenant_created)
def attribute(tenant: Tenant, owner: User, **_more: Any) -> None:
    """Say who brought a new tenant. Whoever owns one already is no new customer; nobody brings themselves.

    Runs in the new tenant's context, where of touches and affiliates the owner's own can be seen alone.
    """
    touch = ReferralTouch.objects.filter(user=owner).first()
    if touch is None or timezone.now() >= touch.touched_at + COUNTS_FOR:
        return
    is_own = Affiliate.objects.filter(pk=touch.affiliate_id).exists()
    had_one = memberships_of(owner).filter(role=Role.OWNER).exclude(tenant=tenant).exists()
    if is_own or had_one:
        return
    Referral.objects.bulk_create(  # no answer is read: the application may add one, and not see it
        [
            Referral(
                customer=tenant,
                affiliate_id=touch.affiliate_id,
                rate=touch.rate,
                touched_at=touch.touched_at,
            )
        ]
    )
