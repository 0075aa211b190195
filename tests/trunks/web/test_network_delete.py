"""Taking a network off the allowlist."""

from __future__ import annotations

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.web.conftest import page
from trunks.models import AllowedNetwork, Trunk


def test_alice_takes_a_network_off(alice: Person, trunk: Trunk, network: AllowedNetwork) -> None:
    url = page("network-delete", alice, trunk, network_id=network.pk)

    assert alice.client().post(url)["Location"] == page("access", alice, trunk)
    with tenant_context(alice.tenant):
        assert not AllowedNetwork.objects.exists()
