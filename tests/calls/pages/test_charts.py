"""Calls as pictures, and what they are made of."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from callsphere.calls.figures import figures_of
from tenants.context import tenant_context
from tenants.models import Tenant
from tests.calls.pages.calls import NOON, address, answered, make_agent, make_call
from tests.conftest import Person
from tests.trunks.web.conftest import text_of

SECOND = timedelta(seconds=1)


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

    assert len(queries) == 4
    assert [row[0].day for row in figures.volume_rows()] == [23, 24, 25, 26, 27, 28, 29]
    assert [row[1:] for row in figures.volume_rows()[-3:]] == [[2, 2], [0, 1], [0, 0]]
    assert [row[1] for row in figures.rate_rows()[-3:]] == [50, 0, None]
    assert figures.code_names == ["2xx, taken", "480, 486, 487, 600, 603: nobody there"]
    assert figures.code_tones == ["ok", "idle"]
    assert [row[1:] for row in figures.code_rows()[-3:]] == [[2, 1], [0, 1], [0, 0]]
    assert (figures.calls, figures.answered_percent, figures.average_s, figures.talked_s) == (5, 40, 71, 142)
    assert [each for each in figures.lengths if each[1]] == [("under 10 s", 1), ("2 to 5 min", 1)]


@pytest.mark.parametrize(
    ("codes", "tones"),
    [
        ([200, 202], ["ok"]),
        ([480, 486, 487, 600, 603], ["idle"]),
        ([403, 404, 488, 604], ["warn"]),
        ([500, 503, 504], ["fail"]),
        ([503], ["fail"]),
        ([183, 302], ["info"]),
        ([503, 486, 404, 200], ["ok", "idle", "warn", "fail"]),
    ],
)
def test_a_colour_means_the_same_whatever_else_occurred(
    alice: Person, codes: list[int], tones: list[str]
) -> None:
    for code in codes:
        make_call(alice, sip_code=code)
    with tenant_context(alice.tenant):
        figures = figures_of(alice.tenant, 7, NOON)
    assert figures.code_tones == tones
    assert sum(figures.code_rows()[-1][1:]) == len(codes)


def test_what_is_older_is_not_counted(alice: Person) -> None:
    make_call(alice)
    with tenant_context(alice.tenant):
        counts = [figures_of(alice.tenant, days, NOON + timedelta(days=20)).calls for days in (7, 30)]
    assert counts == [0, 1]


def test_days_begin_by_the_organisations_clock(alice: Person) -> None:
    """The day on which clocks in New York go back has 25 hours, and begins at four by UTC."""
    begins = datetime(2026, 11, 1, 4, tzinfo=UTC)
    version = make_agent(alice).published
    assert version is not None
    for moment in (begins - SECOND, begins, begins + timedelta(hours=25) - SECOND):
        make_call(alice, at=moment, **answered(version, 10, at=moment))
    make_call(alice, at=begins + timedelta(hours=25))
    with tenant_context(alice.tenant):
        Tenant.objects.update(time_zone="America/New_York")
        tenant = Tenant.objects.get()
        figures = figures_of(tenant, 7, datetime(2026, 11, 3, 4, 59, tzinfo=UTC))

    assert figures.volume_rows()[0][0] == date(2026, 10, 27)
    assert figures.volume_rows()[4:] == [
        [date(2026, 10, 31), 1, 0],
        [date(2026, 11, 1), 2, 0],
        [date(2026, 11, 2), 0, 1],
    ]
    assert figures.talks == 3


def test_pictures_have_tables(alice: Person) -> None:
    a_few_calls(alice, at=timezone.now() - timedelta(days=2))

    html = alice.client().get(address("charts", alice) + "?days=30").content.decode()

    assert html.count("data-chart") == 3
    assert html.count('data-kind="bars"') == 2
    assert 'data-tone="idle">480, 486, 487, 600, 603: nobody there' in html
    text = text_of(html.encode())
    assert "Answered 40 %" in text
    assert "Average talk 1 min 11 s" in text
    assert "Agents at OpenAI 0.00 USD" in text
    assert "2 calls in which somebody" in text


def test_no_calls_no_pictures(alice: Person) -> None:
    html = alice.client().get(address("charts", alice) + "?days=nonsense").content.decode()
    assert "No calls in these days" in html
    assert "data-chart" not in html
