"""How the database finds what callers left, as the application's login and under row-level security."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import QuerySet

from callsphere.calls.enums import LeftKind
from callsphere.calls.inbox import (
    MODELS,
    InboxFilter,
    TextFilter,
    _beyond,
    open_count,
    select_left,
    select_texts,
)
from callsphere.calls.keysets import PAGE_SIZE, Place, Wanted
from callsphere.calls.models import Call
from callsphere.lib.ids import first_uuid_of
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.calls.many import Many, fill_calls
from tests.calls.pages.calls import NOON
from tests.conftest import Person
from tests.databases import owner_connection

pytestmark = pytest.mark.django_db(transaction=True)
MANY, CALLS = 20_000, 2_000
TABLES = ("calls_callermessage", "calls_callbackrequest", "calls_voicemessage", "calls_textmessage")
INDEXES = {
    LeftKind.MESSAGE: "caller_message_inbox",
    LeftKind.CALLBACK: "callback_inbox",
    LeftKind.VOICE: "voice_message_inbox",
}
# One a minute before NOON; one of a hundred is open, one of a thousand has a number of its own.
_FILL = """
    INSERT INTO {table} (id, tenant_id, call_id, created_at, {columns})
    SELECT (lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') || '7000' ||
            'b000' || lpad(to_hex(n), 12, '0'))::uuid, %s, (%s::uuid[])[n %% {calls} + 1], at, {values}
    FROM generate_series(1, %s) AS n, LATERAL (SELECT %s - n * interval '1 minute' AS at) AS moment
"""
_NUMBER = "CASE WHEN n %% 1000 = 0 THEN '+4930901820' ELSE '+12125550100' END"
_DONE = "CASE WHEN n %% 100 > 0 THEN at END"
_COLUMNS = {
    "calls_callermessage": {
        "name": "''",
        "number": _NUMBER,
        "text": "'Call.'",
        "is_urgent": "false",
        "handled_at": _DONE,
        "handled_by": "''",
    },
    "calls_callbackrequest": {
        "number": _NUMBER,
        "wanted_at": "at",
        "time_zone": "'UTC'",
        "note": "''",
        "state": "CASE WHEN n %% 100 > 0 THEN 'done' ELSE 'open' END",
        "handled_at": _DONE,
        "handled_by": "''",
    },
    "calls_voicemessage": {
        "recording_sid": "'RE' || n",
        "duration_s": "9",
        "handled_at": _DONE,
        "handled_by": "''",
        "sound_state": "'failed'",
        "sound_tries": "0",
        "sound_error": "''",
    },
    "calls_textmessage": {
        "direction": "'outbound'",
        "to_number": _NUMBER,
        "from_number": "'+14155550101'",
        "body": "'Hi.'",
        "state": "CASE WHEN n %% 100 > 0 THEN 'delivered' ELSE 'failed' END",
        "word": "''",
        "message_sid": "''",
        "error": "''",
    },
}


@pytest.fixture
def tenant(alice: Person) -> Iterator[Tenant]:
    fill_calls(alice.tenant, Many(CALLS, NOON - timedelta(days=30), timedelta(days=30)))
    with tenant_context(alice.tenant), connection.cursor() as cursor:
        calls = list(Call.objects.values_list("pk", flat=True))
        for table in TABLES:
            columns = _COLUMNS[table]
            fill = _FILL.format(
                table=table, calls=CALLS, columns=", ".join(columns), values=", ".join(columns.values())
            )
            cursor.execute(fill, [alice.tenant.pk, calls, MANY, NOON])
    with owner_connection(connection.settings_dict["NAME"]) as owner:
        for table in (*TABLES, Call._meta.db_table):
            owner.execute(f"ANALYZE {table}")
    with tenant_context(alice.tenant):
        yield alice.tenant


def _nodes(node: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield node
    for child in node.get("Plans", []):
        yield from _nodes(child)


def scans(rows: QuerySet[Any], size: int = PAGE_SIZE + 1) -> list[dict[str, Any]]:
    """Return the nodes of a plan that read or sort."""
    plan = json.loads(rows[:size].explain(format="json"))
    return [
        node for node in _nodes(plan[0]["Plan"]) if "Scan" in node["Node Type"] or "Sort" in node["Node Type"]
    ]


def test_every_page_is_a_range_of_one_index(tenant: Tenant) -> None:
    deep = first_uuid_of(NOON - timedelta(days=7))
    for kind in MODELS:
        for which in (InboxFilter(), InboxFilter(is_open=True), InboxFilter(is_open=False)):
            rows = select_left(tenant, kind, which)
            for place in (None, Place(True, deep), Place(False, deep)):
                (scan,) = scans(_beyond(rows, Wanted(place)))
                assert (scan["Index Name"], "Filter" in scan) == (INDEXES[kind], False)
                assert (place is None) or "ROW(is_open, id)" in scan["Index Cond"]


def test_numbers_are_found_by_their_indexes(tenant: Tenant) -> None:
    for kind, name in ((LeftKind.MESSAGE, "caller_message"), (LeftKind.CALLBACK, "callback")):
        found = scans(select_left(tenant, kind, InboxFilter(number="4930")))
        assert f"{name}_by_number" in {scan.get("Index Name") for scan in found}
        assert "Seq Scan" not in {scan["Node Type"] for scan in found}


def test_texts(tenant: Tenant) -> None:
    for which, index in (
        (TextFilter(), "text_message_log"),
        (TextFilter(state="failed"), "text_message_by_state"),
        (TextFilter(number="4930"), "text_message_by_number"),
    ):
        assert index in {scan.get("Index Name") for scan in scans(select_texts(tenant, which))}
    deep = select_texts(tenant).filter(id__lt=first_uuid_of(NOON - timedelta(days=7)))
    assert [scan["Index Name"] for scan in scans(deep)] == ["text_message_log"]


def test_replies_are_found_by_an_index_of_their_senders(tenant: Tenant) -> None:
    """With many numbers that begin so, and with few."""
    names = {scan.get("Index Name") for scan in scans(select_texts(tenant, TextFilter(number="4930")))}
    assert {"text_message_by_number", "text_message_between"} <= names
    assert {scan.get("Index Name") for scan in scans(select_texts(tenant, TextFilter(number="1212")))} == {
        "text_message_log"
    }


def test_counting_stops_at_a_hundred_of_each(tenant: Tenant) -> None:
    assert open_count(tenant) == 300
