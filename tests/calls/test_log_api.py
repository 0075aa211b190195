"""The log of calls through the API: lists, one call in full, days, files, and hanging up."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from agents.models import AgentVersion, ToolInvocation
from callsphere.calls import exporting
from callsphere.calls.models import (
    Call,
    CallLeg,
    CallNote,
    RealtimeSession,
    TranscriptLine,
    VoiceMessage,
)
from tenants.context import tenant_context
from tenants.models import AuditEvent, Tenant
from tests.agents.conftest import make_agent, make_tool, publish
from tests.calls.conftest import CALLER, NUMBER, Line
from tests.calls.test_listing import NOON, add_call

pytestmark = pytest.mark.django_db
ADDRESS = "/api/v1/calls/"
LIST_QUERIES = 16
FULL_QUERIES = 19


def reader(line: Line) -> APIClient:
    return line.person.api("calls:read", "calls:export")


def found(line: Line, query: str = "") -> list[str]:
    response = reader(line).get(f"{ADDRESS}{query}")
    assert response.status_code == 200, response.json()
    return [each["id"] for each in response.json()["results"]]


def add_session(call: Call, version: AgentVersion, cost: str | None) -> None:
    """Give a call a session that used something."""
    with tenant_context(call.tenant):
        RealtimeSession.objects.create(
            tenant=call.tenant, call=call, version=version, usage={"total_tokens": 9}, cost=cost
        )


def hang_parts(line: Line, call: Call, count: int) -> None:
    """Give a call some of everything, said and done a second apart."""
    tool = make_tool(line.person)
    for number in range(count):
        at = NOON + timedelta(seconds=number)
        agent = make_agent(line.person, f"Agent {number}")
        version = publish(line.person, agent)
        of_call: dict[str, Any] = {"tenant": line.person.tenant, "call": call}
        with tenant_context(line.person.tenant):
            CallLeg.objects.create(
                **of_call, call_sid=f"CA{number}", kind="agent", target="sip:a.example", started_at=at
            )
            CallNote.objects.create(**of_call, key=f"{number}", text=f"Note {number}", noted_at=at)
            TranscriptLine.objects.create(
                **of_call, item_id=f"{number}", speaker="agent", text=f"Line {number}", said_at=at
            )
            VoiceMessage.objects.create(**of_call, recording_sid=f"RE{number}", duration_s=7)
            RealtimeSession.objects.create(**of_call, version=version, usage={"total_tokens": number})
            ToolInvocation.objects.create(
                tenant=line.person.tenant,
                tool=tool,
                kind="call",
                outcome="ok",
                ended_at=at,
                reference=str(call.pk),
            )


def test_a_call_as_the_list_shows_it(line: Line) -> None:
    agent = make_agent(line.person)
    version = publish(line.person, agent)
    call = add_call(
        line, agent=agent, version=version, talked_s=12, sip_code=200, price="0.00850", price_unit="USD"
    )
    add_session(call, version, cost="0.10720000")

    (shown,) = reader(line).get(ADDRESS).json()["results"]

    assert shown == {
        "id": str(call.pk),
        "started_at": "2026-03-01T12:00:00Z",
        "answered_at": None,
        "ended_at": "2026-03-01T12:00:00Z",
        "direction": "inbound",
        "state": "ended",
        "outcome": "missed",
        "hung_up_by": "",
        "our_number": NUMBER,
        "their_number": CALLER,
        "phone_number_id": str(line.number.pk),
        "trunk_id": None,
        "agent_id": str(agent.pk),
        "agent_name": agent.name,
        "agent_version": 1,
        "talked_s": 12,
        "sip_code": 200,
        "error_code": None,
        "cause": "",
        "verstat": "",
        "price": "0.00850",
        "price_unit": "USD",
        "call_sid": call.call_sid,
        "ai_cost": "0.107200",
        "ai_cost_currency": "USD",
    }


def test_filters_narrow_the_list(line: Line) -> None:
    agent = make_agent(line.person)
    calls = {
        "sip_code=486": add_call(line, 0, sip_code=486),
        "sip_code=5xx": add_call(line, 1, sip_code=503),
        "their_number=4930": add_call(line, 2, their_number="+4930901820"),
        f"phone_number_id={line.own.pk}": add_call(line, 3, phone_number=line.own),
        f"agent_id={agent.pk}": add_call(line, 4, agent=agent),
        f"trunk_id={line.trunk.pk}": add_call(line, 5, trunk=line.trunk),
        "direction=outbound": add_call(line, 6, direction="outbound"),
        "outcome=busy": add_call(line, 7, outcome="busy"),
        "live=true": add_call(line, 8, state="ringing"),
        "shortest_s=5&longest_s=9": add_call(line, 9, talked_s=7),
        "started_from=2026-03-01T12:10:00Z&started_before=2026-03-01T12:11:00Z": add_call(line, 10),
    }
    assert {query: found(line, f"?{query}") for query in calls} == {
        query: [str(call.pk)] for query, call in calls.items()
    }
    assert len(found(line, "?live=false&started_from=1900-01-01T00:00:00Z")) == len(calls)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("sip_code=7xx", "sip_code"),
        ("outcome=nice", "outcome"),
        ("shortest_s=-1", "shortest_s"),
        ("started_from=yesterday", "started_from"),
        ("agent_id=1", "agent_id"),
        ("their_number=%00", "their_number"),
        ("cursor=nonsense", "cursor"),
        ("page_size=0", "page_size"),
        ("caller=1", "caller"),
    ],
)
def test_what_cannot_be_asked_is_told(line: Line, query: str, field: str) -> None:
    response = reader(line).get(f"{ADDRESS}?{query}")
    assert response.status_code == 400
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_pages_lead_there_and_back(line: Line) -> None:
    ids = [str(add_call(line, minutes).pk) for minutes in range(3)][::-1]
    api = reader(line)
    first = api.get(f"{ADDRESS}?page_size=2&direction=inbound").json()
    second = api.get(first["next"]).json()
    assert [each["id"] for each in (*first["results"], *second["results"])] == ids
    assert (first["previous"], second["next"]) == (None, None)
    assert api.get(second["previous"]).json()["results"] == first["results"]


@pytest.mark.parametrize("count", [1, 3])
def test_a_list_takes_as_many_queries_however_long_it_is(line: Line, count: int) -> None:
    for number in range(count):
        agent = make_agent(line.person, f"Agent {number}")
        add_call(line, number, agent=agent, version=publish(line.person, agent), trunk=line.trunk)
    api = reader(line)
    api.get(ADDRESS)
    with CaptureQueriesContext(connection) as queries:
        assert len(api.get(ADDRESS).json()["results"]) == count
    assert len(queries) == LIST_QUERIES


@pytest.mark.parametrize("count", [1, 3])
def test_a_call_in_full(line: Line, count: int) -> None:
    call = add_call(line, sip_code=486, cause="busy", because=["It is a Sunday."], sent_to="+14155550199")
    hang_parts(line, call, count)
    api = reader(line)
    api.get(ADDRESS)

    with CaptureQueriesContext(connection) as queries:
        shown = api.get(f"{ADDRESS}{call.pk}/").json()

    assert len(queries) == FULL_QUERIES
    assert (shown["because"], shown["sent_to"]) == (["It is a Sunday."], "+14155550199")
    assert shown["network_cause"] == {"value": 17, "name": "User busy"}
    assert (shown["explanation"]["code"], bool(shown["explanation"]["fix"])) == ("busy", True)
    assert [leg["call_sid"] for leg in shown["legs"]] == [f"CA{n}" for n in range(count)]
    assert [note["text"] for note in shown["notes"]] == [f"Note {n}" for n in range(count)]
    assert [line["text"] for line in shown["transcript"]] == [f"Line {n}" for n in range(count)]
    assert [each["duration_s"] for each in shown["voice_messages"]] == [7] * count
    assert [each["usage"]["total_tokens"] for each in shown["sessions"]] == list(range(count))
    assert [each["outcome"] for each in shown["tools"]] == ["ok"] * count


def test_a_call_that_went_well_needs_no_explanation(line: Line) -> None:
    call = add_call(line, sip_code=200)
    shown = reader(line).get(f"{ADDRESS}{call.pk}/").json()
    assert (shown["explanation"], shown["network_cause"]) == (None, None)


# Hanging up


def test_a_call_is_hung_up_once(line: Line) -> None:
    live, over = add_call(line, state="in_progress"), add_call(line, 1)
    api = line.person.api("calls:read", "calls:write")
    answers = [api.post(f"{ADDRESS}{call.pk}/hang-up/") for call in (live, over)]
    assert [answer.status_code for answer in answers] == [202, 409]
    with tenant_context(line.person.tenant):
        live.refresh_from_db()
        assert (live.end_reason, live.end_due_at is not None) == ("asked", True)
        assert AuditEvent.objects.filter(verb="call.hung_up").count() == 1


def test_who_may_only_read_hangs_up_nothing(line: Line) -> None:
    call = add_call(line, state="in_progress")
    assert reader(line).post(f"{ADDRESS}{call.pk}/hang-up/").status_code == 403
    assert line.person.api("trunks:read").get(ADDRESS).status_code == 403
    with tenant_context(line.person.tenant):
        call.refresh_from_db()
    assert call.end_reason == ""


# Days


def summary(line: Line, query: str = "") -> Any:
    response = reader(line).get(f"{ADDRESS}summary/{query}")
    return response.json() if response.status_code == 200 else (response.status_code, response.json())


def test_days_are_summed_up_where_they_begin(line: Line) -> None:
    calls = [
        add_call(line, 0, outcome="agent", sip_code=200, talked_s=10),
        add_call(line, 1, outcome="agent", sip_code=200, talked_s=30),
        add_call(line, 2, outcome="busy", sip_code=486),
        # half past eleven at night, in Berlin the next day
        add_call(line, 11 * 60 + 30, outcome="missed", sip_code=487),
    ]
    add_call(line, 3, state="ringing")

    version = publish(line.person, make_agent(line.person))
    for call, cost in zip(calls, ("0.1", "0.02500001", None, "0.5"), strict=True):
        add_session(call, version, cost)

    of_utc = summary(line, "?from=2026-03-01&to=2026-03-02")
    of_berlin = summary(line, "?from=2026-03-01&to=2026-03-02&time_zone=Europe/Berlin")

    assert of_utc == {
        "time_zone": "UTC",
        "days": [
            {
                "day": "2026-03-01",
                "calls": 5,
                "answered": 2,
                "answered_percent": 50.0,
                "by_outcome": {"agent": 2, "busy": 1, "missed": 1},
                "by_sip_class": {"2xx": 2, "4xx": 2},
                "median_s": 20.0,
                "p95_s": 29.0,
                "ai_cost": "0.625000",
            },
            {
                "day": "2026-03-02",
                "calls": 0,
                "answered": 0,
                "answered_percent": None,
                "by_outcome": {},
                "by_sip_class": {},
                "median_s": None,
                "p95_s": None,
                "ai_cost": "0.000000",
            },
        ],
    }
    assert [day["calls"] for day in of_berlin["days"]] == [4, 1]
    assert [day["ai_cost"] for day in of_berlin["days"]] == ["0.125000", "0.500000"]


def test_a_week_unless_asked_otherwise(line: Line) -> None:
    days = summary(line)["days"]
    assert (len(days), days[-1]["day"]) == (7, datetime.now(UTC).date().isoformat())


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("?from=2026-01-01&to=2026-04-03", "from"),
        ("?from=2026-01-02&to=2026-01-01", "from"),
        ("?from=x", "from"),
        ("?to=0001-01-01", "to"),
        ("?time_zone=../etc/passwd", "time_zone"),
        ("?outcome=busy", "outcome"),
    ],
)
def test_days_that_cannot_be_summed_up(line: Line, query: str, field: str) -> None:
    status, problem = summary(line, query)
    assert (status, [error["field"] for error in problem["errors"]]) == (400, [field])


def test_ninety_two_days_are_summed_up(line: Line) -> None:
    assert len(summary(line, "?from=2026-01-01&to=2026-04-02")["days"]) == 92


# Files


def exported(line: Line, query: str = "") -> list[dict[str, str]]:
    response: Any = reader(line).get(f"{ADDRESS}export/{query}")
    assert (response.status_code, response.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")
    assert response.headers["Content-Disposition"].endswith('.csv"')
    return list(csv.DictReader(io.StringIO(b"".join(response).decode())))


def test_calls_are_exported_in_portions_and_told_to_the_audit_log(line: Line, monkeypatch: Any) -> None:
    monkeypatch.setattr(exporting, "_PORTION", 2)
    calls = [add_call(line, minutes, outcome="busy") for minutes in range(5)][::-1]
    add_call(line, 9)

    rows = exported(line, "?outcome=busy")

    assert [row["id"] for row in rows] == [str(call.pk) for call in calls]
    assert (rows[0]["their_number"], rows[0]["started_at"]) == (CALLER, "2026-03-01T12:04:00+00:00")
    with tenant_context(line.person.tenant):
        event = AuditEvent.objects.get(verb="calls.exported")
    assert event.changes == {"outcome": [None, "busy"]}


def test_the_file_says_what_agents_cost(line: Line) -> None:
    version = publish(line.person, make_agent(line.person))
    for minutes, cost in enumerate(("0.1072", None)):
        add_session(add_call(line, minutes), version, cost)
    add_call(line, 2)
    assert [(row["ai_cost"], row["ai_cost_currency"]) for row in exported(line)] == [
        ("", ""),
        ("", ""),
        ("0.107200", "USD"),
    ]


def test_no_cell_is_a_formula(line: Line) -> None:
    add_call(line, their_number="=cmd|' /C calc'!A0", our_number="+1+cmd|x", verstat="-1")
    (row,) = exported(line)
    assert (row["their_number"], row["our_number"], row["verstat"]) == (
        "'=cmd|' /C calc'!A0",
        "'+1+cmd|x",
        "'-1",
    )


def test_who_is_read_only_may_take_their_calls_along(line: Line) -> None:
    add_call(line)
    with tenant_context(line.person.tenant):
        Tenant.objects.update(read_only_reason="A payment failed.")
    assert len(exported(line)) == 1


def test_whoever_may_look_may_not_take_everything_along(line: Line) -> None:
    add_call(line)
    assert line.person.api("calls:read").get(f"{ADDRESS}export/").status_code == 403
    assert line.person.api("calls:export").get(ADDRESS).status_code == 403


def test_a_wrong_filter_exports_nothing(line: Line) -> None:
    response = reader(line).get(f"{ADDRESS}export/?sip_code=x")
    assert response.status_code == 400
    with tenant_context(line.person.tenant):
        assert not AuditEvent.objects.filter(verb="calls.exported").exists()
