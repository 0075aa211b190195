"""Giving a number up: what is lost is said first."""

from __future__ import annotations

import pytest

from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk, stored
from tests.trunks.numbers.pages.conftest import number_page, page
from trunks.models import PhoneNumber
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db


def release(person: Person, number: PhoneNumber, version: int | None = None) -> str:
    sent = {"version": str(version or number.version)}
    return str(person.client().post(number_page("release", person, number), sent)["Location"])


def test_what_is_lost_is_said(alice: Person, bought: PhoneNumber) -> None:
    html = alice.client().get(number_page("release", alice, bought)).content.decode()
    assert "nobody can promise that you get it back" in html
    assert "Give it up" in html


def test_own_number_stays_at_its_carrier(alice: Person, own: PhoneNumber) -> None:
    html = alice.client().get(number_page("release", alice, own)).content.decode()
    assert "It stays yours at your carrier" in html


def test_bought_number_is_given_back_by_a_worker(alice: Person, bought: PhoneNumber, desk: Desk) -> None:
    assert release(alice, bought) == number_page("detail", alice, bought)
    assert stored(alice).state == "releasing"
    provision_due()
    assert (stored(alice).state, desk.bought()) == ("released", [])


def test_own_number_is_given_up_at_once(alice: Person, own: PhoneNumber) -> None:
    assert release(alice, own) == page("list", alice)
    assert stored(alice).state == "released"


def test_number_that_changed_since_is_looked_at_again(alice: Person, own: PhoneNumber) -> None:
    assert release(alice, own, version=99) == number_page("release", alice, own)
    assert stored(alice).state == "unverified"


def test_number_that_is_being_bought_is_not_given_up(alice: Person, desk: Desk) -> None:
    number = desk.order(alice)
    html = alice.client().get(number_page("release", alice, number)).content.decode()
    assert ("It is being bought" in html, "btn-error" in html) == (True, False)
    release(alice, number)
    assert stored(alice).state == "ordered"


def test_number_that_is_over_is_not_given_up_again(alice: Person, own: PhoneNumber) -> None:
    release(alice, own)
    html = alice.client().get(number_page("release", alice, own)).content.decode()
    assert "There is nothing left to give up." in html
