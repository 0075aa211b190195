"""Phone numbers through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import NUMBER, Desk
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/phone-numbers/"
LIST_QUERIES = 11


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


def codes_of(response: Any) -> list[tuple[str, str]]:
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def buy(api: APIClient, number: str = NUMBER, key: str = "k1", **values: Any) -> Any:
    return api.post(ADDRESS, {"number": number, **values}, headers={"Idempotency-Key": key})


def test_the_life_of_a_number(api: APIClient, desk: Desk) -> None:
    made = buy(api, "+1 415 555 0101", label="Front desk")
    assert (made.status_code, made.json()["number"], made.json()["state"]) == (201, NUMBER, "ordered")
    provision_due()
    address = made.headers["Location"]
    body = api.get(address).json()
    assert (body["state"], body["source"], body["kind"], body["country"]) == (
        "active",
        "bought",
        "local",
        "US",
    )
    assert (body["attestation"], body["emergency_state"], body["messaging_state"]) == ("C", "none", "none")
    changed = api.patch(address, {"label": "Back door"}, headers={"If-Match": f'"{body["version"]}"'})
    assert (changed.status_code, changed.json()["label"]) == (200, "Back door")
    gone = api.delete(address, headers={"If-Match": changed.headers["ETag"]})
    assert (gone.status_code, api.get(address).json()["state"]) == (204, "releasing")
    provision_due()
    assert (api.get(address).json()["state"], desk.bought()) == ("released", [])


def test_the_same_key_orders_once(api: APIClient, desk: Desk) -> None:
    first, second = buy(api), buy(api)
    assert (first.status_code, second.status_code, second.headers["Idempotent-Replayed"]) == (
        201,
        201,
        "true",
    )
    assert first.json()["id"] == second.json()["id"]
    provision_due()
    assert desk.bought() == [NUMBER]


def test_own_number_rides_on_a_trunk(api: APIClient, alice: Person) -> None:
    trunk = make_trunk(alice)
    made = buy(api, trunk_id=str(trunk.pk))
    assert (made.status_code, made.json()["state"], made.json()["trunk_id"]) == (
        201,
        "unverified",
        str(trunk.pk),
    )


def test_trunk_of_somebody_else_is_none(api: APIClient, charlie: Person) -> None:
    trunk = make_trunk(charlie)
    refused = buy(api, trunk_id=str(trunk.pk))
    assert (refused.status_code, codes_of(refused)) == (400, [("trunk_id", "does_not_exist")])


def test_all_that_is_wrong_is_said_at_once(api: APIClient, desk: Desk) -> None:
    refused = buy(api, "415", label="x" * 65)
    assert refused.status_code == 400
    assert sorted(codes_of(refused)) == [("label", "max_length"), ("number", "invalid_number")]
    assert api.get(ADDRESS).json()["results"] == []


def test_nothing_but_the_label_is_changed(api: APIClient, desk: Desk) -> None:
    address = buy(api).headers["Location"]
    refused = api.patch(address, {"number": "+14155550102"}, headers={"If-Match": '"1"'})
    assert (refused.status_code, codes_of(refused)) == (400, [("number", "read_only")])


def test_plan_without_room(api: APIClient, alice: Person, desk: Desk) -> None:
    with tenant_context(alice.tenant):
        Tenant.objects.update(number_limit=1)
    buy(api)
    refused = buy(api, "+14155550102", key="k2")
    assert (refused.status_code, refused.json()["type"]) == (403, "urn:callsphere:error:limit_reached")


def test_viewer_changes_nothing(alice: Person, desk: Desk) -> None:
    assert buy(alice.api("trunks:read")).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_a_fixed_number_of_times(api: APIClient, desk: Desk, count: int) -> None:
    for index in range(count):
        buy(api, f"+1415555010{index}", key=f"k{index}")
    with CaptureQueriesContext(
        connection,
    ) as asked:
        assert len(api.get(f"{ADDRESS}?state=ordered").json()["results"]) == count
    assert len(asked) == LIST_QUERIES
