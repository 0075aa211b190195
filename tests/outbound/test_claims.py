"""No more calls at a time than the plan has, one a second, whoever claims; none that must not be placed."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import IntegrityError, close_old_connections, transaction

from callsphere.outbound.claims import claim_calls
from callsphere.outbound.models import OutboundCall
from callsphere.outbound.services import forbid_calls
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from tests.outbound.conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)
NUMBERS = [f"+1212555{number:04}" for number in range(200, 206)]


def limit_calls(caller: Caller, most: int) -> None:
    with platform_context("change the plan"):
        Tenant.objects.filter(pk=caller.person.tenant.pk).update(concurrent_call_limit=most)


def states(caller: Caller) -> list[tuple[str, int | None]]:
    return [(order.state, order.slot) for order in caller.orders()]


def test_one_call_a_second_and_no_more_at_a_time_than_the_plan_has(caller: Caller) -> None:
    limit_calls(caller, 2)
    for number in NUMBERS[:4]:
        caller.order(number)
    assert [len(claim_calls()), len(claim_calls())] == [1, 0]
    for _ in range(3):
        caller.let_a_second_pass()
        claim_calls()
    assert states(caller) == [("placing", 1), ("placing", 2), ("waiting", None), ("waiting", None)]


def test_workers_at_once_claim_each_call_once(caller: Caller) -> None:
    for number in NUMBERS:
        caller.order(number)

    def claim(_: int) -> list[str]:
        try:
            return [str(claimed.order.pk) for claimed in claim_calls()]
        finally:
            close_old_connections()

    claimed: list[str] = []
    for _ in NUMBERS:
        caller.let_a_second_pass()
        with ThreadPoolExecutor(4) as pool:
            claimed += [pk for found in pool.map(claim, range(4)) for pk in found]
    assert sorted(claimed) == sorted(str(order.pk) for order in caller.orders())
    assert sorted(order.slot or 0 for order in caller.orders()) == [1, 2, 3, 4, 5, 6]


def test_the_database_gives_a_slot_away_once(caller: Caller) -> None:
    for number in NUMBERS[:2]:
        caller.order(number)
    now = database_now()
    with tenant_context(caller.person.tenant):
        with pytest.raises(IntegrityError, match="outbound_call_slot_once"), transaction.atomic():
            OutboundCall.objects.update(state="placing", slot=1, due_at=now)
        with pytest.raises(IntegrityError, match="outbound_call_slot_while_live"), transaction.atomic():
            OutboundCall.objects.update(state="placing", due_at=now)


def test_what_must_not_be_called_any_more_is_given_up(caller: Caller) -> None:
    caller.order(NUMBERS[0])
    with tenant_context(caller.person.tenant):
        forbid_calls(tenant=caller.person.tenant, actor=caller.person.actor, number=NUMBERS[0])
    assert claim_calls() == []
    order = caller.the_order()
    assert (order.state, order.error_code) == ("failed", "do_not_call")


def test_what_came_too_late_is_given_up(caller: Caller) -> None:
    order = caller.order(NUMBERS[0])
    with tenant_context(caller.person.tenant):
        OutboundCall.objects.filter(pk=order.pk).update(expires_at=database_now())
    assert claim_calls() == []
    assert (caller.the_order().state, caller.the_order().error_code) == ("failed", "too_late")


def test_nobody_calls_for_a_tenant_that_is_read_only(caller: Caller) -> None:
    caller.order(NUMBERS[0])
    with platform_context("the bill was not paid"):
        Tenant.objects.filter(pk=caller.person.tenant.pk).update(read_only_reason="Pay first.")
    assert (claim_calls(), states(caller)) == ([], [("waiting", None)])
