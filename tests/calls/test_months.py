"""The table of calls can be cut by month."""

from __future__ import annotations

import itertools
from datetime import UTC, datetime, timedelta

import psycopg
import pytest
from django.db import connection
from psycopg.types.json import Jsonb

from callsphere.lib.ids import first_uuid_of, uuid7_at
from tests.databases import owner_connection

pytestmark = pytest.mark.django_db
MONTHS = [datetime(2026, month, 1, tzinfo=UTC) for month in (1, 2, 3)]


def test_a_month_is_a_range_of_keys() -> None:
    with owner_connection(connection.settings_dict["NAME"]) as owner, owner.transaction(force_rollback=True):
        owner.execute("CREATE TABLE calls_by_month (LIKE calls_call INCLUDING ALL) PARTITION BY RANGE (id)")
        for number, (first, after) in enumerate(itertools.pairwise(MONTHS), 1):
            bounds = f"FROM ('{first_uuid_of(first)}') TO ('{first_uuid_of(after)}')"
            owner.execute(
                f"CREATE TABLE calls_month_{number} PARTITION OF calls_by_month FOR VALUES {bounds}".encode()
            )
        moments = [
            MONTHS[0],
            MONTHS[1] - timedelta(milliseconds=1),
            MONTHS[1],
            MONTHS[2] - timedelta(seconds=1),
        ]
        assert [month_of(owner, moment) for moment in moments] == ["1", "1", "2", "2"]


def month_of(owner: psycopg.Connection, moment: datetime) -> str:
    """Store a call that began then and return the month that took it."""
    row = owner.execute(
        "INSERT INTO calls_by_month SELECT (jsonb_populate_record(NULL::calls_by_month, %s)).*"
        " RETURNING tableoid::regclass::text",
        [Jsonb(call_of(moment))],
    ).fetchone()
    assert row is not None
    return str(row[0]).removeprefix("calls_month_")


def call_of(moment: datetime) -> dict[str, object]:
    empty = dict.fromkeys(
        (
            *(
                "call_sid",
                "our_number",
                "their_number",
                "action",
                "sent_to",
                "outcome",
                "hung_up_by",
                "cause",
            ),
            *("verstat", "answered_by", "brief", "price_unit", "end_reason"),
        ),
        "",
    )
    return {
        **empty,
        "id": str(uuid7_at(moment)),
        "tenant_id": str(uuid7_at(moment)),
        "direction": "inbound",
        "state": "ringing",
        "because": [],
        "started_at": moment.isoformat(),
        "looks": 0,
    }
