"""What support does for affiliates: each with a reason, and an event of the platform's log."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.db.models import Q, Sum

from billing.affiliates.keys import revoke_key
from billing.affiliates.ledger import book, lock_affiliate
from billing.affiliates.models import Affiliate, AffiliateKey, LedgerTransaction, Referral
from billing.enums import Account, Booking
from billing.money import amount_words
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_platform_event
from tenants.context import platform_context
from tenants.models import User
from tenants.services.editing import field_error

PRESSED_TWICE = timedelta(minutes=1)


def enrol_affiliate(*, actor: Actor, user: User, code: str, reason: str) -> Affiliate:
    """Make a person an affiliate with this code. Raises ValidationError by field."""
    affiliate = Affiliate(user=user, code=code.strip().lower())
    with platform_context("enrol an affiliate"):
        _check_reason(reason)
        affiliate.full_clean()
        affiliate.save(force_insert=True)
        record_platform_event(actor=actor, verb="affiliate.enrolled", obj=affiliate, reason=reason)
    return affiliate


def set_active(*, actor: Actor, affiliate: Affiliate, is_active: bool, reason: str) -> None:
    """Let an affiliate's link and code bring new customers, or no longer. What was earned stays theirs."""
    with platform_context("switch an affiliate on or off"):
        _check_reason(reason)
        locked = lock_affiliate(affiliate.pk)
        changes = {"is_active": [locked.is_active, is_active]}
        locked.is_active = is_active
        locked.save(update_fields=["is_active"])
        record_platform_event(
            actor=actor, verb="affiliate.updated", obj=locked, changes=changes, reason=reason
        )


def adjust_balance(
    *, actor: Actor, affiliate: Affiliate, currency: str, amount: int, reason: str, now: datetime
) -> LedgerTransaction:
    """Add to what is payable, or take from it: `amount` is in minor units. Raises ValidationError by field.

    The affiliate reads the reason in their statement. Who presses twice books once: the same again within
    PRESSED_TWICE, with nothing between, is what was booked before.
    """
    if not amount:
        raise field_error("amount", "Write an amount other than zero, in minor units.", "invalid")
    if not (len(currency) == 3 and currency.isascii() and currency.isalpha() and currency.islower()):
        raise field_error("currency", "Write three small letters, such as usd.", "invalid")
    with platform_context("adjust an affiliate's balance"):
        _check_reason(reason)
        locked = lock_affiliate(affiliate.pk)
        before = _last_adjustment(locked, now)
        if before is not None and _says(before) == (currency, amount, reason, actor.label[:254]):
            return before
        booked = book(
            locked,
            Booking.ADJUSTED,
            currency,
            {Account.PAYABLE: amount, Account.ADJUSTMENT: -amount},
            now=now,
            actor_label=actor.label,
            reason=reason,
        )
        changes = {"payable": [None, amount_words(amount, currency)]}
        record_platform_event(
            actor=actor, verb="affiliate.adjusted", obj=locked, changes=changes, reason=reason
        )
    return booked


def _last_adjustment(affiliate: Affiliate, now: datetime) -> Any:
    """Return what was booked last, with what it added to `payable`, if it was an adjustment just now."""
    rows = LedgerTransaction.objects.filter(
        affiliate=affiliate,
        number=affiliate.last_number,
        kind=Booking.ADJUSTED,
        booked_at__gt=now - PRESSED_TWICE,
    )
    return rows.annotate(payable=Sum("entries__amount", filter=Q(entries__account=Account.PAYABLE))).first()


def _says(booked: Any) -> tuple[str, int, str, str]:
    return booked.currency, booked.payable, booked.reason, booked.actor_label


def end_referral(*, actor: Actor, referral: Referral, reason: str, now: datetime) -> Referral:
    """Let what a customer pays from now on earn nothing. Raises Refused when it has ended already."""
    with platform_context("end a referral"):
        _check_reason(reason)
        affiliate = lock_affiliate(referral.affiliate_id)
        stored = Referral.objects.get(pk=referral.pk)
        if stored.ended_at is not None:
            raise Refused("This referral has ended already.", code="ended_already")
        stored.ended_at, stored.end_reason = now, reason
        stored.save(update_fields=["ended_at", "end_reason"])
        changes = {"referral": [str(stored.pk), None]}
        record_platform_event(
            actor=actor, verb="affiliate.referral_ended", obj=affiliate, changes=changes, reason=reason
        )
    return stored


def end_key(*, actor: Actor, key: AffiliateKey, reason: str, now: datetime) -> None:
    """End an affiliate's key at once. Raises ValidationError, and Refused when it was ended before."""
    _check_reason(reason)
    if not revoke_key(actor=actor, key=key, now=now, reason=reason):
        raise Refused("This key is revoked already.", code="revoked_already")


def _check_reason(reason: str) -> None:
    if not reason.strip() or len(reason) > 254:
        raise ValidationError(
            {"reason": ValidationError("Say why, in at most 254 characters.", code="required")}
        )
