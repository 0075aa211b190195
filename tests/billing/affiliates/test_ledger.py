"""The ledger as the database keeps it: balanced, in order, and never changed."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, models

from billing.affiliates.ledger import Balance, balances_of, book, lock_affiliate
from billing.enums import Account, Booking
from billing.models import Affiliate, LedgerEntry, LedgerTransaction, Payout
from tenants.context import platform_context, user_context
from tests.billing.affiliates.conftest import START, balance, make_affiliate, unbalanced
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def adjust(affiliate: Affiliate, amounts: dict[Account, int], currency: str = "usd") -> LedgerTransaction:
    with platform_context("test"):
        return book(
            lock_affiliate(affiliate.pk),
            Booking.ADJUSTED,
            currency,
            amounts,
            now=START,
            actor_label="support@example.com",
            reason="Promised on the phone",
        )


def test_what_balances_is_booked(dana: Affiliate) -> None:
    adjust(dana, {Account.PAYABLE: 500, Account.ADJUSTMENT: -500})
    adjust(dana, {Account.PAYABLE: -700, Account.ADJUSTMENT: 700})

    assert balance(dana) == Balance(payable=-200)
    assert unbalanced() == []


def test_each_currency_has_a_balance(dana: Affiliate) -> None:
    adjust(dana, {Account.PAYABLE: 500, Account.ADJUSTMENT: -500})
    adjust(dana, {Account.PAYABLE: 300, Account.ADJUSTMENT: -300}, "eur")

    assert (balance(dana), balance(dana, "eur")) == (Balance(payable=500), Balance(payable=300))


@pytest.mark.parametrize(
    "amounts",
    [
        {Account.PAYABLE: 500},
        {Account.PAYABLE: 500, Account.ADJUSTMENT: -499},
        {Account.HELD: 1, Account.PAYABLE: 1, Account.ADJUSTMENT: -1},
    ],
)
def test_what_does_not_balance_is_refused(dana: Affiliate, amounts: dict[Account, int]) -> None:
    with pytest.raises(IntegrityError, match="do not balance"):
        adjust(dana, amounts)
    assert balance(dana) == Balance()


def test_nothing_is_added_to_what_was_booked(dana: Affiliate) -> None:
    booked = adjust(dana, {Account.PAYABLE: 500, Account.ADJUSTMENT: -500})
    with pytest.raises(IntegrityError, match="do not balance"), platform_context("test"):
        LedgerEntry.objects.create(transaction=booked, account=Account.HELD, amount=1)


def test_two_transactions_do_not_have_one_number(dana: Affiliate) -> None:
    adjust(dana, {Account.PAYABLE: 500, Account.ADJUSTMENT: -500})
    with platform_context("test"):
        Affiliate.objects.update(last_number=0)
    with pytest.raises(IntegrityError, match="ledger_number_once"):
        adjust(dana, {Account.PAYABLE: 500, Account.ADJUSTMENT: -500})


@pytest.mark.parametrize("model", [LedgerTransaction, LedgerEntry, Payout])
def test_not_even_support_changes_the_ledger(dana: Affiliate, model: type[models.Model]) -> None:
    adjust(dana, {Account.PAYABLE: 500, Account.ADJUSTMENT: -500})
    rows: Any = model._default_manager
    with pytest.raises(DatabaseError, match="permission denied"), platform_context("test"):
        rows.update(id=None)
    with pytest.raises(DatabaseError, match="permission denied"), platform_context("test"):
        rows.all()._raw_delete("default")


def test_affiliates_see_their_own_alone(dana: Affiliate, alice: Person) -> None:
    other = make_affiliate("eve@example.com", "eve")
    adjust(dana, {Account.PAYABLE: 500, Account.ADJUSTMENT: -500})
    adjust(other, {Account.PAYABLE: 300, Account.ADJUSTMENT: -300})

    with user_context(dana.user_id):
        assert list(Affiliate.objects.all()) == [dana]
        assert (balances_of(dana), balances_of(other)) == ({"usd": Balance(payable=500)}, {})
        assert (LedgerTransaction.objects.count(), LedgerEntry.objects.count()) == (1, 2)
    with user_context(alice.user.pk):
        assert (Affiliate.objects.count(), LedgerTransaction.objects.count(), balances_of(dana)) == (0, 0, {})


def test_the_application_books_nothing(dana: Affiliate) -> None:
    with pytest.raises(DatabaseError, match="permission denied"), user_context(dana.user_id):
        Affiliate.objects.create(user_id=dana.user_id, code="more")
