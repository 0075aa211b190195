"""Shares of invoices, in integers, rounded once."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from billing.affiliates.amounts import commission_of, divide_half_even
from billing.models import Invoice


def share(status: str = "paid", **values: Any) -> int:
    return commission_of(Invoice(status=status, **values), 2_200)


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"net": 14_900, "total": 14_900, "paid": 14_900}, 3_278),
        ({"net": 14_900, "total": 16_129, "paid": 16_129}, 3_278),  # no share of the tax
        ({"net": 14_900, "total": 16_129, "paid": 16_129, "refunded": 16_129}, 0),
        ({"net": 10_000, "total": 12_000, "paid": 12_000, "refunded": 6_000}, 1_100),
        ({"net": 10_000, "total": 12_000, "paid": 12_000, "disputed": 12_000}, 0),
        ({"net": 10_000, "total": 12_000, "paid": 12_000, "refunded": 12_000, "disputed": 12_000}, 0),
        ({"net": 10_000, "total": 12_000, "paid": 6_000}, 1_100),  # the rest was paid from a credit
        ({"net": 0, "total": 0, "paid": 0}, 0),
        ({"net": -500, "total": -500, "paid": 0}, 0),
        ({"net": 25, "total": 25, "paid": 25}, 6),  # 5.5: to the even neighbour
        ({"net": 75, "total": 75, "paid": 75}, 16),  # 16.5
    ],
)
def test_shares(values: dict[str, Any], wanted: int) -> None:
    assert share(**values) == wanted


@pytest.mark.parametrize("status", ["draft", "open", "void", "uncollectible"])
def test_only_what_is_paid_earns(status: str) -> None:
    assert share(status=status, net=10_000, total=10_000, paid=10_000) == 0


@given(st.integers(0, 10**15), st.integers(1, 10**9))
def test_rounding_is_half_even(dividend: int, divisor: int) -> None:
    exact = Fraction(dividend, divisor)
    assert divide_half_even(dividend, divisor) == round(exact)
    if 2 * dividend % divisor == 0:
        tie = (Decimal(2 * dividend // divisor) / 2).quantize(Decimal(1), ROUND_HALF_EVEN)
        assert divide_half_even(dividend, divisor) == tie


@given(net=st.integers(0, 10**9), tax=st.integers(0, 10**9), data=st.data())
def test_a_share_is_never_above_the_rate_nor_below_nothing(net: int, tax: int, data: st.DataObject) -> None:
    paid = data.draw(st.integers(0, net + tax))
    refunded = data.draw(st.integers(0, paid))
    got = share(net=net, total=net + tax, paid=paid, refunded=refunded)
    assert 0 <= got <= divide_half_even(net * 2_200, 10_000)
    assert got >= share(net=net, total=net + tax, paid=paid, refunded=paid)
