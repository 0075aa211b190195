"""What the support desk sees of incidents."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from callsphere.alerts.models import Incident
from tests.alerts.conftest import make_incident
from tests.conftest import Person
from tests.tenants.conftest import desk, sam

__all__ = ["desk", "sam"]
LIST = "admin:alerts_incident_changelist"


def found(desk: Client, query: str) -> bool:
    html = desk.get(reverse(LIST) + query).content.decode()
    return "Main line is down: no answer from the gateway" in html


@pytest.mark.parametrize(
    "query", ["", "?q=Main+line", "?q=no_answer", "?q=Acme", "?state=open", "?severity=critical"]
)
def test_it_is_found(desk: Client, incident: Incident, query: str) -> None:
    assert found(desk, query)


@pytest.mark.parametrize("query", ["?q=Globex", "?state=resolved", "?severity=warning"])
def test_others_are_not(desk: Client, incident: Incident, query: str) -> None:
    assert not found(desk, query)


def test_it_is_read_only(desk: Client, incident: Incident) -> None:
    url = reverse("admin:alerts_incident_change", args=[incident.pk])

    html = desk.get(url).content.decode()

    assert "trunk Main line (00000000-0000-0000-0000-000000000007)" in html
    assert "Nothing came back." in html
    assert desk.post(url, {"title": "changed"}).status_code == 403
    assert desk.get(reverse("admin:alerts_incident_add")).status_code == 403
    assert desk.post(reverse("admin:alerts_incident_delete", args=[incident.pk])).status_code == 403


def test_queries_do_not_grow_with_rows(alice: Person, desk: Client) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk.get(reverse(LIST))
        return len(captured)

    make_incident(alice, "1")
    desk.get(reverse(LIST))
    with_one = queries()
    for key in "23":
        make_incident(alice, key)

    assert queries() == with_one
