"""What an affiliate sees of their own, in their own context: how many came, and what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime

from django.db.models import Count

from billing.affiliates.ledger import OWED, accounts_of, balances_of
from billing.affiliates.models import (
    Affiliate,
    Commission,
    LedgerEntry,
    Referral,
    ReferralClick,
    ReferralTouch,
)
from billing.affiliates.payouts import Line, statement_of
from billing.enums import Account
from billing.money import amount_words

_MOST_PAYOUTS = 24


@dataclass(frozen=True, slots=True)
class Figures:
    """How far those came who followed the link or used the code."""

    clicks: int
    sign_ups: int
    trials: int
    conversions: int


@dataclass(frozen=True, slots=True)
class BalanceRow:
    """What is owed and was paid in one currency, in words."""

    currency: str
    held: str
    payable: str
    paid: str
    is_debt: bool


@dataclass(frozen=True, slots=True)
class PayoutRow:
    """What was paid out at once."""

    moment: datetime
    amount: str


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A line of a statement, in words; nothing where an amount did not change."""

    line: Line
    held: str
    payable: str


@dataclass(frozen=True, slots=True)
class Statement:
    """What was booked in a month, and the balances at its end, by currency."""

    rows: list[StatementRow]
    closing: list[tuple[str, str, str]]
    """Currency, held, payable."""


def figures_of(affiliate: Affiliate) -> Figures:
    """Count clicks, sign-ups, trials and conversions."""
    steps = Referral.objects.filter(affiliate=affiliate).aggregate(
        trials=Count("trial_at"), conversions=Count("converted_at")
    )
    return Figures(
        clicks=ReferralClick.objects.filter(affiliate=affiliate).count(),
        sign_ups=ReferralTouch.objects.filter(affiliate=affiliate).count(),
        trials=steps["trials"],
        conversions=steps["conversions"],
    )


def balance_rows(affiliate: Affiliate) -> list[BalanceRow]:
    """Return balances by currency, in one query."""
    found = accounts_of(affiliate, (*OWED, Account.PAID_OUT))
    return [
        BalanceRow(
            currency=currency.upper(),
            held=amount_words(sums.get(Account.HELD, 0), currency),
            payable=amount_words(sums.get(Account.PAYABLE, 0), currency),
            paid=amount_words(sums.get(Account.PAID_OUT, 0), currency),
            is_debt=sums.get(Account.PAYABLE, 0) < 0,
        )
        for currency, sums in found.items()
    ]


def next_release(affiliate: Affiliate) -> datetime | None:
    """Return when the next of what is held becomes payable."""
    held = Commission.objects.filter(referral__affiliate=affiliate, released_at=None, amount__gt=0)
    return held.order_by("release_at").values_list("release_at", flat=True).first()


def payout_rows(affiliate: Affiliate) -> list[PayoutRow]:
    """Return the last payouts, the newest first."""
    rows = LedgerEntry.objects.filter(transaction__affiliate=affiliate, account=Account.PAID_OUT)
    found = rows.order_by("-transaction__number").values_list(
        "transaction__booked_at", "amount", "transaction__currency"
    )
    return [
        PayoutRow(moment, amount_words(amount, currency))
        for moment, amount, currency in found[:_MOST_PAYOUTS]
    ]


def monthly_statement(affiliate: Affiliate, since: datetime, until: datetime) -> Statement:
    """Return a month's statement, the newest line first, in two queries."""
    lines = statement_of(affiliate, since, until)
    closing = balances_of(affiliate, before=until)
    return Statement(
        rows=[
            StatementRow(each, _change(each.held, each.currency), _change(each.payable, each.currency))
            for each in lines[::-1]
        ],
        closing=[
            (currency.upper(), amount_words(each.held, currency), amount_words(each.payable, currency))
            for currency, each in closing.items()
        ],
    )


def month_before(since: datetime) -> datetime:
    """Return when the month before began."""
    return since.replace(year=since.year - (since.month == 1), month=(since.month - 2) % 12 + 1)


def month_after(since: datetime) -> datetime:
    """Return when the month after begins."""
    return since.replace(year=since.year + (since.month == 12), month=since.month % 12 + 1)


def month_of(text: str) -> datetime | None:
    """Return when a month such as 2026-11 begins, by UTC; None for anything else."""
    try:
        month = datetime.strptime(text, "%Y-%m").replace(tzinfo=UTC)
    except ValueError:
        return None
    return month if month.year < MAXYEAR else None


def _change(amount: int, currency: str) -> str:
    if not amount:
        return ""
    return f"{'+' if amount > 0 else ''}{amount_words(amount, currency)}"
