"""Two workers at once, on connections of their own."""

from __future__ import annotations

from datetime import timedelta

import pytest

from billing.affiliates.commissions import release_due
from billing.affiliates.ledger import Balance
from tests.billing.affiliates.conftest import (
    START,
    balance,
    change,
    follow,
    journal,
    make_affiliate,
    make_invoice,
    refer,
    unbalanced,
)
from tests.conftest import Person
from tests.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def release() -> object:
    return release_due(START + timedelta(days=30))


def test_workers_book_once(alice: Person) -> None:
    dana = make_affiliate()
    refer(dana, alice)
    for _each in range(5):
        make_invoice(alice)

    assert at_once(follow, follow, follow) == [None] * 3
    assert (balance(dana), journal(dana)) == (Balance(held=5 * 2_200), ["earned"] * 5)

    assert at_once(release, release, follow) == [None] * 3
    assert (balance(dana), sorted(journal(dana))) == (
        Balance(payable=5 * 2_200),
        ["earned"] * 5 + ["released"] * 5,
    )


def test_a_refund_while_it_is_released(alice: Person) -> None:
    dana = make_affiliate()
    refer(dana, alice)
    invoice = make_invoice(alice)
    follow()
    change(invoice, refunded=invoice.total)

    assert at_once(follow, release, follow) == [None] * 3
    release()
    assert (balance(dana), unbalanced()) == (Balance(), [])


def test_workers_at_once_book_each_invoice_for_two_affiliates(alice: Person, charlie: Person) -> None:
    dana, eve = make_affiliate(), make_affiliate("eve@example.com", "eve")
    refer(dana, alice)
    refer(eve, charlie)
    for customer in (alice, charlie, alice, charlie):
        make_invoice(customer)

    assert at_once(follow, follow) == [None] * 2
    assert (balance(dana), balance(eve)) == (Balance(held=4_400), Balance(held=4_400))
