"""Calls as pictures, and what they are made of."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callsphere.calls.figures import figures_of
from tenants.context import tenant_context
from tests.calls.pages.calls import NOON, address, answered, make_agent, make_call
from tests.conftest import Person
from tests.trunks.web.conftest import text_of


def a_few_calls(person: Person, at: Any = NOON) -> None:
    """Two that an agent took, two that were missed, the day after one that was busy, and one that goes on."""
    version = make_agent(person).published
    assert version is not None
    for seconds in (134, 8):
        make_call(person, at=at, **answered(version, seconds, at=at))
    make_call(person, at=at)
    make_call(person, at=at, sip_code=487)
    make_call(person, at=at + timedelta(days=1), outcome="busy", sip_code=486)
    make_call(person, at=at + timedelta(days=1), state="ringing")


def test_days_rates_codes_and_lengths(alice: Person) -> None:
    a_few_calls(alice)
    with tenant_context(alice.tenant), CaptureQueriesContext(connection) as queries:
        figures = figures_of(alice.tenant, 7, NOON + timedelta(days=2))

    assert len(queries) == 3
    assert [row[0].day for row in figures.volume_rows()] == [23, 24, 25, 26, 27, 28, 29]
    assert [row[1:] for row in figures.volume_rows()[-3:]] == [[2, 2], [0, 1], [0, 0]]
    assert [row[1] for row in figures.rate_rows()[-3:]] == [50, 0, None]
    assert figures.code_names == ["2xx, taken", "4xx, refused or nobody there"]
    assert [row[1:] for row in figures.code_rows()[-3:]] == [[2, 1], [0, 1], [0, 0]]
    assert (figures.calls, figures.answered_percent, figures.average_s, figures.talked_s) == (5, 40, 71, 142)
    assert [each for each in figures.lengths if each[1]] == [("under 10 s", 1), ("2 to 5 min", 1)]


def test_what_is_older_is_not_counted(alice: Person) -> None:
    make_call(alice)
    with tenant_context(alice.tenant):
        counts = [figures_of(alice.tenant, days, NOON + timedelta(days=20)).calls for days in (7, 30)]
    assert counts == [0, 1]


def test_pictures_have_tables(alice: Person) -> None:
    a_few_calls(alice, at=timezone.now() - timedelta(days=2))

    html = alice.client().get(address("charts", alice) + "?days=30").content.decode()

    assert html.count("data-chart") == 3
    assert html.count('data-kind="bars"') == 2
    assert "4xx, refused or nobody there" in html
    text = text_of(html.encode())
    assert "Answered 40 %" in text
    assert "Average talk 1 min 11 s" in text
    assert "2 calls in which somebody" in text


def test_no_calls_no_pictures(alice: Person) -> None:
    html = alice.client().get(address("charts", alice) + "?days=nonsense").content.decode()
    assert "No calls in these days" in html
    assert "data-chart" not in html
