"""Incidents through the API."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from rest_framework.test import APIClient

from callsphere.alerts.enums import Severity
from callsphere.alerts.models import Incident
from tests.alerts.conftest import NOBODY, NOON, make_incident
from tests.conftest import Person

INCIDENTS = "/api/v1/incidents/"
NOTE = {"note": "Rebooted the router."}


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


def at(incident: Incident, *parts: str) -> str:
    return "/".join([INCIDENTS.rstrip("/"), str(incident.pk), *parts, ""])


def titles(api: APIClient, query: str = "") -> list[str]:
    return [each["title"] for each in api.get(INCIDENTS + query).json()["results"]]


def test_one_is_read(api: APIClient, incident: Incident) -> None:
    response = api.get(at(incident))

    body = response.json()
    cause = body.pop("cause")
    assert body == {
        "id": str(incident.pk),
        "state": "open",
        "kind": "trunk_health",
        "severity": "critical",
        "title": "Main line is down: no answer from the gateway",
        "subject": {"kind": "trunk", "id": str(NOBODY), "label": "Main line"},
        "detail": "Nothing came back.",
        "opened_at": "2026-03-01T12:00:00Z",
        "last_seen_at": "2026-03-01T12:00:00Z",
        "count": 1,
        "resolved_at": None,
        "resolution": None,
        "resolved_by": "",
        "note": "",
    }
    assert (cause["code"], cause["who"]) == ("no_answer", "carrier")
    assert response.headers["ETag"].startswith('W/"')


def test_the_newest_come_first(alice: Person, api: APIClient) -> None:
    for number in range(3):
        make_incident(alice, str(number), title=f"T{number}", now=NOON + timedelta(minutes=number))

    assert titles(api) == ["T2", "T1", "T0"]
    first = api.get(f"{INCIDENTS}?page_size=2").json()
    assert [each["title"] for each in api.get(first["next"]).json()["results"]] == ["T0"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=open", ["odd"]),
        ("?state=resolved", ["bad"]),
        ("?severity=warning", ["odd"]),
        ("?kind=trunk_health&severity=critical", ["bad"]),
        (f"?subject_id={NOBODY}", ["bad", "odd"]),
        ("?subject_id=01890000-0000-7000-8000-000000000000", []),
    ],
)
def test_filters(alice: Person, api: APIClient, query: str, expected: list[str]) -> None:
    make_incident(alice, "1", title="odd", severity=Severity.WARNING)
    bad = make_incident(alice, "2", title="bad", now=NOON + timedelta(minutes=1))
    api.post(at(bad, "resolve"), NOTE)

    assert titles(api, query) == expected


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?state=over", "Choose one of: open, resolved."),
        ("?severity=dire", "Choose one of: critical, warning."),
        ("?colour=red", "Unknown parameter."),
    ],
)
def test_wrong_filters_are_refused(api: APIClient, query: str, message: str) -> None:
    response = api.get(INCIDENTS + query)

    assert response.status_code == 400
    assert response.json()["errors"][0]["message"].startswith(message)


def test_resolving(api: APIClient, incident: Incident) -> None:
    response = api.post(at(incident, "resolve"), NOTE)

    body = response.json()
    assert response.status_code == 200
    assert (body["state"], body["resolution"]) == ("resolved", "closed")
    assert (body["resolved_by"], body["note"]) == ("test key", "Rebooted the router.")
    assert api.get(at(incident)).json() == body


def test_resolving_twice_is_refused_unless_it_is_the_same_request(api: APIClient, incident: Incident) -> None:
    key = {"Idempotency-Key": "one"}
    first = api.post(at(incident, "resolve"), NOTE, headers=key)
    again = api.post(at(incident, "resolve"), NOTE, headers=key)
    other = api.post(at(incident, "resolve"), {"note": "Me too."})

    assert (first.status_code, again.status_code, other.status_code) == (200, 200, 409)
    assert again.json() == first.json()
    assert other.json()["type"] == "urn:callsphere:error:already_resolved"


@pytest.mark.parametrize(
    ("body", "field"),
    [({}, "note"), ({"note": ""}, "note"), ({"note": "x" * 251}, "note"), ({**NOTE, "by": "me"}, "by"),
     ({"note": "a\u200bb"}, "note")],
)  # fmt: skip
def test_wrong_bodies(api: APIClient, incident: Incident, body: dict[str, Any], field: str) -> None:
    response = api.post(at(incident, "resolve"), body)

    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]
    assert api.get(at(incident)).json()["state"] == "open"


def test_keys_need_the_capability(alice: Person, incident: Incident) -> None:
    reader, other = alice.api("alerts:read"), alice.api("trunks:read")

    assert reader.get(at(incident)).status_code == 200
    assert reader.post(at(incident, "resolve"), NOTE).status_code == 403
    assert other.get(INCIDENTS).status_code == 403


def test_a_strangers_incident_is_not_there(charlie: Person, incident: Incident) -> None:
    stranger = charlie.api()

    assert titles(stranger) == []
    assert stranger.get(at(incident)).status_code == 404
    assert stranger.post(at(incident, "resolve"), NOTE).status_code == 404


@pytest.mark.parametrize("count", [1, 3])
def test_queries_do_not_grow_with_rows(
    alice: Person, api: APIClient, count: int, django_assert_num_queries: Any
) -> None:
    for number in range(count):
        make_incident(alice, str(number))
    with django_assert_num_queries(12):
        assert len(titles(api)) == count
