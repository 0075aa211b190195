"""Commissions follow the stored invoices, whatever happens to them in whichever order."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from billing.affiliates.amounts import commission_of
from billing.affiliates.commissions import HOLD, release_due
from billing.affiliates.ledger import Balance, book, lock_affiliate
from billing.enums import Booking
from billing.models import Affiliate, Commission, Invoice, Referral
from tenants.context import platform_context
from tenants.enums import Role
from tenants.models import Membership
from tests.billing.affiliates.conftest import (
    START,
    balance,
    change,
    follow,
    journal,
    make_invoice,
    unbalanced,
)
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def test_a_paid_invoice_earns_and_is_held(dana: Affiliate, referral: Referral, alice: Person) -> None:
    make_invoice(alice)
    follow()
    assert (balance(dana), journal(dana)) == (Balance(held=2_200), ["earned"])


def test_the_same_again_books_nothing(dana: Affiliate, referral: Referral, alice: Person) -> None:
    invoice = make_invoice(alice)
    for _again in range(3):
        follow()
        change(invoice, commission_due=True)
    change(invoice, paid=invoice.paid, refunded=0)
    follow()
    assert (balance(dana), journal(dana)) == (Balance(held=2_200), ["earned"])


def test_an_open_invoice_earns_once_it_is_paid(dana: Affiliate, referral: Referral, alice: Person) -> None:
    invoice = make_invoice(alice, status="open", paid=0, paid_at=None)
    follow()
    assert journal(dana) == []
    change(invoice, status="paid", paid=invoice.total, paid_at=START)
    follow()
    assert (balance(dana), journal(dana)) == (Balance(held=2_200), ["earned"])


def test_the_hold_ends_after_thirty_days(dana: Affiliate, referral: Referral, alice: Person) -> None:
    make_invoice(alice)
    follow()
    release_due(START + timedelta(days=30, seconds=-1))
    assert balance(dana) == Balance(held=2_200)
    release_due(START + timedelta(days=30))
    release_due(START + timedelta(days=30))
    assert (balance(dana), journal(dana)) == (Balance(payable=2_200), ["earned", "released"])


def test_a_refund_while_held_is_taken_back(dana: Affiliate, referral: Referral, alice: Person) -> None:
    invoice = make_invoice(alice)
    follow()
    change(invoice, refunded=invoice.total)
    follow()
    release_due(START + HOLD)
    assert (balance(dana), journal(dana)) == (Balance(), ["earned", "clawed_back"])


def test_a_dispute_after_the_release_leaves_a_debt(
    dana: Affiliate, referral: Referral, alice: Person
) -> None:
    lost, kept = make_invoice(alice), make_invoice(alice, net=1_000, tax=0)
    follow()
    release_due(START + HOLD)
    change(lost, disputed=lost.total)
    follow()
    assert balance(dana) == Balance(payable=220)
    change(kept, disputed=kept.total)
    change(lost, disputed=0)  # won after all
    follow()
    assert balance(dana) == Balance(payable=2_200)
    assert sorted(journal(dana)) == sorted(["earned"] * 3 + ["released"] * 2 + ["clawed_back"] * 2)


def test_a_refund_that_comes_before_anything_was_booked(
    dana: Affiliate, referral: Referral, alice: Person
) -> None:
    make_invoice(alice, refunded=10_825)
    follow()
    assert (balance(dana), journal(dana)) == (Balance(), [])


def test_each_currency_apart(dana: Affiliate, referral: Referral, alice: Person) -> None:
    make_invoice(alice)
    make_invoice(alice, currency="eur", net=5_000)
    follow()
    assert (balance(dana), balance(dana, "eur")) == (Balance(held=2_200), Balance(held=1_100))


def test_a_customer_whom_nobody_brought(dana: Affiliate, referral: Referral, charlie: Person) -> None:
    invoice = make_invoice(charlie)
    follow()
    with platform_context("test"):
        assert not Invoice.objects.get(pk=invoice.pk).commission_due
        assert Commission.objects.count() == 0


def test_the_promised_share_stays(dana: Affiliate, referral: Referral, alice: Person) -> None:
    with platform_context("test"):
        Affiliate.objects.update(rate=1_000)
    make_invoice(alice)
    follow()
    assert balance(dana) == Balance(held=2_200)


def test_nothing_is_earned_from_when_the_affiliate_joined(
    dana: Affiliate, referral: Referral, alice: Person
) -> None:
    make_invoice(alice)
    joined = START + timedelta(days=3)
    with platform_context("test"):
        Membership.objects.create(
            tenant=alice.tenant, user_id=dana.user_id, role=Role.VIEWER, created_at=joined
        )
    make_invoice(alice, paid_at=joined)
    follow()
    follow()
    assert (balance(dana), journal(dana)) == (Balance(held=2_200), ["earned"])
    with platform_context("test"):
        ended = Referral.objects.get()
        assert (ended.ended_at, ended.end_reason) == (
            joined,
            "The affiliate is a member of this organisation.",
        )


# Properties


@dataclass(frozen=True)
class Step:
    """What happens to one of two invoices, or the worker's turn."""

    what: str
    invoice: int = 0
    part: int = 0


