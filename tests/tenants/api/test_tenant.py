"""The API key's own tenant."""

from rest_framework.test import APIClient

from tenants.context import tenant_context
from tenants.models import ApiKey, AuditEvent
from tests.conftest import Person

ADDRESS = "/api/v1/tenant/"


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
    assert response.headers["ETag"].startswith('W/"')
    assert (body["id"], body["name"], body["slug"], body["trunk_limit"]) == (
        str(alice.tenant.pk),
        "Acme Dental",
        "acme-dental",
        200,
    )
    assert charlie.api().get(ADDRESS).json()["name"] == "Globex"


def test_renaming(alice: Person) -> None:
    client = writer(alice)
    assert client.patch(ADDRESS, {"name": " Acme "}).json()["name"] == "Acme"
    assert client.get(ADDRESS).json()["name"] == "Acme"
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="tenant.updated")
        assert (event.actor_kind, event.changes) == ("api_key", {"name": ["Acme Dental", "Acme"]})


def test_wrong_names_and_fields_that_are_not_the_tenants_to_set(alice: Person) -> None:
    response = writer(alice).patch(ADDRESS, {"name": "", "trunk_limit": 9000})
    assert [(error["field"], error["message"]) for error in response.json()["errors"]] == [
        ("name", "This field may not be blank."),
        ("trunk_limit", "This field cannot be set here: leave it out."),
    ]


def test_a_key_needs_the_capability(alice: Person) -> None:
    assert alice.api("trunks:read").get(ADDRESS).status_code == 403
    assert alice.api("tenant:read").patch(ADDRESS, {"name": "X"}).status_code == 403


def test_other_methods(alice: Person) -> None:
    response = writer(alice).put(ADDRESS, {"name": "X"})
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, PATCH")
