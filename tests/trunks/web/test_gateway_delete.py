"""Deleting a gateway."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import URI, page
from trunks import services
from trunks.models import Gateway, Trunk
from trunks.pages.deleting import CHANGED_SINCE


def test_alice_is_asked_and_then_deletes_a_gateway(alice: Person, trunk: Trunk, gateway: Gateway) -> None:
    browser = alice.client()
    url = page("gateway-delete", alice, trunk, gateway_id=gateway.pk)

    asked = browser.get(url).content.decode()
    response = browser.post(url)

    assert URI in asked
    assert response["Location"] == page("detail", alice, trunk)
    with tenant_context(alice.tenant):
        assert not Gateway.objects.exists()


def test_what_somebody_changed_meanwhile_is_looked_at_again(
    alice: Person, trunk: Trunk, gateway: Gateway
) -> None:
    browser = alice.client()
    url = page("gateway-delete", alice, trunk, gateway_id=gateway.pk)
    shown = browser.get(url).context["version"]
    with tenant_context(alice.tenant):
        services.update_gateway(
            tenant=alice.tenant, actor=alice.actor, gateway=gateway, expected_version=shown, priority=20
        )

    response = browser.post(url, {"version": shown}, follow=True)

    assert response.redirect_chain == [(url, 302)]
    assert [str(message) for message in response.context["messages"]] == [CHANGED_SINCE]
    with tenant_context(alice.tenant):
        assert Gateway.objects.exists()
    browser.post(url, {"version": response.context["version"]})
    with tenant_context(alice.tenant):
        assert not Gateway.objects.exists()
