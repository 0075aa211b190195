"""Addresses of the pages of numbers, and numbers to look at."""

from __future__ import annotations

from typing import Any

import pytest
from django.urls import reverse

from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import NUMBER, Desk
from trunks import services
from trunks.models import NumberSearch, PhoneNumber, Trunk
from trunks.numbers.search import request_search
from trunks.numbers.worker import provision_due


def page(name: str, person: Person, **kwargs: Any) -> str:
    """Return the address of a page of numbers in the person's tenant."""
    return reverse(f"numbers:{name}", kwargs={"tenant": person.tenant.slug, **kwargs})


def plans_page(person: Person) -> str:
    return reverse("billing:choose", kwargs={"tenant": person.tenant.slug})


def number_page(name: str, person: Person, number: PhoneNumber) -> str:
    return page(name, person, number_id=number.pk)


def buy_page(person: Person, search: NumberSearch, number: str = NUMBER) -> str:
    return page("buy", person, search_id=search.pk, digits=number.removeprefix("+"))


def limit_to(person: Person, limit: int) -> None:
    with tenant_context(person.tenant):
        Tenant.objects.update(number_limit=limit)


def searched(person: Person, **wanted: Any) -> NumberSearch:
    """Return a search that a worker has answered."""
    with tenant_context(person.tenant):
        search = request_search(tenant=person.tenant, **{"country": "US", **wanted})
    provision_due()
    with tenant_context(person.tenant):
        return NumberSearch.objects.get(pk=search.pk)


def add_own(person: Person, trunk: Trunk, number: str = "+4930901820", **values: Any) -> PhoneNumber:
    with tenant_context(person.tenant):
        return services.add_own_number(
            tenant=person.tenant, actor=person.actor, trunk=trunk, number=number, **values
        )


@pytest.fixture
def search(alice: Person, desk: Desk) -> NumberSearch:
    """What Alice looked for in San Francisco, answered."""
    return searched(alice, area_code="415")


@pytest.fixture
def bought(alice: Person, desk: Desk) -> PhoneNumber:
    """A number that Alice bought."""
    ordered = desk.order(alice, label="Front desk")
    provision_due()
    with tenant_context(alice.tenant):
        return PhoneNumber.objects.get(pk=ordered.pk)


@pytest.fixture
def own(alice: Person) -> PhoneNumber:
    """A number of Alice's own, on her trunk."""
    return add_own(alice, make_trunk(alice, "Main line"))
