"""Batches of payouts, statements, and what support does."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from billing.affiliates import support
from billing.affiliates.commissions import release_due
from billing.affiliates.ledger import Balance
from billing.affiliates.payouts import close_payout, payout_csv, statement_csv, statement_of
from billing.models import Affiliate, Payout, Referral
from callsphere.lib.errors import Refused
from tenants.audit import Actor
from tenants.context import platform_context, user_context
from tenants.models import PlatformEvent, User
from tests.billing.affiliates.conftest import (
    START,
    balance,
    change,
    follow,
    journal,
    make_affiliate,
    make_invoice,
    unbalanced,
)
from tests.conftest import Person, make_user
from tests.racing import at_once, code_of

pytestmark = pytest.mark.django_db
DESK = Actor.system("support desk")
END = START + timedelta(days=30)


def pay(minimum: int = 1, currency: str = "usd") -> Payout:
    return close_payout(actor=DESK, currency=currency, minimum=minimum, reason="March", now=END)


def adjust(affiliate: Affiliate, amount: int, currency: str = "usd", reason: str = "Promised") -> None:
    support.adjust_balance(
        actor=DESK, affiliate=affiliate, currency=currency, amount=amount, reason=reason, now=START
    )


def exported(payout: Payout) -> list[str]:
    with platform_context("test"):
        return payout_csv(payout).splitlines()[1:]


def reasons(verb: str) -> list[str]:
    with platform_context("test"):
        return list(PlatformEvent.objects.filter(verb=verb).values_list("reason", flat=True))


def test_what_is_payable_is_paid_once(dana: Affiliate, referral: Referral, alice: Person) -> None:
    make_invoice(alice)
    follow()
    release_due(END)
    make_invoice(alice)  # held
    follow()

    payout = pay()

    assert exported(payout) == ["dana,dana@example.com,usd,2200,$22.00,4"]
    assert journal(dana) == ["earned", "released", "earned", "paid_out"]
    assert (balance(dana), unbalanced()) == (Balance(held=2_200), [])
    with pytest.raises(Refused, match=r"Nobody has \$0.01 or more"):
        pay()
    with platform_context("test"):
        assert Payout.objects.count() == 1


def test_small_balances_and_debts_are_carried_forward(dana: Affiliate) -> None:
    eve, frank = make_affiliate("eve@example.com", "eve"), make_affiliate("frank@example.com", "frank")
    adjust(dana, 5_000)
    adjust(eve, 4_999)
    adjust(frank, -300)

    assert exported(pay(5_000)) == ["dana,dana@example.com,usd,5000,$50.00,2"]

    assert [balance(each) for each in (dana, eve, frank)] == [
        Balance(),
        Balance(payable=4_999),
        Balance(payable=-300),
    ]


def test_a_debt_after_a_payout_is_set_off(dana: Affiliate, referral: Referral, alice: Person) -> None:
    invoice = make_invoice(alice)
    follow()
    release_due(END)
    pay()
    change(invoice, refunded=invoice.total)
    follow()
    assert balance(dana) == Balance(payable=-2_200)
    adjust(dana, 3_000)
    assert exported(pay()) == ["dana,dana@example.com,usd,800,$8.00,6"]


def test_a_batch_pays_one_currency(dana: Affiliate) -> None:
    adjust(dana, 500)
    adjust(dana, 700, "eur")
    assert exported(pay(currency="eur")) == ["dana,dana@example.com,eur,700,€7.00,3"]
    assert (balance(dana), balance(dana, "eur")) == (Balance(payable=500), Balance())


def test_an_export_holds_no_formulas() -> None:
    adjust(make_affiliate("=cmd@example.com", "eve"), 500)
    assert exported(pay()) == ["eve,'=cmd@example.com,usd,500,$5.00,2"]


@pytest.mark.django_db(transaction=True)
def test_two_batches_at_once_pay_nobody_twice() -> None:
    dana = make_affiliate()
    adjust(dana, 500)
    assert sorted(map(code_of, at_once(pay, pay))) == ["done", "nothing_to_pay"]
    assert (balance(dana), journal(dana)) == (Balance(), ["adjusted", "paid_out"])


def test_an_affiliate_reads_their_statement(dana: Affiliate) -> None:
    adjust(dana, 500, reason="=Promised on the phone")
    pay()
    with user_context(dana.user_id):
        text = statement_csv(statement_of(dana, START, END + timedelta(days=1)))
        assert statement_of(dana, START, START) == []
    assert text.splitlines() == [
        "booking,booked_at,what,currency,held_minor,payable_minor,reason",
        "1,2026-03-01T12:00:00+00:00,Adjusted by support,usd,0,500,'=Promised on the phone",
        "2,2026-03-31T12:00:00+00:00,Paid out,usd,0,-500,",
    ]


# Support


def test_support_adjusts_with_a_reason(dana: Affiliate) -> None:
    adjust(dana, -200)
    assert (balance(dana), reasons("affiliate.adjusted")) == (Balance(payable=-200), ["Promised"])


@pytest.mark.parametrize(
    "values", [{"reason": ""}, {"reason": " "}, {"amount": 0}, {"currency": "USD"}, {"currency": "us"}]
)
def test_what_support_may_not_adjust(dana: Affiliate, values: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        adjust(dana, **{"amount": 100, **values})
    assert set(caught.value.message_dict) == set(values)
    assert journal(dana) == []


def test_support_enrols_and_switches_off(db: None) -> None:
    user: User = make_user("eve@example.com")
    made = support.enrol_affiliate(actor=DESK, user=user, code=" Eve-1 ", reason="Applied")
    support.set_active(actor=DESK, affiliate=made, is_active=False, reason="Spam")
    with platform_context("test"):
        assert [(each.code, each.is_active) for each in Affiliate.objects.all()] == [("eve-1", False)]
    assert (reasons("affiliate.enrolled"), reasons("affiliate.updated")) == (["Applied"], ["Spam"])
    with pytest.raises(ValidationError):
        support.enrol_affiliate(actor=DESK, user=make_user("f@example.com"), code="eve-1", reason="Applied")


def test_support_ends_a_referral(dana: Affiliate, referral: Referral, alice: Person) -> None:
    make_invoice(alice)
    ended = START + timedelta(days=5)
    support.end_referral(actor=DESK, referral=referral, reason="Fraud", now=ended)
    make_invoice(alice, paid_at=ended)
    follow()
    assert (balance(dana), reasons("affiliate.referral_ended")) == (Balance(held=2_200), ["Fraud"])
    with pytest.raises(Refused, match="ended already"):
        support.end_referral(actor=DESK, referral=referral, reason="Fraud", now=ended)
