"""The audit log through the API."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.conftest import Person

ADDRESS = "/api/v1/audit-events/"


def verbs(response: Any) -> list[str]:
    assert response.status_code == 200, response.json()
    return [event["verb"] for event in response.json()["results"]]


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


def test_events_the_newest_first(api: APIClient, alice: Person) -> None:
    api.post("/api/v1/trunks/", {"name": "Twilio"})
    response = api.get(ADDRESS)
    assert verbs(response) == ["trunk.created", "api_key.created", "tenant.created"]
    event = response.json()["results"][0]
    assert (event["actor"]["kind"], event["actor"]["label"]) == ("api_key", "test key")
    assert (event["object"]["kind"], event["object"]["label"]) == ("trunk", "Twilio")
    assert event["changes"]["name"] == [None, "Twilio"]
    assert event["ip"] == "127.0.0.1"
    assert event["request_id"] != ""
    assert api.get(f"{ADDRESS}{event['id']}/").json() == event


def test_filters(api: APIClient) -> None:
    trunk = api.post("/api/v1/trunks/", {"name": "Twilio"}).json()
    api.patch(f"/api/v1/trunks/{trunk['id']}/", {"name": "B"}, headers={"If-Match": '"1"'})
    of_trunk = f"{ADDRESS}?object_id={trunk['id']}"
    newest = api.get(of_trunk).json()["results"][0]
    assert verbs(api.get(of_trunk)) == ["trunk.updated", "trunk.created"]
    assert verbs(api.get(ADDRESS + "?verb=trunk.updated")) == ["trunk.updated"]
    assert verbs(api.get(ADDRESS + "?actor_kind=user")) == ["api_key.created", "tenant.created"]
    assert verbs(api.get(ADDRESS + "?object_kind=tenant")) == ["tenant.created"]
    assert verbs(api.get(f"{of_trunk}&until={newest['at']}")) == ["trunk.created"]
    assert verbs(api.get(f"{of_trunk}&since={newest['at']}")) == ["trunk.updated"]


@pytest.mark.parametrize("query", ["?actor_kind=ghost", "?object_id=1", "?since=yesterday", "?who=me"])
def test_wrong_filters_are_named(api: APIClient, query: str) -> None:
    response = api.get(ADDRESS + query)
    name = query[1:].partition("=")[0]
    assert (response.status_code, [error["field"] for error in response.json()["errors"]]) == (400, [name])


def test_pages(api: APIClient) -> None:
    first = api.get(ADDRESS + "?page_size=1")
    assert verbs(first) == ["api_key.created"]
    assert verbs(api.get(first.json()["next"])) == ["tenant.created"]


def test_nobody_writes_or_sees_others(api: APIClient, alice: Person, charlie: Person) -> None:
    assert [api.post(ADDRESS, {}).status_code, api.delete(ADDRESS).status_code] == [405, 405]
    event = api.get(ADDRESS).json()["results"][0]
    assert charlie.api().get(f"{ADDRESS}{event['id']}/").status_code == 404
    assert alice.api("trunks:read").get(ADDRESS).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_query_count(api: APIClient, count: int, django_assert_num_queries: Any) -> None:
    for number in range(count):
        api.post("/api/v1/trunks/", {"name": f"T{number}"})
    with django_assert_num_queries(11):
        response = api.get(ADDRESS + "?verb=trunk.created")
    assert len(verbs(response)) == count
