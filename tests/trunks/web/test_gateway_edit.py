"""Changing a gateway."""

from __future__ import annotations

from typing import Any

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import URI, page
from trunks import services
from trunks.models import DigestCredential, Gateway, Trunk


def send(person: Person, trunk: Trunk, gateway: Gateway, **changes: Any) -> Any:
    """Send the form as it was shown."""
    form = {"address": URI, "priority": 10, "weight": 10, "is_enabled": "on", "version": 1, **changes}
    return person.client().post(page("gateway-edit", person, trunk, gateway_id=gateway.pk), form)


def stored(person: Person) -> Gateway:
    """Return the gateway as it is stored."""
    with tenant_context(person.tenant):
        return Gateway.objects.get()


def test_alice_changes_the_priority(alice: Person, trunk: Trunk, gateway: Gateway) -> None:
    response = send(alice, trunk, gateway, priority=5)

    assert response["Location"] == page("gateway-detail", alice, trunk, gateway_id=gateway.pk)
    assert stored(alice).priority == 5


def test_another_host_clears_the_password_once_it_is_confirmed(
    alice: Person, trunk: Trunk, gateway: Gateway, credential: DigestCredential
) -> None:
    browser = alice.client()
    form = browser.get(page("gateway-edit", alice, trunk, gateway_id=gateway.pk)).content.decode()
    assert "Passwords stay with the addresses they were entered for" in form
    assert "The password of “acme” is for 203.0.113.5 alone." in form

    asked = send(alice, trunk, gateway, address="sip:198.51.100.9")
    assert (asked.status_code, stored(alice).uri) == (422, URI)
    (error,) = asked.context["form"].errors["clear_secrets"]
    assert error == (
        "Passwords are kept only for the addresses they were entered for: this clears the password of “acme”."
        " Confirm that, and enter it again afterwards."
    )
    assert "Yes, clear them" in asked.content.decode()

    send(alice, trunk, gateway, address="sip:198.51.100.9", clear_secrets="on")
    assert stored(alice).uri == "sip:198.51.100.9"


def test_afterwards_every_page_says_why(
    alice: Person, trunk: Trunk, gateway: Gateway, credential: DigestCredential
) -> None:
    browser = alice.client()
    form = {"address": "sip:198.51.100.9", "priority": 10, "weight": 10, "version": 1, "clear_secrets": "on"}
    after = browser.post(page("gateway-edit", alice, trunk, gateway_id=gateway.pk), form, follow=True)
    because = "because a gateway leads to another host, port or transport now"
    assert f"The password of “acme” was cleared, {because}. Enter it again." in after.content.decode()
    for name, more in (("access", {}), ("credential-edit", {"credential_id": credential.pk})):
        assert because in browser.get(page(name, alice, trunk, **more)).content.decode()


def test_a_lost_update_shows_both_addresses(alice: Person, trunk: Trunk, gateway: Gateway) -> None:
    with tenant_context(alice.tenant):
        services.update_gateway(
            tenant=alice.tenant,
            actor=alice.actor,
            gateway=gateway,
            expected_version=1,
            uri="sip:203.0.113.77",
        )

    refused = send(alice, trunk, gateway, address="sip:203.0.113.88")

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [
        {"label": "SIP address", "theirs": "sip:203.0.113.77", "yours": "sip:203.0.113.88"}
    ]
    assert stored(alice).uri == "sip:203.0.113.77"
