"""Commissions follow invoices as stored: what is booked is brought to what is due, however often asked.

No event of Stripe's is looked at. The database marks an invoice whose amounts changed; the mark is taken
off in the transaction that books. So order, repetition and delay of events change nothing, and of two workers
at once one finds nothing left to do.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import structlog
from django.db.models import F

from billing.affiliates.amounts import commission_of
from billing.affiliates.ledger import book, booked_for, lock_affiliate
from billing.affiliates.models import Affiliate, Commission, Referral
from billing.enums import Account, Booking
from billing.models import Invoice
from tenants.context import platform_context
from tenants.models import Membership

log = structlog.get_logger(__name__)
HOLD = timedelta(days=30)
BATCH = 500
ACTOR = "billing"
OWN_CUSTOMER = "The affiliate is a member of this organisation."


def follow_invoices(now: datetime) -> int:
    """Book what changed invoices call for; return how many were looked at. Any number may run at once."""
    with platform_context("find invoices that changed"):
        found = list(Invoice.objects.filter(commission_due=True).values_list("pk", flat=True)[:BATCH])
    for invoice_id in found:
        try:
            with platform_context("follow an invoice"):
                follow_invoice(invoice_id, now)
        except Exception:
            # One invoice that cannot be followed must not hold up the others.
            log.exception("commission_broke", invoice_id=str(invoice_id))
    return len(found)


def follow_invoice(invoice_id: uuid.UUID, now: datetime) -> None:
    """Bring what is booked to what one invoice calls for. Call it in the platform's context.

    Locks the invoice, then the affiliate: an amount that changes meanwhile waits, and marks it again.
    """
    invoice = (
        Invoice.objects.select_for_update(no_key=True).filter(pk=invoice_id, commission_due=True).first()
    )
    if invoice is None:
        return
    Invoice.objects.filter(pk=invoice.pk).update(commission_due=False)
    referral = Referral.objects.filter(customer_id=invoice.tenant_id).first()
    if referral is None:
        return
    affiliate = lock_affiliate(referral.affiliate_id)
    referral.refresh_from_db()
    _end_if_own(referral, affiliate)
    _note_steps(referral, invoice)
    _bring_to(affiliate, referral, invoice, now)


def release_due(now: datetime) -> int:
    """Let what was held long enough become payable; return how many were looked at. Any number may run."""
    with platform_context("find commissions to release"):
        due = Commission.objects.filter(released_at=None, release_at__lte=now).order_by("release_at")
        found = list(due.values_list("pk", "referral__affiliate_id")[:BATCH])
    for commission_id, affiliate_id in found:
        try:
            with platform_context("release a commission"):
                _release_once(affiliate_id, commission_id, now)
        except Exception:
            # One that cannot be released must not hold up the others.
            log.exception("commission_release_broke", commission_id=str(commission_id))
    return len(found)


def _bring_to(affiliate: Affiliate, referral: Referral, invoice: Invoice, now: datetime) -> None:
    commission = Commission.objects.filter(invoice=invoice).first()
    wanted = 0 if _is_after_end(referral, invoice) else commission_of(invoice, referral.rate)
    if commission is None:
        if not wanted:
            return
        commission = Commission.objects.create(
            referral=referral,
            invoice=invoice,
            currency=invoice.currency,
            release_at=(invoice.paid_at or now) + HOLD,
        )
    sums = booked_for(commission)
    change = wanted - sums.get(Account.HELD, 0) - sums.get(Account.PAYABLE, 0)
    if not change:
        return
    owed = Account.HELD if commission.released_at is None else Account.PAYABLE
    kind, counter = (
        (Booking.EARNED, Account.EXPENSE) if change > 0 else (Booking.CLAWED_BACK, Account.CLAWED_BACK)
    )
    book(
        affiliate,
        kind,
        commission.currency,
        {owed: change, counter: -change},
        now=now,
        actor_label=ACTOR,
        commission=commission,
    )
    Commission.objects.filter(pk=commission.pk).update(amount=F("amount") + change)


def _release_once(affiliate_id: uuid.UUID, commission_id: uuid.UUID, now: datetime) -> None:
    affiliate = lock_affiliate(affiliate_id)
    commission = Commission.objects.get(pk=commission_id)
    if commission.released_at is None:
        _release(affiliate, commission, now)


def _release(affiliate: Affiliate, commission: Commission, now: datetime) -> None:
    held = booked_for(commission).get(Account.HELD, 0)
    if held:
        amounts = {Account.HELD: -held, Account.PAYABLE: held}
        book(
            affiliate,
            Booking.RELEASED,
            commission.currency,
            amounts,
            now=now,
            actor_label=ACTOR,
            commission=commission,
        )
    Commission.objects.filter(pk=commission.pk).update(released_at=now)


def _note_steps(referral: Referral, invoice: Invoice) -> None:
    """Note when the customer first had a plan (a trial begins with an invoice of nothing) and first paid."""
    paid_at = invoice.paid_at if invoice.paid > 0 else None
    steps = {
        "trial_at": _earlier(referral.trial_at, invoice.issued_at),
        "converted_at": _earlier(referral.converted_at, paid_at),
    }
    Referral.objects.filter(pk=referral.pk).update(**steps)


def _earlier(known: datetime | None, other: datetime | None) -> datetime | None:
    return min((each for each in (known, other) if each is not None), default=None)


def _end_if_own(referral: Referral, affiliate: Affiliate) -> None:
    """End a referral from when the affiliate joined its customer: nobody earns on their own payments."""
    if referral.ended_at is not None:
        return
    own = Membership.objects.filter(tenant_id=referral.customer_id, user_id=affiliate.user_id).first()
    if own is not None:
        referral.ended_at, referral.end_reason = own.created_at, OWN_CUSTOMER
        referral.save(update_fields=["ended_at", "end_reason"])
        log.warning("referral_ended", referral_id=str(referral.pk), affiliate=affiliate.code)


def _is_after_end(referral: Referral, invoice: Invoice) -> bool:
    if referral.ended_at is None:
        return False
    return invoice.paid_at is None or invoice.paid_at >= referral.ended_at
