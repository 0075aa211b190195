"""The list of incidents."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from callsphere.alerts.enums import Severity
from callsphere.alerts.services import Subject, resolve_incident
from tenants.context import tenant_context
from tenants.enums import Role
from tests.alerts.conftest import NOON, make_incident
from tests.conftest import Person, make_member
from tests.trunks.conftest import make_trunk


def address(person: Person) -> str:
    return reverse("alerts:list", kwargs={"tenant": person.tenant.slug})


def titles(person: Person, query: str = "") -> list[str]:
    return [row.incident.title for row in person.client().get(address(person) + query).context["rows"]]


def end(person: Person, key: str, minutes: int) -> None:
    """Open an incident and resolve it so many minutes after noon."""
    incident = make_incident(person, key, title=key)
    with tenant_context(person.tenant):
        resolve_incident(
            tenant=person.tenant,
            actor=person.actor,
            incident=incident,
            note="Done.",
            now=NOON + timedelta(minutes=minutes),
        )


def test_an_empty_list_teaches(alice: Person) -> None:
    html = alice.client().get(address(alice)).content.decode()

    assert "Nothing has gone wrong yet" in html
    assert "whose side it is on" in html


def test_states_causes_and_sides_are_in_words(alice: Person) -> None:
    make_incident(alice)

    html = alice.client().get(address(alice)).content.decode()

    assert "Main line is down: no answer from the gateway" in html
    assert 'data-state="fail"' in html
    assert "Critical" in html
    assert "open for" in html
    assert "On your carrier&#x27;s side" in html
    assert f'<a class="nav-link" href="{address(alice)}" aria-current="page">' in html


def test_open_ones_come_first_then_those_that_ended_last(alice: Person) -> None:
    end(alice, "ended early", 5)
    end(alice, "ended late", 90)
    make_incident(alice, "1", title="opened early")
    make_incident(alice, "2", title="opened late", now=NOON + timedelta(minutes=1))

    assert titles(alice) == ["opened late", "opened early", "ended late", "ended early"]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("?state=open", ["bad", "odd"]),
        ("?state=resolved", ["past"]),
        ("?severity=warning", ["odd"]),
        ("?severity=critical&state=open", ["bad"]),
        ("?kind=trunk_health", ["bad", "odd", "past"]),
        ("?state=nonsense", ["bad", "odd", "past"]),
        ("?cursor=nonsense", ["bad", "odd", "past"]),
    ],
)
def test_filters(alice: Person, query: str, expected: list[str]) -> None:
    make_incident(alice, "1", title="odd", severity=Severity.WARNING)
    make_incident(alice, "2", title="bad", now=NOON + timedelta(minutes=1))
    end(alice, "past", 5)

    assert titles(alice, query) == expected


def test_no_match_leads_back(alice: Person) -> None:
    make_incident(alice)

    html = alice.client().get(address(alice) + "?state=resolved").content.decode()

    assert "No incident fits" in html


def test_pages_follow_each_other(alice: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("callsphere.alerts.queries.page_of.__defaults__", ("", 1))
    make_incident(alice, "1", title="first")
    make_incident(alice, "2", title="second")
    end(alice, "third", 9)
    end(alice, "fourth", 8)
    browser = alice.client()

    seen, url = [], address(alice) + "?severity=critical"
    while url:
        response = browser.get(url)
        seen += [row.incident.title for row in response.context["rows"]]
        url = response.context["next_url"]

    assert seen == ["second", "first", "third", "fourth"]
    assert response.context["first_url"] == address(alice) + "?severity=critical"


def test_another_tenants_incident_is_not_listed(alice: Person, charlie: Person) -> None:
    make_incident(charlie)

    assert titles(alice) == []


def test_who_sees_no_trunks_sees_no_alerts(alice: Person) -> None:
    dana = make_member(alice.tenant, "dana@example.com", Role.BILLING)

    assert dana.client().get(address(dana)).status_code == 403
    assert address(dana) not in dana.client().get(f"/t/{dana.tenant.slug}/").content.decode()


def test_queries_are_the_same_for_one_and_three_incidents(alice: Person) -> None:
    browser = alice.client()

    def queries() -> int:
        browser.get(address(alice))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(address(alice)).status_code == 200
        return len(captured)

    def see(name: str) -> None:
        trunk = make_trunk(alice, name)
        make_incident(alice, name, subject=Subject("trunk", trunk.pk, name))

    see("One")
    with_one = queries()
    see("Two")
    see("Three")

    assert queries() == with_one
    assert with_one == 16
