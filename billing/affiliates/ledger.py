"""Booking, and reading what was booked. Everything here runs in the platform's context but sums for pages."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet, Sum

from billing.affiliates.models import Affiliate, Commission, LedgerEntry, LedgerTransaction, Payout
from billing.enums import Account, Booking


@dataclass(frozen=True, slots=True)
class Balance:
    """What an affiliate is owed in one currency, in minor units. Payable may be below zero after refunds."""

    held: int = 0
    payable: int = 0


OWED = (Account.HELD, Account.PAYABLE)


def lock_affiliate(affiliate_id: uuid.UUID) -> Affiliate:
    """Return the affiliate as stored; nobody else books for them until the transaction ends."""
    return Affiliate.objects.select_for_update(no_key=True).get(pk=affiliate_id)


def book(
    affiliate: Affiliate,
    kind: Booking,
    currency: str,
    amounts: Mapping[Account, int],
    *,
    now: datetime,
    actor_label: str,
    reason: str = "",
    commission: Commission | None = None,
    payout: Payout | None = None,
) -> LedgerTransaction:
    """Book one transaction for a locked affiliate: a credit above zero, a debit below, in minor units.

    The database refuses amounts that do not sum to zero.
    """
    affiliate.last_number += 1
    affiliate.save(update_fields=["last_number"])
    booked = LedgerTransaction.objects.create(
        affiliate=affiliate,
        number=affiliate.last_number,
        kind=kind,
        currency=currency,
        commission=commission,
        payout=payout,
        actor_label=actor_label[:254],
        reason=reason,
        booked_at=now,
    )
    LedgerEntry.objects.bulk_create(
        LedgerEntry(transaction=booked, account=account, amount=amount) for account, amount in amounts.items()
    )
    return booked


def booked_for(commission: Commission) -> dict[Account, int]:
    """Return the sums of the accounts that one commission moved."""
    return _sums(LedgerEntry.objects.filter(transaction__commission=commission))


def payable_of(affiliate: Affiliate, currency: str) -> int:
    """Return what may be paid out now; below zero when more was taken back than was left."""
    rows = LedgerEntry.objects.filter(transaction__affiliate=affiliate, transaction__currency=currency)
    return _sums(rows).get(Account.PAYABLE, 0)


def balances_of(affiliate: Affiliate, before: datetime | None = None) -> dict[str, Balance]:
    """Return what is owed by currency, or was before a moment. The affiliate may ask in their own context."""
    found = accounts_of(affiliate, OWED, before)
    return {currency: Balance(**amounts) for currency, amounts in found.items()}


def accounts_of(
    affiliate: Affiliate, accounts: Iterable[Account], before: datetime | None = None
) -> dict[str, dict[str, int]]:
    """Return the sums of some accounts, by currency and account, now or as they were before a moment."""
    rows = LedgerEntry.objects.filter(transaction__affiliate=affiliate, account__in=accounts)
    if before is not None:
        rows = rows.filter(transaction__booked_at__lt=before)
    sums = rows.values_list("transaction__currency", "account").annotate(sum=Sum("amount")).order_by()
    found: dict[str, dict[str, int]] = {}
    for currency, account, amount in sums:
        found.setdefault(currency, {})[account] = int(amount)
    return dict(sorted(found.items()))


def _sums(rows: QuerySet[LedgerEntry]) -> dict[Account, int]:
    sums = rows.values_list("account").annotate(sum=Sum("amount")).order_by()
    return {Account(account): int(amount) for account, amount in sums}