STEPS = st.lists(
    st.one_of(
        st.builds(
            Step,
            st.sampled_from(["pay", "refund", "dispute", "win", "void"]),
            st.integers(0, 1),
            st.integers(1, 100),
        ),
        st.builds(Step, st.sampled_from(["follow", "mark", "release"]), st.integers(0, 1)),
    ),
    max_size=25,
)


def _take(step: Step, invoices: list[Invoice]) -> None:
    with platform_context("test"):
        invoice = Invoice.objects.get(pk=invoices[step.invoice].pk)
    part = invoice.total * step.part // 100
    changes: dict[str, dict[str, Any]] = {
        "pay": {"status": "paid", "paid": invoice.total, "paid_at": START},
        "refund": {"refunded": min(part, invoice.paid)},
        "dispute": {"disputed": part},
        "win": {"disputed": 0},
        "void": {"status": "void"},
        "mark": {"commission_due": True},
    }
    if step.what == "follow":
        follow()
    elif step.what == "release":
        release_due(START + HOLD)
    else:
        change(invoice, **changes[step.what])


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(steps=STEPS)
def test_whatever_happens_the_ledger_balances_and_says_what_is_due(
    dana: Affiliate, referral: Referral, alice: Person, steps: list[Step]
) -> None:
    invoices = [
        make_invoice(alice, net=net, tax=tax, status="open", paid=0, paid_at=None)
        for net, tax in ((14_900, 1_229), (333, 25))
    ]
    for step in steps:
        _take(step, invoices)
        assert unbalanced() == []
    follow()

    with platform_context("test"):
        stored = list(Invoice.objects.all())  # of earlier examples too
        due = sum(commission_of(invoice, 2_200) for invoice in stored)
        listed = sum(Commission.objects.values_list("amount", flat=True))
    found = balance(dana)
    assert (found.held + found.payable, listed) == (due, due)

    booked = journal(dana)
    for invoice in invoices:  # everything is heard again
        change(invoice, commission_due=True)
    follow()
    assert journal(dana) == booked
    release_due(START + HOLD)
    assert balance(dana) == Balance(payable=due)


def test_a_commission_that_cannot_be_released_holds_up_no_other(
    dana: Affiliate, referral: Referral, alice: Person
) -> None:
    first, second = make_invoice(alice), make_invoice(alice)
    follow()
    with platform_context("test"):
        broken = Commission.objects.get(invoice=first)
        affiliate = lock_affiliate(dana.pk)
        book(affiliate, Booking.RELEASED, "usd", {}, now=START, actor_label="test", commission=broken)
        Commission.objects.filter(pk=broken.pk).update(release_at=START)

    release_due(START + timedelta(days=30))

    with platform_context("test"):
        assert Commission.objects.get(invoice=first).released_at is None
        assert Commission.objects.get(invoice=second).released_at is not None
    assert balance(dana).payable == 2_200
