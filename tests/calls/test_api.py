"""What was told of calls, through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.calls.conftest import CALLER, NUMBER, Line, new_sid
from tests.conftest import Person

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/call-events/"
LIST_QUERIES = 11


def found(person: Person, query: str = "") -> list[dict[str, Any]]:
    response = person.api("trunks:read").get(f"{ADDRESS}{query}")
    assert response.status_code == 200
    results: list[dict[str, Any]] = response.json()["results"]
    return results


def test_an_event_in_full(line: Line) -> None:
    fields = line.fields(CallStatus="completed", SequenceNumber="3", CallDuration="7")
    line.tell(line.place("status"), fields)

    (shown,) = found(line.person)

    (event,) = line.events()
    assert shown == {
        "id": str(event.pk),
        "received_at": event.received_at.isoformat().replace("+00:00", "Z"),
        "kind": "status",
        "call_sid": fields["CallSid"],
        "call_status": "completed",
        "sequence_number": 3,
        "phone_number_id": str(line.number.pk),
        "trunk_id": None,
        "caller": CALLER,
        "called": NUMBER,
        "payload": {name: value for name, value in fields.items() if value},
    }
    one = line.person.api("trunks:read").get(f"{ADDRESS}{event.pk}/")
    assert (one.status_code, one.json()) == (200, shown)


def test_filters(line: Line) -> None:
    sid = new_sid("CA")
    line.tell(fields=line.fields(CallSid=sid))
    line.tell(line.place("status"), line.fields(CallSid=sid, CallStatus="completed"))
    line.tell(line.place(trunk=True), line.fields(To="+4930901820"))
    counts = {
        query: len(found(line.person, query))
        for query in (
            "",
            f"?call_sid={sid}",
            f"?phone_number_id={line.number.pk}",
            f"?phone_number_id={line.own.pk}",
            f"?trunk_id={line.trunk.pk}",
            "?kind=incoming",
            f"?kind=fallback&call_sid={sid}",
        )
    }
    assert list(counts.values()) == [3, 2, 2, 1, 1, 2, 0]


def test_pages_come_newest_first_by_cursor(line: Line) -> None:
    sids = [new_sid("CA") for _ in range(3)]
    for sid in sids:
        line.tell(fields=line.fields(CallSid=sid))
    api = line.person.api("trunks:read")
    first = api.get(f"{ADDRESS}?page_size=2").json()
    second = api.get(first["next"]).json()
    assert [each["call_sid"] for each in (*first["results"], *second["results"])] == sids[::-1]


def test_nobody_writes_there(line: Line) -> None:
    line.tell()
    address = f"{ADDRESS}{line.events()[0].pk}/"
    api = line.person.api()
    answers = [api.post(ADDRESS, {}), api.patch(address, {}), api.delete(address)]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert line.person.api("alerts:read").get(ADDRESS).status_code == 403


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_takes_as_many_queries_however_long_it_is(line: Line, count: int) -> None:
    for _ in range(count):
        line.tell()
    api = line.person.api("trunks:read")
    api.get(ADDRESS)
    with CaptureQueriesContext(connection) as queries:
        assert len(api.get(ADDRESS).json()["results"]) == count
    assert len(queries) == LIST_QUERIES
