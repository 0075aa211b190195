"""The emergency address of a number through the API."""

from __future__ import annotations

import pytest

from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import Desk
from tests.trunks.numbers.pages.conftest import add_own, bought
from tests.trunks.numbers.pages.test_emergency import TOWN
from trunks.models import PhoneNumber
from trunks.numbers.worker import provision_due

__all__ = ["bought"]
pytestmark = pytest.mark.django_db


def address(number: PhoneNumber) -> str:
    return f"/api/v1/phone-numbers/{number.pk}/emergency-address/"


def test_an_address_is_registered(alice: Person, bought: PhoneNumber) -> None:
    api = alice.api()
    assert api.get(address(bought)).status_code == 404
    put = api.put(address(bought), TOWN)
    assert (put.status_code, put.json()) == (200, {**TOWN, "state": "pending", "error": "", "error_code": ""})
    provision_due()
    assert api.get(address(bought)).json()["state"] == "registered"


def test_a_refusal_says_why(alice: Person, bought: PhoneNumber, desk: Desk) -> None:
    desk.twilio.fail(status=400, code=21629, method="POST", path="Addresses")
    api = alice.api()
    api.put(address(bought), TOWN)
    provision_due()
    told = api.get(address(bought)).json()
    assert (told["state"], told["error_code"], "cannot be used" in told["error"]) == (
        "failed",
        "address_invalid",
        True,
    )


def test_what_is_missing_is_named(alice: Person, bought: PhoneNumber) -> None:
    answer = alice.api().put(address(bought), {**TOWN, "street": ""})
    assert (answer.status_code, [each["field"] for each in answer.json()["errors"]]) == (400, ["street"])


def test_a_number_of_ones_own_has_none(alice: Person) -> None:
    number = add_own(alice, make_trunk(alice))
    answer = alice.api().put(address(number), TOWN)
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:callsphere:error:no_emergency_calls")
