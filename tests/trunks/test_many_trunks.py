"""No page of a tenant with 200 trunks makes more queries than with 2."""

import time

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.context import tenant_context
from tests.conftest import Person
from tests.isolation.addresses import tenant_pages
from tests.isolation.world import World, make_world
from trunks.models import GatewayHealth
from trunks.services import add_gateway, create_trunk

FEW, MANY = 2, 200


def make_trunks(person: Person, first: int, last: int) -> None:
    """Make numbered trunks with a gateway each, all of them down."""
    with tenant_context(person.tenant):
        for number in range(first, last):
            trunk = create_trunk(tenant=person.tenant, actor=person.actor, name=f"Trunk {number:03}")
            uri = f"sip:203.0.113.{number % 250}:{5060 + number}"
            add_gateway(tenant=person.tenant, actor=person.actor, trunk=trunk, uri=uri)
        GatewayHealth.objects.update(state="down", cause="no_answer", checked_at=timezone.now())


def queries(world: World) -> dict[str, int]:
    """Return how many queries each page makes that can be read, the second time that it is asked for."""
    client = world.owner.client()
    session = client.session
    session["last_seen"] = (
        time.time() + 86_400
    )  # noted once a minute otherwise, which takes three queries more
    session.save()
    counts = {}
    for page in tenant_pages():
        path = page.path(world.tenant.slug, world.ids)
        if client.get(path).status_code == 200:
            with CaptureQueriesContext(connection) as captured:
                client.get(path)
            counts[page.name] = len(captured)
    return counts


@pytest.mark.django_db
def test_two_hundred_trunks_take_no_more_queries_than_two() -> None:
    world = make_world("acme")
    make_trunks(world.owner, 1, FEW)
    with_few = queries(world)
    assert {"web:dashboard", "trunks:list", "trunks:detail", "alerts:list", "tenants:audit"} <= set(with_few)
    make_trunks(world.owner, FEW, MANY)
    with_many = queries(world)
    more = {name: (with_few[name], count) for name, count in with_many.items() if count > with_few[name]}
    assert more == {}


@pytest.mark.django_db
def test_so_does_the_api(alice: Person) -> None:
    def count() -> int:
        client.get("/api/v1/trunks/", {"page_size": 200})
        with CaptureQueriesContext(connection) as captured:
            response = client.get("/api/v1/trunks/", {"page_size": 200})
        assert response.status_code == 200
        return len(captured)

    client = alice.api()
    make_trunks(alice, 0, FEW)
    with_few = count()
    make_trunks(alice, FEW, MANY)
    assert count() == with_few
