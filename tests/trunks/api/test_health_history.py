"""What gateways answered over time: availability, latency and last answers for a chosen span."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.api.conftest import at, errors_of
from tests.trunks.watching import BUSY, OK, SILENT, probe
from trunks.health.rollup import roll_up
from trunks.models import Gateway

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


def start_of_bucket(ago: timedelta) -> datetime:
    """Return the start of the five minutes that lie so far back."""
    moment = timezone.now() - ago
    return moment.replace(minute=moment.minute // 5 * 5, second=0, microsecond=0)


def read(api: APIClient, made: dict[str, Any], **query: str) -> Any:
    response = api.get(at(made, "health", "history"), query)
    assert response.status_code == 200, response.json()
    return response.json()


def test_what_is_told_of_the_last_hours(api: APIClient, alice: Person, made: dict[str, Any]) -> None:
    bucket = start_of_bucket(20 * MINUTE)
    for minute, letter, rtt_us in ((0, OK, 10_000), (1, OK, 30_000), (2, BUSY, 20_000), (3, SILENT, 0)):
        probe(letter, bucket + minute * MINUTE, rtt_us=rtt_us)

    body = read(api, made, resolution="5m")

    figures = {"percent": 50.0, "checks": 4, "answered": 3, "healthy": 2}
    failures = {"carrier_overloaded": 1, "no_answer": 1}
    assert (body["trunk_id"], body["resolution"]) == (made["id"], "5m")
    assert body["availability"] == {**figures, "failures": failures}
    (gateway,) = body["gateways"]
    assert (gateway["gateway_id"], gateway["availability"]) == (
        made["gateways"][0]["id"],
        body["availability"],
    )
    assert gateway["latency"] == [
        {
            "at": f"{bucket.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
            "checks": 4,
            "answered": 3,
            "min_ms": 10.0,
            "mean_ms": 20.0,
            "p95_ms": 30.0,
        }
    ]
    assert [answer["status"] for answer in gateway["last_answers"]] == [None, 503, 200, 200]
    first = gateway["last_answers"][0]
    assert (first["cause"]["code"], first["rtt_ms"], first["detail"]) == (
        "no_answer",
        None,
        "Nothing came back.",
    )


def test_before_the_first_look(api: APIClient, made: dict[str, Any]) -> None:
    body = read(api, made)
    (gateway,) = body["gateways"]
    assert (body["resolution"], body["availability"]["percent"]) == ("1h", None)
    assert (gateway["latency"], gateway["last_answers"]) == ([], [])


def test_a_span_of_its_own(api: APIClient, alice: Person, made: dict[str, Any]) -> None:
    hour = timezone.now().replace(minute=0, second=0, microsecond=0) - timedelta(hours=5)
    for hours, letter in ((0, OK), (1, SILENT), (2, OK)):
        probe(letter, hour + timedelta(hours=hours, minutes=10))
    roll_up(timezone.now())

    body = read(
        api,
        made,
        **{"from": hour.isoformat(), "to": (hour + timedelta(hours=2)).isoformat(), "resolution": "1h"},
    )

    points = body["gateways"][0]["latency"]
    assert [(point["checks"], point["answered"]) for point in points] == [(1, 1), (1, 0)]
    assert body["availability"]["percent"] == 50.0


def test_what_another_address_answered_is_left_out(
    api: APIClient, alice: Person, made: dict[str, Any]
) -> None:
    probe(OK, start_of_bucket(30 * MINUTE))
    with tenant_context(alice.tenant):
        Gateway.objects.update(moved_at=timezone.now() - 10 * MINUTE)
    (gateway,) = read(api, made, resolution="5m")["gateways"]
    assert (gateway["availability"]["checks"], gateway["latency"]) == (0, [])


def test_a_refused_address_is_told_like_a_name_that_does_not_exist(
    api: APIClient, alice: Person, made: dict[str, Any]
) -> None:
    probe(SILENT, start_of_bucket(20 * MINUTE))
    with tenant_context(alice.tenant):
        Gateway.objects.get().answers.update(cause="address_refused", detail="inside 10.0.0.0/8")
    (gateway,) = read(api, made)["gateways"]
    answer = gateway["last_answers"][0]
    assert (answer["cause"]["code"], answer["detail"], answer["target"]) == ("dns_not_found", "", "")


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "yesterday"}, "from"),
        ({"to": "12:00"}, "to"),
        ({"from": "2026-01-02T00:00:00Z", "to": "2026-01-01T00:00:00Z"}, "from"),
        ({"resolution": "1m"}, "resolution"),
        ({"from": "2001-01-01T00:00:00Z"}, "from"),
        ({"until": "2026-01-01T00:00:00Z"}, "until"),
    ],
)
def test_wrong_parameters_are_named(
    api: APIClient, made: dict[str, Any], query: dict[str, str], field: str
) -> None:
    response = api.get(at(made, "health", "history"), query)
    assert response.status_code == 400
    assert [name for name, _code in errors_of(response)] == [field]


def test_a_stranger_finds_nothing(stranger: APIClient, made: dict[str, Any]) -> None:
    assert stranger.get(at(made, "health", "history")).status_code == 404


def test_queries_are_the_same_for_one_and_three_gateways(api: APIClient, made: dict[str, Any]) -> None:
    def queries() -> int:
        read(api, made)
        with CaptureQueriesContext(connection) as captured:
            read(api, made)
        return len(captured)

    with_one = queries()
    for number in range(2):
        api.post(at(made, "gateways"), {"uri": f"sip:g{number}.example.com", "clear_secrets": True})
    assert queries() == with_one
