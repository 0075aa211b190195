"""Which calls the log shows, in which order, and page by page."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.calls.listing import CallFilter, calls_of, live_calls_of, page_of, read_sip_codes
from callsphere.calls.models import Call
from callsphere.lib.ids import uuid7_at
from tenants.context import tenant_context
from tests.agents.conftest import make_agent
from tests.calls.conftest import CALLER, NUMBER, Line, make_line
from tests.conftest import Person

pytestmark = pytest.mark.django_db
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)
LIST_QUERIES = 4  # calls, numbers, agents, trunks


def add_call(line: Line, minutes: int = 0, **fields: Any) -> Call:
    """Store a call that began these minutes after noon, over unless `state` says otherwise."""
    at = NOON + timedelta(minutes=minutes)
    over = {"state": "ended", "outcome": "missed", "ended_at": at} if "state" not in fields else {}
    values = {
        "direction": "inbound",
        "call_sid": f"CA{uuid.uuid4().hex}",
        "phone_number": line.number,
        "our_number": NUMBER,
        "their_number": CALLER,
        **over,
        **fields,
    }
    with tenant_context(line.person.tenant):
        return Call.objects.create(id=uuid7_at(at), tenant=line.person.tenant, started_at=at, **values)


def found(line: Line, **which: Any) -> list[Call]:
    with tenant_context(line.person.tenant):
        return list(calls_of(line.person.tenant, CallFilter(**which)))


def test_newest_first_and_of_this_tenant_alone(line: Line, charlie: Person) -> None:
    calls = [add_call(line, minutes) for minutes in (0, 2, 1)]
    add_call(make_line(charlie, "+14155550102", "+4930901821"))
    assert found(line) == [calls[1], calls[2], calls[0]]


def test_each_filter_leaves_its_own(line: Line) -> None:
    agent = make_agent(line.person)
    plain = add_call(line, 0, talked_s=20, sip_code=200, outcome="agent")
    told: dict[str, tuple[Call, dict[str, Any]]] = {
        "own number": (add_call(line, 1, phone_number=line.own), {"phone_number_id": line.own.pk}),
        "agent": (add_call(line, 2, agent=agent), {"agent_id": agent.pk}),
        "trunk": (add_call(line, 3, trunk=line.trunk), {"trunk_id": line.trunk.pk}),
        "outbound": (add_call(line, 4, direction="outbound"), {"direction": "outbound"}),
        "busy": (add_call(line, 5, outcome="busy"), {"outcome": "busy"}),
        "486": (add_call(line, 6, sip_code=486), {"sip_codes": read_sip_codes("486")}),
        "5xx": (add_call(line, 7, sip_code=599), {"sip_codes": read_sip_codes("5XX")}),
        "long": (add_call(line, 8, talked_s=60), {"shortest_s": 60, "longest_s": 60}),
        "live": (add_call(line, 9, state="ringing"), {"live": True}),
        "Berlin": (add_call(line, 10, their_number="+4930901820"), {"their_number": "4930 90"}),
        "SIP": (add_call(line, 11, their_number="sip:al%ice@x.example"), {"their_number": "sip:al%"}),
        "first": (plain, {"started_before": NOON + timedelta(minutes=1)}),
        "last": (add_call(line, 12), {"started_from": NOON + timedelta(minutes=12)}),
    }
    assert {name: found(line, **which) for name, (_, which) in told.items()} == {
        name: [call] for name, (call, _) in told.items()
    }
    assert found(line, sip_codes=read_sip_codes("4xx"), direction="outbound") == []


@pytest.mark.parametrize("text", ["+4930", "4930", "+49 (30)", "49-30", "+49.30", " 49/30 "])
def test_a_number_is_found_however_it_is_written(line: Line, text: str) -> None:
    call = add_call(line, their_number="+4930901820")
    add_call(line, their_number="+4930")
    add_call(line, their_number="+4931")
    assert {each.their_number for each in found(line, their_number=text)} == {call.their_number, "+4930"}


def test_no_text_is_a_pattern(line: Line) -> None:
    add_call(line)
    assert [found(line, their_number=text) for text in ("%", "_1", "\\", "'")] == [[], [], [], []]


@pytest.mark.parametrize("text", ["", "7xx", "99", "1000", "4x", "xx", "\uff1486"])
def test_what_is_no_code_is_told(text: str) -> None:
    with pytest.raises(ValueError, match="Write a SIP code such as 486"):
        read_sip_codes(text)


def test_pages_lead_there_and_back(line: Line) -> None:
    calls = [add_call(line, minutes) for minutes in range(5)][::-1]
    with tenant_context(line.person.tenant):
        rows = calls_of(line.person.tenant)
        first = page_of(rows, size=2)
        second = page_of(rows, first.next, size=2)
        third = page_of(rows, second.next, size=2)
        back = page_of(rows, third.previous, size=2)
        start = page_of(rows, back.previous, size=2)
    assert [first.calls, second.calls, third.calls] == [calls[:2], calls[2:4], calls[4:]]
    assert (first.previous, third.next) == ("", "")
    assert (back, start.calls, start.previous) == (second, first.calls, "")


@pytest.mark.parametrize("cursor", ["x", "ä", "A" * 23, "bnVsbA", "!" * 24])
def test_a_cursor_that_cannot_be_read_is_the_first_page(line: Line, cursor: str) -> None:
    call = add_call(line)
    with tenant_context(line.person.tenant):
        assert page_of(calls_of(line.person.tenant), cursor).calls == [call]


def test_a_page_beyond_the_end_is_empty(line: Line) -> None:
    calls = [add_call(line, minutes) for minutes in range(3)]
    with tenant_context(line.person.tenant):
        rows = calls_of(line.person.tenant)
        cursor = page_of(rows, size=2).next
        calls[0].delete()
        assert (page_of(rows, cursor).calls, page_of(rows, cursor).previous) == ([], "")


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_takes_as_many_queries_however_long_it_is(line: Line, count: int) -> None:
    agents = [make_agent(line.person, f"Agent {n}") for n in range(count)]
    for minutes, agent in enumerate(agents):
        add_call(line, minutes, agent=agent, trunk=line.trunk, state="ringing")
    with tenant_context(line.person.tenant), CaptureQueriesContext(connection) as queries:
        page = page_of(live_calls_of(line.person.tenant))
        names = {
            (call.agent and call.agent.name, call.trunk and call.trunk.name, str(call.phone_number))
            for call in page.calls
        }
    assert (len(names), len(queries)) == (count, LIST_QUERIES)
