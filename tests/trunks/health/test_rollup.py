"""Days of history: made ahead and on demand, dropped when old, and closed to everybody but their parents."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import DataError, ProgrammingError, connection, connections, transaction
from psycopg import sql

from tenants.context import platform_context, tenant_context
from tests import databases
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, OK, probe
from trunks.health.pacing import take_allowances
from trunks.health.rollup import DAYS_AHEAD, maintain_partitions, make_day, roll_up_hour
from trunks.models import AddressAllowance, ProbeBucket, ProbeHour

TABLES = ("trunks_probebucket", "trunks_probehour")
DAY_OF_NOON = NOON.date()


@pytest.fixture
def today(db: None) -> date:
    """The database's day, for the length of this test's transaction."""
    ((day,),) = read("SELECT (now() AT TIME ZONE 'UTC')::date")
    return day


def days_of(table: str) -> list[date]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT relname FROM pg_inherits JOIN pg_class ON pg_class.oid = inhrelid"
            " WHERE inhparent = %s::regclass ORDER BY 1",
            [table],
        )
        return [
            datetime.strptime(name.rpartition("_")[2], "%Y%m%d").replace(tzinfo=UTC).date()
            for (name,) in cursor.fetchall()
        ]


def drop_days(*days: date) -> None:
    with databases.owner_connection(connection.settings_dict["NAME"]) as owner:
        for table in TABLES:
            for day in days:
                name = sql.Identifier(f"{table}_{day:%Y%m%d}")
                owner.execute(sql.SQL("DROP TABLE IF EXISTS {}").format(name))


@pytest.fixture
def without_today(transactional_db: None) -> Iterator[None]:
    drop_days(DAY_OF_NOON)
    yield
    maintain_partitions(datetime.now(UTC))


def test_the_coming_days_are_there(today: date) -> None:
    maintain_partitions(datetime.now(UTC))
    expected = [today + timedelta(days=ahead) for ahead in range(-1, DAYS_AHEAD + 1)]
    for table in TABLES:
        assert [day for day in days_of(table) if day in expected] == expected


def test_old_days_are_dropped_each_in_its_time(today: date) -> None:
    for age in (2, 3, 4, 90, 91, 92):
        make_day(today - timedelta(days=age))
    maintain_partitions(datetime.now(UTC))
    oldest = {table: min(days_of(table)) for table in TABLES}
    # the last moment of the day before yesterday is less than 48 hours ago
    assert oldest == {
        "trunks_probebucket": today - timedelta(days=2),
        "trunks_probehour": today - timedelta(days=90),
    }


def test_a_day_is_made_once(today: date) -> None:
    day = today + timedelta(days=20)
    make_day(day)
    make_day(day)
    assert days_of("trunks_probehour").count(day) == 1


@pytest.mark.parametrize("days", [-200, 60])
def test_days_out_of_bounds_are_refused(today: date, days: int) -> None:
    with pytest.raises(DataError, match="no history is kept for"):
        make_day(today + timedelta(days=days))


@pytest.mark.django_db(transaction=True)
def test_an_answer_makes_the_day_that_is_missing(without_today: None, alice: Person) -> None:
    assert DAY_OF_NOON not in days_of("trunks_probebucket")
    make_trunk(alice, "T", "sip:sip.example.com")
    assert probe(OK, NOON).kept == 1
    with tenant_context(alice.tenant):
        assert [bucket.starts_at for bucket in ProbeBucket.objects.all()] == [NOON]
    assert DAY_OF_NOON in days_of("trunks_probebucket")


@pytest.mark.django_db(transaction=True)
def test_two_that_make_the_same_hour_do_not_lock_each_other_out(alice: Person) -> None:
    for number in range(4):
        make_trunk(alice, f"T{number}", *(f"sip:g{number}-{each}.example.com" for each in range(16)))
    probe(OK, NOON)
    barrier = Barrier(2)

    def roll() -> None:
        try:
            for _ in range(10):
                barrier.wait(60)
                roll_up_hour(NOON)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        for each in [pool.submit(roll) for _ in range(2)]:
            each.result()
    with tenant_context(alice.tenant):
        assert ProbeHour.objects.count() == 64


@pytest.mark.django_db(transaction=True)
def test_rolling_up_makes_the_day_that_is_missing(alice: Person) -> None:
    make_trunk(alice, "T", "sip:sip.example.com")
    probe(OK, NOON)
    with databases.owner_connection(connection.settings_dict["NAME"]) as owner:
        owner.execute(f"DROP TABLE trunks_probehour_{DAY_OF_NOON:%Y%m%d}")
    roll_up_hour(NOON)
    with tenant_context(alice.tenant):
        assert [hour.checks for hour in ProbeHour.objects.all()] == [1]


@pytest.mark.django_db(transaction=True)
def test_deleting_a_gateway_empties_its_days(alice: Person) -> None:
    trunk = make_trunk(alice, "T", "sip:sip.example.com")
    probe(OK, NOON)
    roll_up_hour(NOON)
    with tenant_context(alice.tenant):
        assert (ProbeBucket.objects.count(), ProbeHour.objects.count()) == (1, 1)
        trunk.delete()
    with platform_context("test"):
        assert (ProbeBucket.objects.count(), ProbeHour.objects.count()) == (0, 0)


def read(statement: str) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement)
        return cursor.fetchall()


@pytest.mark.parametrize("table", TABLES)
def test_the_database_shows_a_tenants_own_history_only(alice: Person, charlie: Person, table: str) -> None:
    make_trunk(alice, "T", "sip:sip.example.com")
    probe(OK, NOON)
    roll_up_hour(NOON)
    count = f"SELECT count(*) FROM {table}"
    assert read(count) == [(0,)]
    with tenant_context(charlie.tenant):
        assert read(count) == [(0,)]
    with tenant_context(alice.tenant):
        assert read(count) == [(1,)]
    with platform_context("test"):
        assert read(count) == [(1,)]


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("statement", ["SELECT * FROM {}", "DELETE FROM {}", "UPDATE {} SET checks = 9"])
def test_nobody_reaches_past_the_parent(alice: Person, today: date, table: str, statement: str) -> None:
    make_day(today)
    partition = f"{table}_{today:%Y%m%d}"
    for context in (tenant_context(alice.tenant), platform_context("test")):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            context,
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement.format(partition))


@pytest.mark.parametrize("table", TABLES)
def test_a_tenant_cannot_change_its_history(alice: Person, table: str) -> None:
    for statement in (f"UPDATE {table} SET healthy = checks", f"DELETE FROM {table}"):
        with (
            pytest.raises(ProgrammingError, match="permission denied"),
            tenant_context(alice.tenant),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


@pytest.mark.parametrize("table", TABLES)
def test_parents_and_partitions_force_their_policies(db: None, table: str) -> None:
    rows = read(
        "SELECT DISTINCT relrowsecurity, relforcerowsecurity FROM pg_class"
        f" WHERE oid = '{table}'::regclass"
        f" OR oid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = '{table}'::regclass)"
    )
    assert rows == [(True, True)]


def test_the_functions_of_the_owner_trust_no_search_path(db: None) -> None:
    rows = read(
        "SELECT proname, prosecdef, proconfig, proacl::text LIKE '%%,=X/%%' OR proacl::text LIKE '{=X/%%'"
        " FROM pg_proc WHERE proname IN ('trunks_make_history_day', 'trunks_maintain_history') ORDER BY 1"
    )
    settings = ["search_path=pg_catalog, pg_temp", "lock_timeout=5s"]
    assert rows == [
        ("trunks_maintain_history", True, settings, False),
        ("trunks_make_history_day", True, settings, False),
    ]


def test_idle_addresses_are_forgotten(db: None) -> None:
    take_allowances({"203.0.113.1": 1}, rate=20, now=NOON)
    take_allowances({"203.0.113.2": 1}, rate=20, now=NOON + timedelta(hours=2))
    maintain_partitions(NOON + timedelta(hours=2))
    assert [allowance.address for allowance in AddressAllowance.objects.all()] == ["203.0.113.2"]
