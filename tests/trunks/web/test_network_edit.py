"""Changing a network of the allowlist."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import AllowedNetwork, Trunk


def listed(person: Person) -> list[tuple[str, str]]:
    """Return the networks with their notes."""
    with tenant_context(person.tenant):
        return list(AllowedNetwork.objects.values_list("cidr", "note"))


def test_alice_changes_a_note(alice: Person, trunk: Trunk, network: AllowedNetwork) -> None:
    url = page("network-edit", alice, trunk, network_id=network.pk)

    response = alice.client().post(url, {"cidr": network.cidr, "note": "Berlin", "version": 1})

    assert response.status_code == 302
    assert listed(alice) == [("203.0.113.0/28", "Berlin")]


def test_a_lost_update_is_refused(alice: Person, trunk: Trunk, network: AllowedNetwork) -> None:
    url = page("network-edit", alice, trunk, network_id=network.pk)
    form = {"cidr": network.cidr, "version": 1}
    browser = alice.client()

    browser.post(url, {**form, "note": "Berlin"})
    refused = browser.post(url, {**form, "note": "Munich"})

    assert refused.status_code == 409
    assert refused.context["conflict_rows"] == [{"label": "Note", "theirs": "Berlin", "yours": "Munich"}]
