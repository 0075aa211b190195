"""Verification calls through the API."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from rest_framework.test import APIClient

from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import Desk
from tests.trunks.numbers.pages.conftest import add_own
from tests.trunks.numbers.test_verifying import later, provision_at
from trunks.numbers.verifying import LOOK_EVERY
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db


def address(person: Person) -> str:
    number = add_own(person, make_trunk(person))
    return f"/api/v1/phone-numbers/{number.pk}/verification/"


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


def test_a_verification(alice: Person, api: APIClient, desk: Desk) -> None:
    where = address(alice)
    nothing = api.get(where)
    made = api.post(where, {"extension": "12"})
    provision_due()
    calling = api.get(where).json()
    picked_up = {"number": "+4930901820", "digits": calling["code"]}
    httpx.post(f"{desk.twilio.url}/_double/validations", json=picked_up, trust_env=False, timeout=60)
    provision_at(later(LOOK_EVERY))
    done = api.get(where).json()
    assert (nothing.status_code, made.status_code, made.headers["Location"].endswith(where)) == (
        404,
        201,
        True,
    )
    assert (made.json()["state"], made.json()["code"], made.json()["extension"]) == ("waiting", "", "12")
    assert (calling["state"], done["state"], done["code"]) == ("calling", "done", "")
    assert api.get(where.removesuffix("verification/")).json()["state"] == "active"


@pytest.mark.parametrize("body", [{"extension": "1w"}, {"digits": "1"}])
def test_wrong_body_is_refused(alice: Person, api: APIClient, desk: Desk, body: dict[str, Any]) -> None:
    assert api.post(address(alice), body).status_code == 400


def test_too_many_calls_are_answered_429(alice: Person, api: APIClient, desk: Desk) -> None:
    where = address(alice)
    answers = []
    for _ in range(4):
        answers.append(api.post(where, {}))
        desk.twilio.fail(status=400, code=21401, method="POST", path="OutgoingCallerIds")
        provision_due()
    assert [answer.status_code for answer in answers] == [201, 201, 201, 429]
    assert answers[-1].json()["type"] == "urn:callsphere:error:called_too_often"
    assert 3500 < int(answers[-1].headers["Retry-After"]) <= 3600


def test_key_that_may_only_read_has_nobody_called(alice: Person, desk: Desk) -> None:
    assert alice.api("trunks:read").post(address(alice), {}).status_code == 403


def test_another_tenants_number_does_not_exist(alice: Person, charlie: Person, desk: Desk) -> None:
    where = address(alice)
    stranger = charlie.api()
    assert (stranger.post(where, {}).status_code, stranger.get(where).status_code) == (404, 404)
