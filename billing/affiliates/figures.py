"""What an affiliate sees of their own, in their own context: how many came, and what is owed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import MAXYEAR, UTC, datetime
from typing import Any

from django.db.models import Count, Q, QuerySet, Sum

from billing.affiliates.attribution import COUNTS_FOR
from billing.affiliates.commissions import HOLD
from billing.affiliates.ledger import OWED, accounts_of, balances_of
from billing.affiliates.models import (
    Affiliate,
    Commission,
    LedgerTransaction,
    Referral,
    ReferralClick,
    ReferralTouch,
)
from billing.affiliates.payouts import Line, statement_of
from billing.enums import Account, Booking
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
class Sums:
    """What is owed and was paid in one currency, in minor units."""

    currency: str
    held: int
    payable: int
    paid: int


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
    """Return balances by currency, in words."""
    return [
        BalanceRow(
            currency=each.currency.upper(),
            held=amount_words(each.held, each.currency),
            payable=amount_words(each.payable, each.currency),
            paid=amount_words(each.paid, each.currency),
            is_debt=each.payable < 0,
        )
        for each in sums_of(affiliate)
    ]


def sums_of(affiliate: Affiliate) -> list[Sums]:
    """Return balances by currency, in one query."""
    found = accounts_of(affiliate, (*OWED, Account.PAID_OUT))
    return [
        Sums(
            currency,
            held=amounts.get(Account.HELD, 0),
            payable=amounts.get(Account.PAYABLE, 0),
            paid=amounts.get(Account.PAID_OUT, 0),
        )
        for currency, amounts in found.items()
    ]


def terms_of(affiliate: Affiliate) -> dict[str, int]:
    """Return the share in hundredths of a percent, and for how many days clicks count and shares are held."""
    return {"share": affiliate.rate, "attribution_days": COUNTS_FOR.days, "hold_days": HOLD.days}


def next_release(affiliate: Affiliate) -> datetime | None:
    """Return when the next of what is held becomes payable."""
    held = Commission.objects.filter(referral__affiliate=affiliate, released_at=None, amount__gt=0)
    return held.order_by("release_at").values_list("release_at", flat=True).first()


def payouts_to(affiliate: Affiliate) -> QuerySet[Any]:
    """Return what was paid out, the newest first, each with its `amount` in minor units."""
    rows = LedgerTransaction.objects.filter(affiliate=affiliate, kind=Booking.PAID_OUT)
    paid = Sum("entries__amount", filter=Q(entries__account=Account.PAID_OUT))
    return rows.annotate(amount=paid).order_by("-number")


def payout_rows(affiliate: Affiliate) -> list[PayoutRow]:
    """Return the last payouts, the newest first."""
    found = payouts_to(affiliate).values_list("booked_at", "amount", "currency")
    return [
        PayoutRow(moment, amount_words(int(amount), currency))
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


def month_figures(affiliate: Affiliate, since: datetime) -> dict[str, object]:
    """Return the month that begins then, the first booking first, in minor units, in two queries."""
    until = month_after(since)
    lines = statement_of(affiliate, since, until)
    closing = balances_of(affiliate, before=until)
    return {
        "month": f"{since:%Y-%m}",
        "entries": lines,
        "totals": [
            {
                "currency": currency,
                "held": sum(line.held for line in lines if line.currency == currency),
                "payable": sum(line.payable for line in lines if line.currency == currency),
                "closing_held": balance.held,
                "closing_payable": balance.payable,
            }
            for currency, balance in closing.items()
        ],
    }


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
