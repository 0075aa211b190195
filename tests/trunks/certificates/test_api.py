"""Certificates through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.conftest import Person
from tests.trunks.api.conftest import TRUNKS, errors_of
from tests.trunks.certificates.papers import add_authority, add_client, make

pytestmark = pytest.mark.django_db

ROOT = make("Carrier root", is_authority=True)
CLIENT = make("us.example.com", ROOT)
AUTHORITIES, CERTIFICATES = "/api/v1/trusted-authorities/", "/api/v1/client-certificates/"


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


def gateway_with(api: APIClient, **chosen: Any) -> Any:
    gateway = {"uri": "sip:sip.example.com;transport=tls", **chosen}
    return api.post(TRUNKS, {"name": "Line", "gateways": [gateway]})


def test_the_life_of_an_authority(api: APIClient) -> None:
    made = api.post(AUTHORITIES, {"name": "Carrier", "certificates": ROOT.pem})
    assert (made.status_code, made.json()["subject"], made.json()["certificate_count"]) == (
        201,
        "CN=Carrier root",
        1,
    )
    address = made.headers["Location"]
    changed = api.patch(address, {"name": "Other"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["warnings"]) == (200, [])
    assert [each["name"] for each in api.get(AUTHORITIES).json()["results"]] == ["Other"]
    assert api.delete(address, headers={"If-Match": '"2"'}).status_code == 204


def test_private_key_goes_in_and_never_comes_out(api: APIClient) -> None:
    sent = {"name": "Us", "certificates": CLIENT.pem, "private_key": CLIENT.key}
    made = api.post(CERTIFICATES, sent, headers={"Idempotency-Key": "k1"})
    again = api.post(CERTIFICATES, sent, headers={"Idempotency-Key": "k1"})
    answers = [made, again, api.get(made.headers["Location"]), api.get(CERTIFICATES)]
    assert [each.status_code for each in answers] == [201, 201, 200, 200]
    for answer in answers:
        assert "private_key" not in answer.content.decode()
        assert CLIENT.key.splitlines()[1] not in answer.content.decode()


def test_wrong_input_is_told_by_field_and_not_echoed(api: APIClient) -> None:
    sent = {"name": "", "certificates": CLIENT.pem, "private_key": ROOT.key}
    answer = api.post(CERTIFICATES, sent)
    assert answer.status_code == 400
    assert {field for field, _message in errors_of(answer)} == {"name", "private_key"}
    assert ROOT.key.splitlines()[1] not in answer.content.decode()
    pasted = api.post(AUTHORITIES, {"name": "CA", "certificates": ROOT.key})
    assert [field for field, _message in errors_of(pasted)] == ["certificates"]
    assert ROOT.key.splitlines()[1] not in pasted.content.decode()


def test_gateways_name_what_they_use(api: APIClient, alice: Person) -> None:
    ca, shown = add_authority(alice, ROOT.pem), add_client(alice, CLIENT.pem, CLIENT.key)
    chosen = {"trusted_authority_id": str(ca.pk), "client_certificate_id": str(shown.pk)}
    made = gateway_with(api, **chosen)
    gateway = made.json()["gateways"][0]
    assert {name: gateway[name] for name in chosen} == chosen
    refused = api.delete(f"{AUTHORITIES}{ca.pk}/", headers={"If-Match": '"1"'})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callsphere:error:in_use")
    assert "sip:sip.example.com;transport=tls (Line)" in refused.json()["detail"]


def test_foreign_ids_read_like_unknown_ones(api: APIClient, alice: Person, charlie: Person) -> None:
    theirs, shown = add_authority(charlie, ROOT.pem), add_client(charlie, CLIENT.pem, CLIENT.key)
    random = "00000000-0000-7000-8000-000000000000"
    for name, pk in (("trusted_authority_id", theirs.pk), ("client_certificate_id", shown.pk)):
        told = [errors_of(gateway_with(api, **{name: value})) for value in (str(pk), random)]
        assert told[0] == told[1]
        assert [field for field, _message in told[0]] == [f"gateways[0].{name}"]


@pytest.mark.parametrize("address", [AUTHORITIES, CERTIFICATES])
def test_lists_take_a_fixed_number_of_queries(api: APIClient, alice: Person, address: str) -> None:
    api.get(address)  # what only a first request asks
    counts = []
    for number in range(3):
        add_authority(alice, ROOT.pem, f"CA {number}")
        add_client(alice, CLIENT.pem, CLIENT.key, f"Us {number}")
        with CaptureQueriesContext(connection) as queries:
            assert len(api.get(address).json()["results"]) == number + 1
        counts.append(len(queries))
    assert counts[0] == counts[2]
