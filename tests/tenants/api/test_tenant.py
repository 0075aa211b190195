"""The API key's own tenant."""

from rest_framework.test import APIClient

from tenants.context import tenant_context
from tenants.models import ApiKey, AuditEvent
from tests.conftest import Person

ADDRESS = "/api/v1/tenant/"
FIRST = {"If-Match": '"1"'}


def writer(person: Person) -> APIClient:
    """Return a client whose key may change settings."""
    client = person.api()
    with tenant_context(person.tenant):
        ApiKey.objects.update(capabilities=["tenant:read", "tenant:write"])
    return client


def test_reading(alice: Person, charlie: Person) -> None:
    response = alice.api("tenant:read").get(ADDRESS)
    body = response.json()
    assert response.status_code == 200
    assert response.headers["ETag"] == '"1"'
    assert (body["id"], body["version"], body["name"], body["slug"], body["trunk_limit"]) == (
        str(alice.tenant.pk),
        1,
        "Acme Dental",
        "acme-dental",
        200,
    )
    assert charlie.api().get(ADDRESS).json()["name"] == "Globex"


def test_renaming(alice: Person) -> None:
    client = writer(alice)
    response = client.patch(ADDRESS, {"name": " Acme "}, headers=FIRST)
    assert (response.headers["ETag"], response.json()["name"]) == ('"2"', "Acme")
    assert client.get(ADDRESS).json()["name"] == "Acme"
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="tenant.updated")
        assert (event.actor_kind, event.changes) == ("api_key", {"name": ["Acme Dental", "Acme"]})


def test_choosing_a_time_zone(alice: Person) -> None:
    client = writer(alice)
    assert client.get(ADDRESS).json()["time_zone"] == "UTC"
    assert client.patch(ADDRESS, {"time_zone": "Europe/Berlin"}, headers=FIRST).status_code == 200
    body = client.get(ADDRESS).json()
    assert (body["name"], body["time_zone"]) == ("Acme Dental", "Europe/Berlin")
    response = client.patch(ADDRESS, {"time_zone": "Berlin"}, headers={"If-Match": '"2"'})
    assert [(error["field"], error["message"]) for error in response.json()["errors"]] == [
        ("time_zone", "Write the name of a time zone, such as America/New_York or Europe/Berlin.")
    ]


def test_without_a_version_nothing_is_changed(alice: Person) -> None:
    client = writer(alice)
    response = client.patch(ADDRESS, {"name": "Mine"})
    assert (response.status_code, response.json()["type"]) == (428, "urn:callsphere:error:if_match_required")
    assert client.get(ADDRESS).json()["name"] == "Acme Dental"


def test_a_lost_update_is_refused_with_both_versions(alice: Person) -> None:
    client = writer(alice)
    client.patch(ADDRESS, {"name": "Theirs"}, headers=FIRST)
    response = client.patch(ADDRESS, {"name": "Mine"}, headers=FIRST)
    body = response.json()
    assert (response.status_code, response.headers["ETag"]) == (412, '"2"')
    assert (body["type"], body["current_version"], body["yours"], body["theirs"]) == (
        "urn:callsphere:error:version_conflict",
        2,
        {"name": "Mine"},
        {"name": "Theirs"},
    )
    assert client.get(ADDRESS).json()["name"] == "Theirs"


def test_a_change_of_nothing_makes_no_version(alice: Person) -> None:
    client = writer(alice)
    assert client.patch(ADDRESS, {}, headers=FIRST).headers["ETag"] == '"1"'
    assert client.patch(ADDRESS, {"name": "Acme Dental"}, headers=FIRST).headers["ETag"] == '"1"'


def test_wrong_names_and_fields_that_are_not_the_tenants_to_set(alice: Person) -> None:
    response = writer(alice).patch(ADDRESS, {"name": "", "trunk_limit": 9000}, headers=FIRST)
    assert [(error["field"], error["message"]) for error in response.json()["errors"]] == [
        ("name", "This field may not be blank."),
        ("trunk_limit", "This field cannot be set here: leave it out."),
    ]


def test_a_key_needs_the_capability(alice: Person) -> None:
    assert alice.api("trunks:read").get(ADDRESS).status_code == 403
    assert alice.api("tenant:read").patch(ADDRESS, {"name": "X"}, headers=FIRST).status_code == 403


def test_other_methods(alice: Person) -> None:
    response = writer(alice).put(ADDRESS, {"name": "X"})
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, PATCH")
