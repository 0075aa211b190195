"""Figures read from the history: exact, tenant by tenant, in a constant number of queries."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django_scopes.exceptions import ScopeError

from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import BUSY, NOON, OK, SILENT, moments, probe, set_policy
from trunks import services
from trunks.health import history
from trunks.health.history import Availability, Point, Span
from trunks.health.rollup import roll_up
from trunks.models import Gateway, ProbeBucket, Trunk

MINUTE = timedelta(minutes=1)
HOUR = timedelta(hours=1)


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    return make_trunk(alice, "Twilio", "sip:sip.example.com")


@pytest.fixture
def gateway_id(alice: Person, trunk: Trunk) -> uuid.UUID:
    with tenant_context(alice.tenant):
        return Gateway.objects.get().pk


def probe_at(now: datetime, letter: str, rtt_ms: float = 20) -> None:
    probe(letter, now, rtt_us=int(rtt_ms * 1000))


def test_a_bucket_counts_answers_causes_and_latencies(alice: Person, gateway_id: uuid.UUID) -> None:
    for index, letter in enumerate(".5xx."):
        probe_at(NOON + index * MINUTE, letter, 10 + index)
    probe_at(NOON + 5 * MINUTE, OK, 99)
    with tenant_context(alice.tenant):
        first, second = ProbeBucket.objects.order_by("starts_at")
    assert (first.starts_at, second.starts_at) == (NOON, NOON + 5 * MINUTE)
    assert (first.checks, first.answered, first.healthy) == (5, 3, 2)
    assert first.failures == {"carrier_overloaded": 1, "no_answer": 2}
    assert first.latencies_us == [10_000, 11_000, 14_000]
    assert (second.checks, second.failures, second.latencies_us) == (1, {}, [99_000])


@pytest.mark.parametrize(
    ("latencies", "p95"),
    [([7], 7), (list(range(1, 20)), 19), (list(range(1, 21)), 19), (list(range(1, 22)), 20)],
)
def test_p95_is_the_nearest_rank(
    alice: Person, gateway_id: uuid.UUID, latencies: list[int], p95: int
) -> None:
    for latency, now in zip(latencies, moments(len(latencies), step=timedelta(seconds=10)), strict=True):
        probe_at(now, OK, latency)
    with tenant_context(alice.tenant):
        (point,) = history.latency_series([gateway_id], NOON, NOON + 5 * MINUTE)[gateway_id]
    mean = round(sum(latencies) * 1000 / len(latencies)) / 1000
    assert point == Point(NOON, len(latencies), len(latencies), min(latencies), mean, p95)


def test_an_hour_is_as_exact_as_its_answers(alice: Person, gateway_id: uuid.UUID) -> None:
    start = NOON - 4 * HOUR
    for index in range(60):  # 57 answers of 1..57 ms in scattered order, 3 silences
        latency = (index * 23) % 57 + 1
        probe_at(start + index * MINUTE, SILENT if index >= 57 else OK, latency)
    assert roll_up(NOON) == [start]
    with tenant_context(alice.tenant):
        points = history.latency_series([gateway_id], start, NOON)[gateway_id]
    assert points == [Point(start, 60, 57, 1, 29, 55)]  # nearest rank: the 55th of 57


def test_rolling_up_again_changes_nothing(alice: Person, gateway_id: uuid.UUID) -> None:
    for index in range(13):
        probe_at(NOON - 2 * HOUR + index * 10 * MINUTE, ".5x"[index % 3], index)
    assert roll_up(NOON) == [NOON - 2 * HOUR]  # the hour before noon has only just ended
    assert roll_up(NOON) == []
    assert roll_up(NOON + MINUTE) == [NOON - HOUR]
    assert roll_up(NOON + 30 * MINUTE) == []
    with tenant_context(alice.tenant):
        points = history.latency_series([gateway_id], NOON - 24 * HOUR, NOON + 31 * MINUTE)[gateway_id]
    assert [(point.at, point.checks) for point in points] == [
        (NOON - 2 * HOUR, 6),
        (NOON - HOUR, 6),
        (NOON, 1),
    ]


def test_the_running_hour_comes_from_its_buckets(alice: Person, gateway_id: uuid.UUID) -> None:
    for minute, latency in ((-65, 100), (-20, 10), (-10, 30), (-1, 20)):
        probe_at(NOON + minute * MINUTE, OK, latency)
    roll_up(NOON)
    with tenant_context(alice.tenant):
        points = history.latency_series([gateway_id], NOON - 24 * HOUR, NOON)[gateway_id]
    assert points == [
        Point(NOON - 2 * HOUR, 1, 1, 100, 100, 100),
        Point(NOON - HOUR, 3, 3, 10, 20, 30),
    ]


def test_a_short_series_has_a_point_every_five_minutes(alice: Person, gateway_id: uuid.UUID) -> None:
    for minute in (-170, -9, -6, -1):
        probe_at(NOON + minute * MINUTE, OK)
    probe_at(NOON - 3 * MINUTE, SILENT)
    with tenant_context(alice.tenant):
        points = history.latency_series([gateway_id], NOON - 3 * HOUR, NOON)[gateway_id]
    assert [(point.at, point.checks, point.answered) for point in points] == [
        (NOON - 170 * MINUTE, 1, 1),
        (NOON - 10 * MINUTE, 2, 2),
        (NOON - 5 * MINUTE, 2, 1),
    ]


def test_availability_joins_hours_and_buckets_without_counting_twice(
    alice: Person, gateway_id: uuid.UUID
) -> None:
    # every ten minutes for six hours; the first hour silent, the second overloaded
    for index in range(36):
        letter = SILENT if index < 6 else BUSY if index < 12 else OK
        probe_at(NOON - 6 * HOUR + index * 10 * MINUTE, letter)
    roll_up(NOON)
    with tenant_context(alice.tenant):
        whole = history.availability([gateway_id], NOON - 24 * HOUR, NOON)[gateway_id]
        cut = history.availability([gateway_id], NOON - 5 * HOUR - 25 * MINUTE, NOON)[gateway_id]
        late = history.availability([gateway_id], NOON - 10 * MINUTE, NOON)[gateway_id]
    failures = {"no_answer": 6, "carrier_overloaded": 6}
    assert whole == Availability(100 * 24 / 36, 36, 30, 24, failures)
    # 06:35 on: of the silent hour 06:40 and 06:50 are left
    assert cut == Availability(100 * 24 / 32, 32, 30, 24, {"no_answer": 2, "carrier_overloaded": 6})
    assert late == Availability(100.0, 1, 1, 1, {})


def test_what_was_never_checked_has_no_percentage(alice: Person, gateway_id: uuid.UUID) -> None:
    with tenant_context(alice.tenant):
        assert history.availability([gateway_id], NOON - HOUR, NOON) == {
            gateway_id: Availability(None, 0, 0, 0, {})
        }
        assert history.latency_series([gateway_id], NOON - HOUR, NOON) == {gateway_id: []}
        assert history.last_answers_of([gateway_id])[gateway_id] == []
        assert history.availability([], NOON - HOUR, NOON) == {}


def test_a_refused_address_is_counted_as_a_missing_name(alice: Person, gateway_id: uuid.UUID) -> None:
    probe(SILENT, NOON)
    with platform_context("test"), connection.cursor() as cursor:
        cursor.execute("""UPDATE trunks_probebucket SET failures = '{"address_refused": 1}'""")
    with tenant_context(alice.tenant):
        figures = history.availability([gateway_id], NOON, NOON + MINUTE)[gateway_id]
    assert figures.failures == {"dns_not_found": 1}


def test_figures_of_several_gateways_as_one() -> None:
    figures = [
        Availability(50.0, 4, 3, 2, {"no_answer": 1, "carrier_error": 1}),
        Availability(100.0, 6, 6, 6, {}),
        Availability(None, 0, 0, 0, {}),
        Availability(0.0, 2, 0, 0, {"no_answer": 2}),
    ]
    assert history.overall(figures) == Availability(
        100 * 8 / 12, 12, 9, 8, {"no_answer": 3, "carrier_error": 1}
    )
    assert history.overall([]).percent is None


def test_last_answers_come_newest_first(alice: Person, gateway_id: uuid.UUID) -> None:
    for now, latency in zip(moments(25), range(25), strict=True):
        probe_at(now, OK, latency)
    with tenant_context(alice.tenant):
        assert [answer.rtt_us for answer in history.last_answers_of([gateway_id])[gateway_id]] == [
            latency * 1000 for latency in range(24, 4, -1)
        ]


def test_states_follow_each_other_without_gaps(alice: Person, trunk: Trunk, gateway_id: uuid.UUID) -> None:
    set_policy(alice, trunk, failures_to_down=1, successes_to_up=1)
    for minute, letter in enumerate("..x5."):
        probe_at(NOON + minute * MINUTE, letter)
    end = NOON + 10 * MINUTE
    up, down, impaired, up_again = (
        Span(NOON, NOON + 2 * MINUTE, "up"),
        Span(NOON + 2 * MINUTE, NOON + 3 * MINUTE, "down"),
        Span(NOON + 3 * MINUTE, NOON + 4 * MINUTE, "impaired"),
        Span(NOON + 4 * MINUTE, end, "up"),
    )
    with tenant_context(alice.tenant):
        later = history.state_spans([gateway_id], NOON + MINUTE, end)[gateway_id]
        assert later == [Span(NOON + MINUTE, NOON + 2 * MINUTE, "up"), down, impaired, up_again]
        whole = history.state_spans([gateway_id], NOON - 24 * HOUR, end)[gateway_id]
        assert whole[-4:] == [up, down, impaired, up_again]
        assert all(one.end == other.start for one, other in itertools.pairwise(whole))
        assert history.state_spans([gateway_id], end - MINUTE, end)[gateway_id] == [
            Span(end - MINUTE, end, "up")
        ]


def test_a_pause_is_a_state_like_the_others(alice: Person, trunk: Trunk, gateway_id: uuid.UUID) -> None:
    with tenant_context(alice.tenant):
        services.update_trunk(
            tenant=alice.tenant, actor=alice.actor, trunk=trunk, expected_version=None, is_enabled=False
        )
        since = Gateway.objects.get().health.since
        spans = history.state_spans([gateway_id], since - HOUR, since + HOUR)[gateway_id]
    assert [span.state for span in spans] == ["unknown", "paused"]


Reader = Callable[[list[uuid.UUID]], object]


@pytest.mark.parametrize(
    ("read", "queries"),
    [
        (lambda ids: history.latency_series(ids, NOON - HOUR, NOON + MINUTE), 1),
        (lambda ids: history.latency_series(ids, NOON - 48 * HOUR, NOON + MINUTE), 1),
        (lambda ids: history.availability(ids, NOON - 48 * HOUR, NOON + MINUTE), 1),
        (lambda ids: history.state_spans(ids, NOON - HOUR, NOON + MINUTE), 3),
    ],
)
def test_many_gateways_take_as_many_queries_as_one(alice: Person, read: Reader, queries: int) -> None:
    make_trunk(alice, "T", *(f"sip:g{number}.example.com" for number in range(3)))
    probe(OK, NOON)
    with tenant_context(alice.tenant):
        ids = list(Gateway.objects.values_list("pk", flat=True))
        for count in (1, 3):
            with CaptureQueriesContext(
                connection,
            ) as captured:
                read(ids[:count])
            assert len(captured) == queries


def test_reading_without_a_context_is_loud(gateway_id: uuid.UUID) -> None:
    for read in (history.latency_series, history.availability):
        with pytest.raises(ScopeError):
            read([gateway_id], NOON - HOUR, NOON)


def test_nobody_reads_another_tenants_history(alice: Person, charlie: Person, gateway_id: uuid.UUID) -> None:
    probe_at(NOON, OK)
    with tenant_context(charlie.tenant):
        assert history.availability([gateway_id], NOON - HOUR, NOON + HOUR)[gateway_id].percent is None
        assert history.latency_series([gateway_id], NOON - HOUR, NOON + HOUR) == {gateway_id: []}
        assert history.last_answers_of([gateway_id])[gateway_id] == []
        assert history.state_spans([gateway_id], NOON - HOUR, NOON + HOUR) == {}
    with platform_context("test"):
        assert history.availability([gateway_id], NOON - HOUR, NOON + HOUR)[gateway_id].percent == 100.0
