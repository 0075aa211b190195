"""Allowing calls from a network."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import AllowedNetwork, Trunk


def add(person: Person, trunk: Trunk, **form: Any) -> Any:
    """Send the form that adds a network, and follow where it leads."""
    return person.client().post(page("network-add", person, trunk), form, follow=True)


def listed(person: Person) -> list[tuple[str, str]]:
    """Return the networks with their notes."""
    with tenant_context(person.tenant):
        return list(AllowedNetwork.objects.values_list("cidr", "note"))


def test_alice_allows_a_network(alice: Person, trunk: Trunk) -> None:
    response = add(alice, trunk, cidr="203.0.113.0/28", note="Frankfurt")

    assert response.redirect_chain == [(page("access", alice, trunk), 302)]
    assert listed(alice) == [("203.0.113.0/28", "Frankfurt")]


def test_overlaps_are_warned_of(alice: Person, trunk: Trunk, network: AllowedNetwork) -> None:
    response = add(alice, trunk, cidr="203.0.113.1")

    assert "203.0.113.1/32 lies inside 203.0.113.0/28, which is on the list already." in [
        str(message) for message in response.context["messages"]
    ]


def test_a_wide_network_is_asked_about(alice: Person, trunk: Trunk) -> None:
    asked = add(alice, trunk, cidr="203.0.0.0/16")
    confirmed = add(alice, trunk, cidr="203.0.0.0/16", wide_confirmed="on")

    assert asked.status_code == 422
    assert 'name="wide_confirmed"' in asked.content.decode()
    assert "wide, confirmed" in confirmed.content.decode()


@pytest.mark.parametrize(
    "cidr", ["", "0.0.0.0/0", "203.0.113.7/28", "300.1.1.1", "example.com", "fe80::1%eth0"]
)
def test_what_is_no_network_is_refused_at_its_field(alice: Person, trunk: Trunk, cidr: str) -> None:
    response = add(alice, trunk, cidr=cidr)

    assert response.status_code == 422
    assert response.context["form"].errors["cidr"]
    assert listed(alice) == []
