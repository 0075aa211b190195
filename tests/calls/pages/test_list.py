"""The log: calls in words, filters, pages, who is on the line."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.calls.listing import PAGE_SIZE
from callsphere.calls.models import Call
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.calls.conftest import Line
from tests.calls.pages.calls import NOON, address, answered, make_agent, make_call, say
from tests.conftest import Person
from tests.trunks.web.conftest import text_of


def page(person: Person, query: str = "", **headers: str) -> Any:
    return person.client().get(address("list", person) + query, headers=headers)


def read(person: Person, query: str = "") -> str:
    return text_of(page(person, query).content)


def states(person: Person, query: str) -> list[str]:
    return [row.call.outcome for row in page(person, query).context["rows"]]


def test_calls_are_in_words(line: Line) -> None:
    alice = line.person
    version = make_agent(alice).published
    assert version is not None
    make_call(alice)
    make_call(alice, at=NOON + timedelta(hours=1), **answered(version), trunk=line.trunk)

    text = read(alice)

    assert text.index("Answered by Front desk") < text.index("Missed after 14 s")
    assert "+1 212-555-0100" in text
    assert f"over {line.trunk.name}" in text
    assert "version 1" in text
    assert "2 min 14 s" in text
    assert "Nobody. Calls stand here as soon as they ring." in text


def test_an_empty_log_teaches(alice: Person, charlie: Person) -> None:
    text = read(charlie)
    assert "No calls yet" in text
    assert "Get a number" in text


def test_a_line_that_nobody_called_yet(line: Line, settings: Any) -> None:
    settings.TWILIO_BASE_URL = ""
    text = read(line.person)
    assert "Dial one of your numbers, and watch it come in." in text
    assert "Ring it" not in text


def test_where_the_double_answers_it_can_be_rung(line: Line, bob: Person, settings: Any) -> None:
    settings.TWILIO_BASE_URL = "http://127.0.0.1:1"
    assert "Ring it" in read(line.person)
    assert "Ring it" not in read(bob)


def test_filters(line: Line) -> None:
    alice = line.person
    agent = make_agent(alice)
    assert agent.published is not None
    make_call(alice, their_number="+4930901820", sip_code=486)
    make_call(alice, at=NOON + timedelta(days=1), **answered(agent.published), phone_number=line.number)
    queries = {
        "": ["agent", "missed"],
        "?their_number=49 30": ["missed"],
        "?outcome=agent": ["agent"],
        f"?agent={agent.pk}": ["agent"],
        f"?number={line.number.pk}": ["agent"],
        f"?trunk={line.trunk.pk}": [],
        "?code=4xx": ["missed"],
        "?code=200": ["agent"],
        "?since=2026-11-28": ["agent"],
        "?until=2026-11-27": ["missed"],
        "?shortest=134&longest=134": ["agent"],
        "?direction=outbound": [],
        "?outcome=nonsense&agent=nonsense&cursor=nonsense": ["agent", "missed"],
    }
    assert {query: states(alice, query) for query in queries} == queries


def test_what_is_typed_wrongly_is_said(alice: Person) -> None:
    make_call(alice)
    text = read(alice, "?code=abc&since=2026-11-28&until=2026-11-27")
    assert "Write a SIP code such as 486, or a class such as 4xx." in text
    assert "This is before the first day." in text


def test_nothing_fits(alice: Person) -> None:
    make_call(alice)
    assert "No call fits" in read(alice, "?outcome=busy")


def test_older_and_newer_pages_keep_the_filter(alice: Person) -> None:
    with tenant_context(alice.tenant):
        for number in range(PAGE_SIZE + 1):
            Call.objects.create(
                tenant=alice.tenant,
                direction="inbound",
                call_sid=f"CA{number:032}",
                state="ended",
                outcome="missed",
                started_at=NOON,
                ended_at=NOON,
            )

    first = page(alice, "?outcome=missed")
    assert first.context["newer_url"] == ""
    assert "outcome=missed" in first.context["older_url"]
    second = alice.client().get(first.context["older_url"])
    assert len(second.context["rows"]) == 1
    assert second.context["older_url"] == ""
    back = alice.client().get(second.context["newer_url"])
    assert [row.call.pk for row in back.context["rows"]] == [row.call.pk for row in first.context["rows"]]


def test_who_is_on_the_line_and_what_was_said_last(alice: Person, bob: Person) -> None:
    version = make_agent(alice).published
    assert version is not None
    call = make_call(alice, state="in_progress", agent=version.agent, version=version, answered_at=NOON)
    say(call, "How can I help?", "Are you open on Monday?")
    make_call(alice, at=NOON + timedelta(hours=1), state="ringing")

    text = read(alice)

    assert "Talking with Front desk" in text
    assert "Caller Are you open on Monday?" in text
    assert "Nothing yet" in text
    assert text.count("Hang up…") == 2
    assert "Hang up…" not in read(bob)


def test_only_what_changed_is_sent_again(alice: Person) -> None:
    make_call(alice, state="ringing")
    part = page(alice, HX_Request="true")
    seen = part.content.decode().partition('name="seen" value="')[2].partition('"')[0]
    assert part.status_code == 200
    assert page(alice, f"?seen={seen}", HX_Request="true").status_code == 204


def test_as_many_queries_for_one_call_as_for_three(line: Line) -> None:
    alice = line.person
    version = make_agent(alice).published
    assert version is not None
    client = alice.client()
    counts = []
    for number in range(3):
        at = NOON + timedelta(hours=number)
        make_call(alice, at=at, **answered(version, at=at), phone_number=line.number, trunk=line.trunk)
        live = make_call(
            alice, at=at, state="in_progress", agent=version.agent, version=version, phone_number=line.number
        )
        say(live, "Hello?")
        if number in (0, 2):
            client.get(address("list", alice))
            with CaptureQueriesContext(connection) as queries:
                client.get(address("list", alice))
            counts.append(len(queries))
    assert counts[0] == counts[1] == 27


@pytest.mark.parametrize("name", ["list", "charts", "ring"])
def test_a_stranger_finds_nothing(alice: Person, charlie: Person, name: str) -> None:
    assert charlie.client().get(address(name, alice)).status_code == 404


def test_days_are_those_of_the_organisations_clock(alice: Person) -> None:
    """The first of November 2026 has 25 hours in New York, and begins at four by UTC."""
    begins, second = datetime(2026, 11, 1, 4, tzinfo=UTC), timedelta(seconds=1)
    moments = [begins - second, begins, begins + timedelta(hours=25) - second, begins + timedelta(hours=25)]
    calls = [make_call(alice, at=moment) for moment in moments]
    with tenant_context(alice.tenant):
        Tenant.objects.update(time_zone="America/New_York")

    rows = page(alice, "?since=2026-11-01&until=2026-11-01").context["rows"]

    assert [row.call.pk for row in rows] == [calls[2].pk, calls[1].pk]
    assert "Days and times are those of America/New_York." in read(alice)
    assert page(alice, "?since=0001-01-01&until=9999-12-31").context["rows"][0].call.pk == calls[3].pk


def test_only_who_may_export_is_offered_the_file(alice: Person, bob: Person) -> None:
    make_call(alice)
    assert "Export as CSV" in read(alice)
    assert "Export as CSV" not in read(bob)
