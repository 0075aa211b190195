"""Adding a gateway."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import URI, page
from trunks.models import DigestCredential, Gateway, Trunk

FORM = {"address": "sip:198.51.100.7", "priority": 20, "weight": 5, "is_enabled": "on"}


def test_alice_adds_a_gateway(alice: Person, trunk: Trunk) -> None:
    response = alice.client().post(page("gateway-add", alice, trunk), FORM)

    assert response["Location"] == page("detail", alice, trunk)
    with tenant_context(alice.tenant):
        gateway = Gateway.objects.get(uri="sip:198.51.100.7")
        assert (gateway.priority, gateway.weight, gateway.is_enabled) == (20, 5, True)


def test_the_same_place_twice_is_refused_at_its_field(alice: Person, trunk: Trunk) -> None:
    response = alice.client().post(page("gateway-add", alice, trunk), {**FORM, "address": URI})

    assert response.status_code == 422
    assert response.context["form"].errors["address"] == [
        "This trunk has a gateway with the same host, port and transport."
    ]


def test_another_host_is_asked_about_first(alice: Person, trunk: Trunk, credential: DigestCredential) -> None:
    browser = alice.client()
    address = page("gateway-add", alice, trunk)
    asked = browser.post(address, FORM)
    assert (asked.status_code, list(asked.context["form"].errors)) == (422, ["clear_secrets"])

    after = browser.post(address, {**FORM, "clear_secrets": "on"}, follow=True)
    assert [str(message) for message in after.context["messages"]] == [
        "The password of “acme” was cleared, because a gateway was added at another host. Enter it again.",
        "The gateway is added. Its first check takes seconds.",
    ]
