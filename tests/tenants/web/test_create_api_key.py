"""Making an API key."""

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.access import API_KEY_CAPABILITIES, CAPABILITIES
from tenants.context import tenant_context
from tenants.enums import Role
from tenants.models import ApiKey
from tests.conftest import Person
from tests.tenants.web.conftest import Refusals, url, verbs

FORM = {
    "name": "Provisioning",
    "capabilities": ["trunks:read", "trunks:write"],
    "expiry": "90",
    "allowed_networks": "127.0.0.0/8\r\n2001:db8::/32\r\n",
}


def keys(person: Person) -> list[ApiKey]:
    with tenant_context(person.tenant):
        return list(ApiKey.objects.all())


def test_the_key_is_shown_once_and_works(developer: Person) -> None:
    response = developer.client().post(url("api-key-create", developer.tenant), FORM)
    token = response.context["token"]
    assert response.content.decode().count(token) >= 2
    assert "no-store" in response.headers["Cache-Control"]
    [key] = keys(developer)
    assert (key.name, key.capabilities, key.allowed_networks) == (
        "Provisioning",
        ["trunks:read", "trunks:write"],
        ["127.0.0.0/8", "2001:db8::/32"],
    )
    assert key.created_by_id == developer.user.pk
    assert key.expires_at is not None
    assert abs(key.expires_at - timezone.now() - timedelta(days=90)) < timedelta(minutes=1)
    api = APIClient()
    api.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert api.get("/api/v1/trunks/").status_code == 200
    assert verbs(developer.tenant)[-1] == "api_key.created"


@pytest.mark.parametrize(("expiry", "days"), [("365", 365), ("never", None)])
def test_the_end_is_a_choice(alice: Person, expiry: str, days: int | None) -> None:
    alice.client().post(url("api-key-create", alice.tenant), {**FORM, "expiry": expiry})
    [key] = keys(alice)
    if days is None:
        assert key.expires_at is None
    else:
        assert key.expires_at is not None
        assert (key.expires_at - timezone.now()).days in (days - 1, days)


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"name": ""}, "name"),
        ({"name": "x" * 101}, "name"),
        ({"capabilities": []}, "capabilities"),
        ({"capabilities": ["team:write"]}, "capabilities"),
        ({"expiry": "12"}, "expiry"),
        ({"allowed_networks": "everywhere"}, "allowed_networks"),
        ({"allowed_networks": "203.0.113.7/24"}, "allowed_networks"),
        ({"allowed_networks": "203.0.113.0/24\n0.0.0.0/0"}, "allowed_networks"),
        ({"allowed_networks": "::/0"}, "allowed_networks"),
    ],
)
def test_wrong_input_makes_no_key(alice: Person, changed: dict[str, Any], field: str) -> None:
    response = alice.client().post(url("api-key-create", alice.tenant), {**FORM, **changed})
    assert (response.status_code, list(response.context["form"].errors)) == (422, [field])
    assert keys(alice) == []


def test_the_limit_is_told(alice: Person) -> None:
    alice.tenant.api_key_limit = 1
    with tenant_context(alice.tenant):
        alice.tenant.save()
    client = alice.client()
    client.post(url("api-key-create", alice.tenant), FORM)
    response = client.post(url("api-key-create", alice.tenant), FORM)
    assert response.context["form"].non_field_errors() == ["You have 1 API keys in use. Revoke one first."]


def test_nobody_gives_more_than_they_have(alice: Person, developer: Person) -> None:
    def offered(person: Person) -> set[str]:
        form = person.client().get(url("api-key-create", person.tenant)).context["form"]
        return {value for value, _label in form.fields["capabilities"].choices}

    assert offered(alice) == API_KEY_CAPABILITIES
    assert offered(developer) == API_KEY_CAPABILITIES & CAPABILITIES[Role.DEVELOPER]


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_may_not(alice: Person, refusals: Refusals, method: str) -> None:
    refusals.assert_refused(url("api-key-create", alice.tenant), method=method)
