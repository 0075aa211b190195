"""An affiliate's keys: programs read the figures with them. Made once, shown once, ended at once."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db.models import F, QuerySet

from billing.affiliates.ledger import lock_affiliate
from billing.affiliates.models import Affiliate, AffiliateKey
from callsphere.lib.errors import LimitReached, Refused
from tenants.audit import Actor, record_platform_event
from tenants.context import platform_context
from tenants.tokens import AFFILIATE_KEY, hash_token, new_key

LIFETIME = timedelta(days=365)
MOST_KEYS = 2
"""As many as it takes to change from one to the next without a gap."""
_MOST_SHOWN = 10


def create_key(*, actor: Actor, affiliate: Affiliate, name: str, now: datetime) -> tuple[AffiliateKey, str]:
    """Make a key that holds for a year, and return it with its text, which cannot be had again.

    Raises ValidationError by field, LimitReached, and Refused for who is switched off.
    """
    token, public_id = new_key(AFFILIATE_KEY)
    key = AffiliateKey(
        affiliate=affiliate,
        name=name.strip(),
        public_id=public_id,
        secret_hash=hash_token(token),
        expires_at=now + LIFETIME,
        created_at=now,
    )
    with platform_context("make an affiliate's key"):
        # two that are made at once wait for each other, and are counted
        if not lock_affiliate(affiliate.pk).is_active:
            raise Refused("You are switched off as an affiliate, and keys with you.", code="switched_off")
        if living_keys(affiliate, now).count() >= MOST_KEYS:
            raise LimitReached(f"You have {MOST_KEYS} keys in use. Revoke one first.")
        key.full_clean()
        key.save(force_insert=True)
        record_platform_event(actor=actor, verb="affiliate_key.created", obj=key)
    return key, token


def revoke_key(*, actor: Actor, key: AffiliateKey, now: datetime, reason: str = "") -> bool:
    """End a key at once, and tell whether that is news: whoever presses twice ends it once."""
    with platform_context("end an affiliate's key"):
        is_news = AffiliateKey.objects.filter(pk=key.pk, revoked_at=None).update(revoked_at=now) == 1
        if is_news:
            record_platform_event(actor=actor, verb="affiliate_key.revoked", obj=key, reason=reason)
    return is_news


def living_keys(affiliate: Affiliate, now: datetime) -> QuerySet[AffiliateKey]:
    """Return the keys that programs may use."""
    return AffiliateKey.objects.filter(affiliate=affiliate, revoked_at=None, expires_at__gt=now)


def keys_of(affiliate: Affiliate) -> list[AffiliateKey]:
    """Return keys, those that can still be ended first. The affiliate may ask in their own context."""
    rows = AffiliateKey.objects.filter(affiliate=affiliate)
    newest = rows.order_by(F("revoked_at").desc(nulls_first=True), "-created_at", "-id")
    return list(newest[:_MOST_SHOWN])
