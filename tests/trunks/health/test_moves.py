"""A gateway that is led elsewhere: its figures begin anew, what the old address did stays to be read."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, OK, SILENT, probe
from trunks import services
from trunks.health import history
from trunks.health.history import Availability, Span
from trunks.health.rollup import roll_up
from trunks.health.summaries import answer_rows, change_rows, gateway_rows
from trunks.models import Gateway, ProbeBucket, StatusChange, Trunk
from trunks.queries import changes_of, gateways_of

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)
OLD, NEW = "sip:198.51.100.1", "sip:203.0.113.5"


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    return make_trunk(alice, "Main line", OLD)


def move(person: Person, now: datetime, uri: str = NEW, **changes: Any) -> Gateway:
    """Lead the only gateway elsewhere at this moment."""
    with tenant_context(person.tenant):
        gateway, _warnings = services.update_gateway(
            tenant=person.tenant,
            actor=person.actor,
            gateway=Gateway.objects.get(),
            expected_version=None,
            uri=uri,
            **changes,
        )
        if gateway.moved_at:
            Gateway.objects.update(moved_at=now)
            StatusChange.objects.filter(to_state="unknown").update(at=now)
    return gateway


def available(person: Person, since: datetime, now: datetime) -> Availability:
    with tenant_context(person.tenant):
        (found,) = history.availability(Gateway.objects.values_list("pk", flat=True), since, now).values()
    return found


def test_only_another_place_is_a_move(alice: Person, trunk: Trunk) -> None:
    assert move(alice, NOON, OLD, priority=7).moved_at is None
    assert move(alice, NOON, f"{OLD};transport=tcp").moved_at is not None


def test_availability_begins_anew_to_the_second(alice: Person, trunk: Trunk) -> None:
    for minute in range(12):
        probe(SILENT, NOON + minute * MINUTE)
    move(alice, NOON + 12 * MINUTE)  # in the middle of five minutes that the old address has begun
    for minute in range(13, 17):
        probe(OK, NOON + minute * MINUTE)

    assert available(alice, NOON - HOUR, NOON + 20 * MINUTE) == Availability(100.0, 4, 4, 4, {})
    with tenant_context(alice.tenant):
        buckets = list(
            ProbeBucket.objects.order_by("starts_at").values_list("starts_at", "checks", "healthy")
        )
    assert buckets == [
        (NOON, 5, 0),
        (NOON + 5 * MINUTE, 5, 0),
        (NOON + 10 * MINUTE, 2, 0),
        (NOON + 12 * MINUTE, 2, 2),
        (NOON + 15 * MINUTE, 2, 2),
    ]


def test_an_hour_of_both_addresses_counts_for_the_new_one_by_its_buckets(alice: Person, trunk: Trunk) -> None:
    for minute in range(-300, -150, 10):
        probe(SILENT, NOON + minute * MINUTE)
    move(alice, NOON - 150 * MINUTE)
    for minute in range(-145, 0, 10):
        probe(OK, NOON + minute * MINUTE)
    roll_up(NOON)

    assert available(alice, NOON - 24 * HOUR, NOON) == Availability(100.0, 15, 15, 15, {})
    # Two minutes after a move there is nothing to tell yet, and no old figure either.
    move(alice, NOON - MINUTE, OLD)
    assert available(alice, NOON - 24 * HOUR, NOON).percent is None


def test_the_strip_and_the_sparkline_begin_anew(alice: Person, trunk: Trunk) -> None:
    probe(SILENT, NOON)
    move(alice, NOON + 10 * MINUTE)
    probe(OK, NOON + 11 * MINUTE, rtt_us=7_000)
    with tenant_context(alice.tenant):
        gateway = Gateway.objects.get()
        now = NOON + HOUR
        assert history.state_spans([gateway.pk], NOON - HOUR, now)[gateway.pk] == [
            Span(NOON + 10 * MINUTE, NOON + 11 * MINUTE, "unknown"),
            Span(NOON + 11 * MINUTE, now, "up"),
        ]
        (row,) = gateway_rows(list(gateways_of(trunk)))
        assert row.trend.values == [7.0]


def test_not_a_moment_of_the_old_state_is_counted(alice: Person, trunk: Trunk) -> None:
    probe(SILENT, NOON)
    with tenant_context(alice.tenant):
        gateway, _warnings = services.update_gateway(
            tenant=alice.tenant,
            actor=alice.actor,
            gateway=Gateway.objects.get(),
            expected_version=None,
            uri=NEW,
        )
        moved_at = gateway.moved_at
        assert moved_at is not None
        now = moved_at + HOUR
        assert history.state_spans([gateway.pk], NOON - 48 * HOUR, now)[gateway.pk] == [
            Span(moved_at, now, "unknown")
        ]


def test_pages_say_since_when_the_figure_counts(alice: Person, trunk: Trunk) -> None:
    now = datetime.now(NOON.tzinfo)
    probe(SILENT, now - 20 * MINUTE)
    move(alice, now - 10 * MINUTE)
    probe(OK, now - MINUTE)
    gateway = f"/t/acme-dental/trunks/{trunk.pk}/gateways/"
    with tenant_context(alice.tenant):
        (row,) = gateway_rows(list(gateways_of(trunk)))
        gateway += f"{row.gateway.pk}/"
    assert (row.moved_at, row.share) == (now - 10 * MINUTE, "100 %")
    assert row.bars[0].label.endswith("at another address")

    page = alice.client().get(gateway).content.decode()
    assert "Availability since the address changed" in page
    assert f"when it led to <code>{OLD}</code>" in page


def test_what_the_old_address_did_is_told_of_the_old_address(alice: Person, trunk: Trunk) -> None:
    probe(OK, NOON)
    probe(SILENT, NOON + MINUTE)
    move(alice, NOON + 2 * MINUTE)
    probe(OK, NOON + 3 * MINUTE)
    with tenant_context(alice.tenant):
        gateway = Gateway.objects.get()
        told = [
            (row.change.to_state, row.change.gateway_uri)
            for row in change_rows(changes_of(alice.tenant), limit=9)
        ]
        answers = [(row.answer, row.uri) for row in answer_rows(gateway.answers.order_by("-at"))]
    assert told == [("up", NEW), ("unknown", NEW), ("up", OLD)]
    # Of old answers the address that was tried is known.
    assert answers == [
        ("200 OK", NEW),
        ("No answer", "203.0.113.5:5060/udp"),
        ("200 OK", "203.0.113.5:5060/udp"),
    ]


def test_the_api_tells_where_it_led_then(alice: Person, trunk: Trunk) -> None:
    probe(OK, NOON)
    move(alice, NOON + MINUTE)

    changes = alice.api().get(f"/api/v1/trunks/{trunk.pk}/status-changes/").json()["results"]

    assert [(each["to_state"], each["gateway_uri"]) for each in changes] == [("unknown", NEW), ("up", OLD)]


def test_moved_gateways_take_no_more_queries(alice: Person) -> None:
    def queries() -> int:
        with tenant_context(alice.tenant), CaptureQueriesContext(connection) as captured:
            trunks = list(Trunk.objects.all())
            rows = gateway_rows(list(Gateway.objects.select_related("health")))
            assert len(rows) == len(trunks)
        return len(captured)

    make_trunk(alice, "One", OLD)
    move(alice, NOON)
    with_one = queries()
    for name in ("Two", "Three"):
        make_trunk(alice, name, OLD)
    with tenant_context(alice.tenant):
        Gateway.objects.update(moved_at=NOON)

    assert queries() == with_one
