"""Trunks at Twilio through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.numbers.conftest import NUMBER, Desk
from tests.trunks.provisioning.conftest import FIRST, WHOLE_BYOC, Plant
from trunks.models import PhoneNumber, TrunkNumber
from trunks.numbers.worker import provision_due
from trunks.provisioning.worker import reconcile_due

pytestmark = pytest.mark.django_db
LIST_QUERIES = 12


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


@pytest.fixture
def address(plant: Plant) -> str:
    return f"/api/v1/trunks/{plant.trunk.pk}/provision/"


def code_of(answer: Any) -> str:
    """Return the code of an answer that refuses something."""
    return str(answer.json()["type"]).rpartition("/")[2].rpartition(":")[2]


def read(api: APIClient, address: str) -> dict[str, Any]:
    body: dict[str, Any] = api.get(address).json()
    return body


def set_up(api: APIClient, address: str, **values: Any) -> dict[str, Any]:
    made = api.post(address, {"kind": "byoc", **values}, headers={"Idempotency-Key": "k1"})
    assert (made.status_code, made.json()["state"]) == (201, "new")
    provision_due()
    reconcile_due()
    return read(api, address)


def test_the_life_of_a_trunk_at_twilio(api: APIClient, plant: Plant, address: str) -> None:
    assert api.get(address).status_code == 404
    body = set_up(api, address, domain_label="acme")
    assert (body["state"], [each["key"] for each in body["differences"]]) == (
        "planned",
        ["ip_list", "credential_list", "domain", "policy", "byoc_trunk"],
    )
    assert body["sip_addresses"][0]["uri"] == "sip:{agent}@acme.sip.twilio.com;transport=tls"
    assert (body["secure"], body["notes"][0]["code"]) == (True, "both_asked")
    assert (body["business"]["state"], body["business"]["calls_at_once"]) == ("none", 2)

    asked = api.post(f"{address}apply/", {"plan": body["plan"]}, headers={"Idempotency-Key": "k2"})
    assert (asked.status_code, asked.json()["state"]) == (202, "applying")
    reconcile_due()
    body = read(api, address)
    assert (body["state"], body["differences"], plant.there()) == ("in_sync", [], WHOLE_BYOC)

    changed = api.patch(address, {"secure": False}, headers={"If-Match": f'"{body["version"]}"'})
    assert (changed.status_code, changed.json()["secure"]) == (200, False)
    reconcile_due()
    body = read(api, address)
    assert (body["state"], [each["key"] for each in body["differences"]]) == ("planned", ["domain/secure"])

    taken = api.post(f"{address}take/", {"plan": body["plan"], "keys": ["domain/secure"]})
    assert (taken.status_code, taken.json()["secure"]) == (202, True)
    reconcile_due()
    assert read(api, address)["state"] == "in_sync"

    gone = api.delete(address, headers={"If-Match": f'"{read(api, address)["version"]}"'})
    assert (gone.status_code, read(api, address)["state"]) == (204, "removing")
    reconcile_due()
    assert (api.get(address).status_code, plant.there()) == (404, {})


def test_same_key_applies_once(api: APIClient, plant: Plant, address: str) -> None:
    body = set_up(api, address)
    sent = {"plan": body["plan"]}
    first = api.post(f"{address}apply/", sent, headers={"Idempotency-Key": "k2"})
    reconcile_due()
    again = api.post(f"{address}apply/", sent, headers={"Idempotency-Key": "k2"})

    assert (first.status_code, again.status_code, again.headers["Idempotent-Replayed"]) == (202, 202, "true")
    assert plant.there() == WHOLE_BYOC


@pytest.mark.parametrize(
    ("action", "sent", "status", "code"),
    [
        ("apply", {"plan": "0" * 64}, 409, "plan_changed"),
        ("apply", {}, 400, "required"),
        ("take", {"plan": "x"}, 400, "required"),
        ("apply", {"plan": "x", "plans": 1}, 400, "unknown_field"),
    ],
)
def test_what_cannot_be_done_says_why(
    api: APIClient, plant: Plant, address: str, action: str, sent: dict[str, Any], status: int, code: str
) -> None:
    set_up(api, address)
    answer = api.post(f"{address}{action}/", sent)
    codes = [each["code"] for each in answer.json()["errors"]] or [code_of(answer)]
    assert (answer.status_code, codes) == (status, [code])


def test_key_that_the_plan_does_not_have(api: APIClient, plant: Plant, address: str) -> None:
    body = set_up(api, address)
    answer = api.post(f"{address}take/", {"plan": body["plan"], "keys": ["nothing"]})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, "keys")


def test_version_of_somebody_else_is_refused(api: APIClient, plant: Plant, address: str) -> None:
    set_up(api, address)
    answer = api.patch(address, {"secure": False}, headers={"If-Match": '"7"'})
    assert (answer.status_code, code_of(answer)) == (412, "version_conflict")


def test_kind_is_chosen_once(api: APIClient, plant: Plant, address: str) -> None:
    body = set_up(api, address)
    again = api.post(address, {"kind": "elastic"})
    answer = api.patch(address, {"kind": "elastic"}, headers={"If-Match": f'"{body["version"]}"'})
    assert (again.status_code, code_of(again)) == (409, "provision_exists")
    assert answer.status_code == 400


def test_looking_has_a_limit(api: APIClient, plant: Plant, address: str) -> None:
    set_up(api, address)
    codes = [api.post(f"{address}look-now/").status_code for _ in range(4)]
    assert codes == [202, 202, 202, 429]


def test_number_goes_onto_the_trunk_and_off_again(
    api: APIClient, plant: Plant, address: str, desk: Desk
) -> None:
    desk.order(plant.person, NUMBER)
    provision_due()
    with tenant_context(plant.person.tenant):
        number = PhoneNumber.objects.get()
    set_up(api, address, kind="elastic")
    api.post(f"{address}apply/", {"plan": read(api, address)["plan"]})
    reconcile_due()

    added = api.post(f"{address}numbers/", {"phone_number_id": str(number.pk)})
    assert (added.status_code, added.json()["number"]) == (201, NUMBER)
    reconcile_due()
    body = read(api, address)
    assert [each["title"] for each in body["differences"]] == [f"Phone number {NUMBER} is not on the trunk"]
    api.post(f"{address}apply/", {"plan": body["plan"]})
    reconcile_due()
    (there,) = plant.store.all("api/IncomingPhoneNumbers")
    assert (there["trunk_sid"], read(api, address)["state"]) == (plant.row.sids["trunk"], "in_sync")

    assert api.delete(f"{address}numbers/{added.json()['id']}/").status_code == 204
    reconcile_due()
    api.post(f"{address}apply/", {"plan": read(api, address)["plan"]})
    reconcile_due()
    (there,) = plant.store.all("api/IncomingPhoneNumbers")
    assert (there["trunk_sid"], read(api, address)["state"]) == (None, "in_sync")


def test_number_on_a_byoc_trunk_is_refused(api: APIClient, plant: Plant, address: str, desk: Desk) -> None:
    desk.order(plant.person, NUMBER)
    provision_due()
    with tenant_context(plant.person.tenant):
        number = PhoneNumber.objects.get()
    set_up(api, address)
    answer = api.post(f"{address}numbers/", {"phone_number_id": str(number.pk)})
    assert (answer.status_code, code_of(answer)) == (409, "not_elastic")


def test_number_of_somebody_else_is_not_found(
    api: APIClient, plant: Plant, address: str, charlie: Person, desk: Desk
) -> None:
    desk.order(charlie, NUMBER)
    provision_due()
    with tenant_context(charlie.tenant):
        number = PhoneNumber.objects.get()
    set_up(api, address, kind="elastic")
    answer = api.post(f"{address}numbers/", {"phone_number_id": str(number.pk)})
    assert (answer.status_code, answer.json()["errors"][0]["code"]) == (400, "does_not_exist")


@pytest.mark.parametrize("count", [1, 3])
def test_list_of_numbers_asks_the_same_for_any_count(
    api: APIClient, plant: Plant, address: str, count: int
) -> None:
    set_up(api, address, kind="elastic")
    with tenant_context(plant.person.tenant):
        for index in range(count):
            number = PhoneNumber.objects.create(
                tenant=plant.person.tenant,
                number=f"+1415555010{index}",
                source="own",
                state="unverified",
                trunk=plant.trunk,
            )
            TrunkNumber.objects.create(tenant=plant.person.tenant, provision=plant.row, phone_number=number)
    with CaptureQueriesContext(connection) as queries:
        body = api.get(f"{address}numbers/").json()
    assert (len(body["results"]), len(queries)) == (count, LIST_QUERIES)


def test_reader_may_not_apply(plant: Plant, address: str, alice: Person) -> None:
    plant.set_up()
    reader = alice.api("trunks:read")
    answers = [reader.post(f"{address}{action}/", {}).status_code for action in ("apply", "take", "look-now")]
    assert (reader.get(address).status_code, answers) == (200, [403, 403, 403])
    assert FIRST in str(reader.get(address).json())
