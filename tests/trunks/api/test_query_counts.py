"""No list costs more queries with three rows than with one."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.api.conftest import TRUNKS, at
from trunks.models import Gateway, StatusChange

ROW_COUNTS = [1, 3]


def add_trunks(api: APIClient, trunk: dict[str, Any], count: int) -> None:
    for number in range(1, count):
        gateways = [{"uri": f"sip:{name}.example.com"} for name in "abc"]
        api.post(
            TRUNKS,
            {
                "name": f"T{number}",
                "gateways": gateways,
                "allowed_networks": [{"cidr": "203.0.113.0/24"}, {"cidr": "203.0.113.0/25"}],
                "credentials": [{"username": "a", "secret": "s"}, {"username": "b", "secret": "s"}],
            },
        )


def add_gateways(api: APIClient, trunk: dict[str, Any], count: int) -> None:
    for number in range(1, count):
        api.post(at(trunk, "gateways"), {"uri": f"sip:g{number}.example.com", "clear_secrets": True})


def add_networks(api: APIClient, trunk: dict[str, Any], count: int) -> None:
    for number in range(1, count):
        api.post(at(trunk, "networks"), {"cidr": f"198.51.100.{number}"})


def add_credentials(api: APIClient, trunk: dict[str, Any], count: int) -> None:
    for number in range(1, count):
        api.post(at(trunk, "credentials"), {"username": f"u{number}", "secret": "s"})


def add_changes(api: APIClient, trunk: dict[str, Any], count: int) -> None:
    for _number in range(count):
        gateway = Gateway.objects.get()
        StatusChange.objects.create(
            tenant=gateway.tenant,
            trunk=gateway.trunk,
            gateway=gateway,
            from_state="up",
            to_state="down",
            at=gateway.created_at,
            previous_since=gateway.created_at,
        )


def add_checks(api: APIClient, trunk: dict[str, Any], count: int) -> None:
    for _number in range(count):
        check = api.post(at(trunk, "checks"), {}).json()
        api.post(at(trunk, "checks", check["id"], "cancel"))


LISTS: dict[str, tuple[Callable[[APIClient, dict[str, Any], int], None], int]] = {
    "": (add_trunks, 14),
    "gateways": (add_gateways, 12),
    "networks": (add_networks, 12),
    "credentials": (add_credentials, 12),
    "status-changes": (add_changes, 12),
    "health": (add_gateways, 12),
    "checks": (add_checks, 12),
}


@pytest.mark.parametrize("count", ROW_COUNTS)
@pytest.mark.parametrize("path", LISTS)
def test_lists(
    alice: Person,
    api: APIClient,
    made: dict[str, Any],
    path: str,
    count: int,
    django_assert_num_queries: Any,
) -> None:
    add, queries = LISTS[path]
    if path == "status-changes":
        with tenant_context(alice.tenant):
            add(api, made, count)
    else:
        add(api, made, count)
    address = at(made, path) if path else TRUNKS
    with django_assert_num_queries(queries):
        response = api.get(address)
    body = response.json()
    assert len(body["gateways"] if path == "health" else body["results"]) == count
