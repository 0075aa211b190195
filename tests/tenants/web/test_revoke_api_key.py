"""Ending an API key."""

import pytest
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tenants.models import ApiKey
from tests.conftest import Person
from tests.tenants.web.conftest import Refusals, url, verbs


@pytest.fixture
def page(alice: Person) -> str:
    alice.api_token()
    with tenant_context(alice.tenant):
        return url("api-key-revoke", alice.tenant, key_id=ApiKey.objects.get().pk)


def test_it_ends_at_once(alice: Person) -> None:
    api: APIClient = alice.api()
    with tenant_context(alice.tenant):
        key = ApiKey.objects.get()
    client = alice.client()
    address = url("api-key-revoke", alice.tenant, key_id=key.pk)
    assert "Revoke “test key”?" in client.get(address).content.decode()
    assert api.get("/api/v1/trunks/").status_code == 200
    assert client.post(address).headers["Location"] == url("api-keys", alice.tenant)
    assert api.get("/api/v1/trunks/").status_code == 401
    assert verbs(alice.tenant)[-1] == "api_key.revoked"


def test_a_revoked_key_is_gone(alice: Person, page: str) -> None:
    client = alice.client()
    client.post(page)
    assert client.post(page).status_code == 404


@pytest.mark.parametrize("method", ["get", "post"])
def test_others_may_not(page: str, refusals: Refusals, method: str) -> None:
    refusals.assert_refused(page, method=method)


def test_another_tenants_key_is_not_found(alice: Person, charlie: Person, page: str) -> None:
    own = page.replace("acme-dental", "globex")
    assert charlie.client().post(own).status_code == 404
    with tenant_context(alice.tenant):
        assert ApiKey.objects.get().revoked_at is None
