"""Paying out: batches that never change, their export, and affiliates' statements."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import NamedTuple

from django.db.models import Q, Sum

from billing.affiliates.ledger import book, lock_affiliate, payable_of
from billing.affiliates.models import Affiliate, LedgerEntry, LedgerTransaction, Payout
from billing.enums import Account, Booking
from billing.money import amount_words
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_platform_event
from tenants.context import platform_context
from tenants.services.editing import field_error

_PAYOUT_COLUMNS = ("affiliate", "email", "currency", "amount_minor", "amount", "booking")
_STATEMENT_COLUMNS = ("booking", "booked_at", "what", "currency", "held_minor", "payable_minor", "reason")
_FORMULA_BEGINS = ("=", "+", "-", "@", "\t", "\r")


SMALLEST_PAYOUT = 5_000
"""In minor units: what is less is carried forward, unless support says otherwise."""


class Line(NamedTuple):
    """A line of a statement: what one booking added, in minor units."""

    number: int
    booked_at: datetime
    kind: Booking
    currency: str
    held: int
    payable: int
    reason: str

    @property
    def what(self) -> str:
        """The kind in words."""
        return str(self.kind.label)


def close_payout(*, actor: Actor, currency: str, minimum: int, reason: str, now: datetime) -> Payout:
    """Book what is payable in a currency as paid out, for each affiliate who has `minimum` or more of it.

    What is below, also below zero, is carried forward. Two batches at once pay nobody twice. Raises
    ValidationError, and Refused when there is nothing to pay.
    """
    if minimum < 1:
        raise field_error("minimum", "Write an amount above zero, in minor units.", "invalid")
    if not reason.strip():
        raise field_error("reason", "Say why.", "required")
    with platform_context("close a payout"):
        payout = Payout.objects.create(
            currency=currency, minimum=minimum, actor_label=actor.label[:254], reason=reason, created_at=now
        )
        paid = [_pay(each, payout, actor, now) for each in _with_payable(currency, minimum)]
        if not any(paid):
            raise Refused(
                f"Nobody has {amount_words(minimum, currency)} or more to be paid.", code="nothing_to_pay"
            )
        changes = {"total": [None, sum(paid)], "currency": [None, currency]}
        record_platform_event(actor=actor, verb="payout.closed", obj=payout, changes=changes, reason=reason)
    return payout


def payout_csv(payout: Payout) -> str:
    """Return a batch as CSV, one line for each affiliate. Call it in the platform's context."""
    rows = LedgerEntry.objects.filter(transaction__payout=payout, account=Account.PAID_OUT)
    rows = rows.select_related("transaction__affiliate__user").order_by("transaction__affiliate__code")
    return _csv(
        _PAYOUT_COLUMNS,
        (
            (
                row.transaction.affiliate.code,
                row.transaction.affiliate.user.email,
                payout.currency,
                row.amount,
                amount_words(row.amount, payout.currency),
                row.transaction.number,
            )
            for row in rows
        ),
    )


def statement_of(affiliate: Affiliate, since: datetime, until: datetime) -> list[Line]:
    """Return what was booked from `since` on and before `until`, the first first, in one query.

    Affiliates may ask for their own in their own context.
    """
    rows = LedgerTransaction.objects.filter(affiliate=affiliate, booked_at__gte=since, booked_at__lt=until)
    rows = rows.annotate(
        held=Sum("entries__amount", filter=Q(entries__account=Account.HELD), default=0),
        payable=Sum("entries__amount", filter=Q(entries__account=Account.PAYABLE), default=0),
    )
    return [
        Line(
            each.number,
            each.booked_at,
            Booking(each.kind),
            each.currency,
            int(each.held),
            int(each.payable),
            each.reason,
        )
        for each in rows.order_by("number")
    ]


def statement_csv(lines: Iterable[Line]) -> str:
    """Return a statement as CSV, amounts in minor units."""
    rows = ((each.number, each.booked_at.isoformat(), each.what, *each[3:]) for each in lines)
    return _csv(_STATEMENT_COLUMNS, rows)


def _with_payable(currency: str, minimum: int) -> Iterator[Affiliate]:
    """Lock and yield who has enough, always in one order: two batches cannot block each other."""
    rows = LedgerEntry.objects.filter(transaction__currency=currency, account=Account.PAYABLE)
    sums = rows.values("transaction__affiliate").annotate(sum=Sum("amount")).filter(sum__gte=minimum)
    found: list[uuid.UUID] = sorted(sums.values_list("transaction__affiliate", flat=True))
    for affiliate_id in found:
        affiliate = lock_affiliate(affiliate_id)
        if payable_of(affiliate, currency) >= minimum:  # another batch, or a refund, may have come before
            yield affiliate


def _pay(affiliate: Affiliate, payout: Payout, actor: Actor, now: datetime) -> int:
    amount = payable_of(affiliate, payout.currency)
    book(
        affiliate,
        Booking.PAID_OUT,
        payout.currency,
        {Account.PAYABLE: -amount, Account.PAID_OUT: amount},
        now=now,
        actor_label=actor.label,
        payout=payout,
    )
    return amount


def _csv(columns: Iterable[str], rows: Iterable[Iterable[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text)
    writer.writerow(columns)
    writer.writerows([_cell(value) for value in row] for row in rows)
    return text.getvalue()


def _cell(value: object) -> object:
    """Keep spreadsheets from taking text for a formula; numbers stay numbers."""
    return f"'{value}" if isinstance(value, str) and value.startswith(_FORMULA_BEGINS) else value
