"""Deleting a gateway."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import URI, page
from trunks.models import Gateway, Trunk


def test_alice_is_asked_and_then_deletes_a_gateway(alice: Person, trunk: Trunk, gateway: Gateway) -> None:
    browser = alice.client()
    url = page("gateway-delete", alice, trunk, gateway_id=gateway.pk)

    asked = browser.get(url).content.decode()
    response = browser.post(url)

    assert URI in asked
    assert response["Location"] == page("detail", alice, trunk)
    with tenant_context(alice.tenant):
        assert not Gateway.objects.exists()
