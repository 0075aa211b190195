"""No page of a tenant with 200 trunks makes more queries than with 2."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from trunks.services import add_gateway, create_trunk

FEW, MANY = 2, 200
PAGES = [
    "/t/{tenant}/",
    "/t/{tenant}/trunks/",
    "/t/{tenant}/trunks/?state=unknown",
    "/t/{tenant}/trunks/{trunk}/",
    "/t/{tenant}/trunks/{trunk}/access/",
    "/t/{tenant}/trunks/{trunk}/history/",
    "/t/{tenant}/trunks/connect/",
    "/t/{tenant}/team/",
    "/t/{tenant}/api-keys/",
    "/t/{tenant}/audit/",
    "/t/{tenant}/settings/",
]


def make_trunks(person: Person, first: int, last: int) -> str:
    """Make numbered trunks with a gateway each, and return the last one's id."""
    with tenant_context(person.tenant):
        for number in range(first, last):
            trunk = create_trunk(tenant=person.tenant, actor=person.actor, name=f"Trunk {number:03}")
            uri = f"sip:203.0.113.{number % 250}:{5060 + number}"
            add_gateway(tenant=person.tenant, actor=person.actor, trunk=trunk, uri=uri)
    return str(trunk.pk)


def queries(person: Person, trunk: str) -> dict[str, int]:
    """Return how many queries each page makes, the second time that it is asked for."""
    client = person.client()
    counts = {}
    for page in PAGES:
        path = page.format(tenant=person.tenant.slug, trunk=trunk)
        assert client.get(path).status_code == 200, path
        with CaptureQueriesContext(connection) as captured:
            client.get(path)
        counts[page] = len(captured)
    return counts


@pytest.mark.django_db
def test_two_hundred_trunks_take_as_many_queries_as_two(alice: Person) -> None:
    trunk = make_trunks(alice, 0, FEW)
    with_few = queries(alice, trunk)
    make_trunks(alice, FEW, MANY)
    assert queries(alice, trunk) == with_few


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
