"""What the small lines draw: five-minute figures, and single answers where there are few of those."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, OK, SILENT, probe
from trunks.health.trends import Trend, trends_of
from trunks.models import Gateway

MINUTE = timedelta(minutes=1)


@pytest.fixture
def gateway(alice: Person) -> Gateway:
    """A gateway that was made a day before noon."""
    make_trunk(alice, "Main line", "sip:203.0.113.5")
    with tenant_context(alice.tenant):
        Gateway.objects.update(created_at=NOON - timedelta(days=1))
        return Gateway.objects.get()


def probe_at(minutes: int, letter: str, rtt_ms: int) -> None:
    probe(letter, NOON + minutes * MINUTE, rtt_us=rtt_ms * 1000)


def trend_of(alice: Person, gateway: Gateway) -> Trend | None:
    with tenant_context(alice.tenant):
        return trends_of([gateway], NOON).get(gateway.pk)


def test_it_is_drawn_from_five_minute_figures(alice: Person, gateway: Gateway) -> None:
    probe_at(-300, OK, 900)  # too long ago
    for minutes, letter, rtt_ms in ((-30, OK, 10), (-29, OK, 30), (-20, SILENT, 0), (-10, OK, 60)):
        probe_at(minutes, letter, rtt_ms)
    trend = trend_of(alice, gateway)
    assert trend is not None
    assert trend.values == [20.0, None, 60.0]
    assert trend.label == (
        "Latency of the last 4 hours, five minutes a point: 10 ms at best, 95 % within 60 ms"
    )


def test_a_young_gateway_shows_its_single_answers(alice: Person, gateway: Gateway) -> None:
    for minutes, letter, rtt_ms in ((-40, OK, 900), (-3, OK, 10), (-2, SILENT, 0), (-1, OK, 30)):
        probe_at(minutes, letter, rtt_ms)
    gateway.moved_at = NOON - 5 * MINUTE
    with tenant_context(alice.tenant):
        Gateway.objects.update(moved_at=gateway.moved_at)
    assert trend_of(alice, gateway) == Trend([10.0, None, 30.0], "Latency of the last 3 checks")


def test_what_was_never_checked_has_none(alice: Person, gateway: Gateway) -> None:
    trend = trend_of(alice, gateway)
    assert not trend
    gateway.created_at = NOON
    assert not trend_of(alice, gateway)


def test_the_number_of_queries_does_not_grow(alice: Person, gateway: Gateway) -> None:
    make_trunk(alice, "Second line", "sip:203.0.113.6", "sip:203.0.113.7")
    with tenant_context(alice.tenant):
        Gateway.objects.exclude(pk=gateway.pk).update(created_at=NOON)
        gateways = list(Gateway.objects.all())
        with CaptureQueriesContext(connection) as queries:
            trends_of(gateways, NOON)
    assert len(queries) == 2
