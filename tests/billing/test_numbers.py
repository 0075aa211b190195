"""The account that holds phone numbers follows the subscription."""

from __future__ import annotations

import pytest

from billing.looking import look_after_due
from tests.billing.conftest import Shop, bought
from tests.billing.test_dunning import fall_behind
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk, stored, verbs
from tests.trunks.numbers.conftest import desk as desk  # a fixture
from trunks.enums import NumberState
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db


def fall_far_behind(shop: Shop, alice: Person, desk: Desk) -> None:
    """Buy a number, pay nothing, and become read-only."""
    fall_behind(shop, alice)
    desk.order(alice)
    provision_due()
    until = bought(alice).grace_until
    assert until is not None
    look_after_due(until)
    provision_due()


def test_unpaid_account_is_suspended_and_its_numbers_kept(shop: Shop, alice: Person, desk: Desk) -> None:
    fall_far_behind(shop, alice, desk)
    assert (desk.subaccounts(alice), len(desk.bought())) == (["suspended"], 1)
    assert stored(alice).state == NumberState.ACTIVE


def test_paying_brings_the_account_back(shop: Shop, alice: Person, desk: Desk) -> None:
    fall_far_behind(shop, alice, desk)
    shop.use_card(alice, "4242", pay=True)
    provision_due()
    assert (desk.subaccounts(alice), len(desk.bought())) == (["active"], 1)


def test_account_that_is_given_up_is_closed_with_its_numbers(shop: Shop, alice: Person, desk: Desk) -> None:
    fall_far_behind(shop, alice, desk)
    release_at = bought(alice).release_at
    assert release_at is not None
    look_after_due(release_at)
    provision_due()
    assert (desk.subaccounts(alice), desk.bought()) == (["closed"], [])
    assert (stored(alice).state, verbs(alice)[-1]) == (NumberState.RELEASED, "phone_number.released")
