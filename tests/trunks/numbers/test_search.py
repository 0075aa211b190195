"""Numbers for sale are searched by a worker, and what the law asks for is shown with them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tenants.clock import database_now
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk, after_lease
from trunks.numbers.search import KEPT, WAITING_AT_ONCE, forget_old_searches
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/number-searches/"
LIST_QUERIES = 11


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


def search(api: APIClient, **wanted: Any) -> Any:
    made = api.post(ADDRESS, wanted)
    assert (made.status_code, made.json()["state"]) == (201, "waiting")
    provision_due()
    return api.get(made.headers["Location"]).json()


@pytest.mark.parametrize(
    ("wanted", "first"),
    [
        ({"area_code": "415"}, "+14155550100"),
        ({"contains": "5550123"}, "+14155550123"),
        ({"kind": "toll_free"}, "+18005550100"),
        ({"needs_mms": True, "area_code": "212"}, "+12125550100"),
    ],
)
def test_search_finds_what_fits(api: APIClient, desk: Desk, wanted: dict[str, Any], first: str) -> None:
    body = search(api, country="US", **wanted)
    assert (body["state"], body["found"][0]["number"], body["regulations"]) == ("done", first, [])


def test_what_the_law_asks_for_is_shown_before_buying(api: APIClient, desk: Desk) -> None:
    body = search(api, country="DE")
    assert body["found"][0]["address"] == "local"
    assert [each["documents"] for each in body["regulations"]] == [
        [["Commercial Register Excerpt"], ["Proof of Address"]]
    ]


def test_nothing_is_made_at_twilio_by_looking(api: APIClient, alice: Person, desk: Desk) -> None:
    search(api, country="US")
    assert (desk.subaccounts(alice), desk.twilio.asked("POST")) == ([], [])


def test_country_whose_numbers_are_not_sold(api: APIClient, desk: Desk) -> None:
    body = search(api, country="FR")
    assert (body["state"], body["found"], body["error"]) == ("done", [], "")


def test_twilio_that_is_away_is_asked_again(api: APIClient, desk: Desk) -> None:
    desk.twilio.fail(status=503, path="AvailablePhoneNumbers", times=3)
    body = search(api, country="US")
    assert (body["state"], body["found"]) == ("waiting", [])
    provision_due(lambda: database_now() + timedelta(seconds=30))
    assert api.get(f"{ADDRESS}{body['id']}/").json()["state"] == "done"


def test_search_fails_when_twilio_stays_away(api: APIClient, desk: Desk) -> None:
    desk.twilio.fail(status=503, path="AvailablePhoneNumbers", times=6)
    body = search(api, country="US")
    provision_due(after_lease)
    body = api.get(f"{ADDRESS}{body['id']}/").json()
    assert (body["state"], body["error"] != "") == ("failed", True)


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        ({"country": "XX"}, "country"),
        ({"country": "DE", "area_code": "415"}, "area_code"),
        ({"country": "US", "area_code": "99"}, "area_code"),
        ({"country": "US", "contains": "?"}, "contains"),
        ({"country": "US", "kind": "free"}, "kind"),
    ],
)
def test_wrong_search_is_refused(api: APIClient, desk: Desk, wanted: dict[str, Any], field: str) -> None:
    refused = api.post(ADDRESS, wanted)
    assert (refused.status_code, [each["field"] for each in refused.json()["errors"]]) == (400, [field])


def test_few_searches_wait_at_once(api: APIClient, desk: Desk) -> None:
    for _ in range(WAITING_AT_ONCE):
        assert api.post(ADDRESS, {"country": "US"}).status_code == 201
    refused = api.post(ADDRESS, {"country": "US"})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callsphere:error:searching")


def test_searches_are_forgotten_after_a_day(api: APIClient, desk: Desk) -> None:
    search(api, country="US")
    assert forget_old_searches() == 0
    assert forget_old_searches(lambda: database_now() + KEPT + timedelta(minutes=1)) == 1
    assert api.get(ADDRESS).json()["results"] == []


@pytest.mark.parametrize("count", [1, 3])
def test_list_asks_a_fixed_number_of_times(api: APIClient, desk: Desk, count: int) -> None:
    for _ in range(count):
        search(api, country="US")
    with CaptureQueriesContext(connection) as asked:
        assert len(api.get(ADDRESS).json()["results"]) == count
    assert len(asked) == LIST_QUERIES
