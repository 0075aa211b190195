"""GET /trunks/ and what narrows it."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.api.conftest import TRUNKS, errors_of
from trunks.models import GatewayHealth


def names(response: Any) -> list[str]:
    assert response.status_code == 200, response.json()
    return [trunk["name"] for trunk in response.json()["results"]]


@pytest.fixture
def three(api: APIClient, alice: Person) -> None:
    for name, direction, host in [("A", "inbound", "x"), ("B", "outbound", "y"), ("C", "both", "why")]:
        api.post(
            TRUNKS,
            {"name": name, "direction": direction, "gateways": [{"uri": f"sip:{host}.example.com"}]},
        )
    with tenant_context(alice.tenant):
        GatewayHealth.objects.filter(gateway__host="y.example.com").update(state="up")


@pytest.mark.usefixtures("three")
@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", ["C", "B", "A"]),
        ("?state=up", ["B"]),
        ("?state=unknown", ["C", "A"]),
        ("?direction=inbound", ["A"]),
        ("?search=Y.EX", ["C", "B"]),
        ("?search=a", ["C", "B", "A"]),
        ("?search=why&direction=both&state=unknown", ["C"]),
        ("?search=nothing", []),
    ],
)
def test_filters(api: APIClient, query: str, found: list[str]) -> None:
    assert names(api.get(TRUNKS + query)) == found


@pytest.mark.usefixtures("three")
def test_pages_follow_each_other(api: APIClient) -> None:
    first = api.get(TRUNKS + "?page_size=2")
    assert (names(first), first.json()["previous"]) == (["C", "B"], None)
    second = api.get(first.json()["next"])
    assert (names(second), second.json()["next"]) == (["A"], None)
    assert names(api.get(second.json()["previous"])) == ["C", "B"]


@pytest.mark.parametrize(
    ("query", "field", "message"),
    [
        (
            "?stat=up",
            "stat",
            "Unknown parameter. Known here: cursor, page_size, state, direction, search.",
        ),
        ("?state=fine", "state", "Choose one of: unknown, up, impaired, down, paused."),
        ("?direction=up", "direction", "Choose one of: inbound, outbound, both."),
        ("?cursor=x", "cursor", "Take the cursor from `next` or `previous` of an answer."),
        ("?cursor=cD1ub3doZXJl", "cursor", "Take the cursor from `next` or `previous` of an answer."),
        ("?page_size=0", "page_size", "Write a number from 1 to 200."),
        ("?page_size=201", "page_size", "Write a number from 1 to 200."),
        ("?page_size=many", "page_size", "Write a number from 1 to 200."),
        ("?search=%00", "search", "Null characters are not allowed."),
    ],
)
def test_wrong_parameters_are_named(api: APIClient, query: str, field: str, message: str) -> None:
    response = api.get(TRUNKS + query)
    assert (response.status_code, errors_of(response)) == (400, [(field, message)])


@pytest.mark.usefixtures("three")
def test_others_see_nothing(stranger: APIClient) -> None:
    assert names(stranger.get(TRUNKS)) == []
