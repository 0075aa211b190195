"""Trunks of the cast."""

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from trunks import services
from trunks.enums import Direction
from trunks.models import Trunk


def make_trunk(person: Person, name: str = "Twilio", *uris: str) -> Trunk:
    """Create a trunk with gateways in the person's tenant. Call it outside any context, or inside theirs.

    It calls out alone, so that nothing is missing before calls run.
    """
    with tenant_context(person.tenant):
        trunk = services.create_trunk(
            tenant=person.tenant, actor=person.actor, name=name, direction=Direction.OUTBOUND
        )
        for uri in uris:
            services.add_gateway(tenant=person.tenant, actor=person.actor, trunk=trunk, uri=uri)
    return trunk


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    """Alice's trunk, with nothing in it yet."""
    return make_trunk(alice)
