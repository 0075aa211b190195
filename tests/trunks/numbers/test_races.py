"""Orders and workers at the same time, on connections of their own."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connections

from callsphere.lib.errors import LimitReached
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk, after_lease
from trunks.models import PhoneNumber
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db(transaction=True)
AREAS = ("415", "212")
NUMBERS = [f"+1{area}55501{index:02}" for area in AREAS for index in range(25)]


def at_once(actions: list[Callable[[], Any]]) -> list[str]:
    """Run the actions together; return how each ended."""
    barrier = Barrier(len(actions))

    def run(action: Callable[[], Any]) -> str:
        try:
            barrier.wait(60)
            action()
            return "done"
        except LimitReached:
            return "limit"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(actions)) as pool:
        return sorted(pool.map(run, actions))


def test_fifty_orders_on_a_plan_of_three_buy_three(alice: Person, desk: Desk) -> None:
    with tenant_context(alice.tenant):
        Tenant.objects.update(number_limit=3)
    endings = at_once([partial(desk.order, alice, number) for number in NUMBERS])
    assert endings == ["done"] * 3 + ["limit"] * 47

    at_once([provision_due] * 4)
    while provision_due(after_lease):
        pass
    with tenant_context(alice.tenant):
        active = sorted(PhoneNumber.objects.filter(state="active").values_list("number", flat=True))
    assert (len(active), active) == (3, desk.bought())
    assert desk.subaccounts(alice) == ["active"]
