"""Deleting a trunk."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import Gateway, Trunk


def test_alice_is_asked_and_then_deletes_her_trunk(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()
    asked = browser.get(page("delete", alice, trunk))
    with tenant_context(alice.tenant):
        assert Trunk.objects.exists()

    response = browser.post(page("delete", alice, trunk))

    assert "This cannot be undone." in asked.content.decode()
    assert response["Location"] == page("list", alice)
    with tenant_context(alice.tenant):
        assert not Trunk.objects.exists()
        assert not Gateway.objects.exists()
