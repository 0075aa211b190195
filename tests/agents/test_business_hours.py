"""Business hours as people send them."""

from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import ValidationError

from agents import services
from agents.models import BusinessHours
from callsphere.lib.errors import Refused, VersionConflict
from tenants.models import AuditEvent, Tenant
from tests.agents.conftest import make_agent, make_hours, make_number, make_route, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def entry(opens: Any = "09:00", closes: Any = "17:00", day: str = "monday") -> dict[str, Any]:
    return {"day": day, "opens": opens, "closes": closes}


def test_kept_in_order_and_told_in_the_log(alice: Person, in_acme: Tenant) -> None:
    make_hours(
        alice,
        weekly=[entry("13:00", "24:00"), entry(day="tuesday"), entry("08:00", "12:00")],
        holidays=[
            {"date": "2027-12-24", "name": "Christmas Eve", "opens": "09:00", "closes": "12:00"},
            {"date": "2027-01-01", "name": "New Year"},
        ],
    )
    stored = BusinessHours.objects.get()
    assert stored.weekly == [entry("08:00", "12:00"), entry("13:00", "24:00"), entry(day="tuesday")]
    assert stored.holidays == [
        {"date": "2027-01-01", "name": "New Year", "opens": None, "closes": None},
        {"date": "2027-12-24", "name": "Christmas Eve", "opens": "09:00", "closes": "12:00"},
    ]
    assert AuditEvent.objects.get(verb="business_hours.created").changes["time_zone"] == [
        None,
        "America/New_York",
    ]


@pytest.mark.parametrize(
    ("fields", "field", "code"),
    [
        ({"time_zone": "New York"}, "time_zone", "time_zone"),
        ({"time_zone": "../etc/passwd"}, "time_zone", "time_zone"),
        ({"weekly": {}}, "weekly", "list"),
        ({"weekly": [entry(day="mon")]}, "weekly", "entry"),
        ({"weekly": [{**entry(), "extra": 1}]}, "weekly", "entry"),
        ({"weekly": [entry("9:00")]}, "weekly", "time"),
        ({"weekly": [entry("²²:00")]}, "weekly", "time"),
        ({"weekly": [entry(closes="24:01")]}, "weekly", "time"),
        ({"weekly": [entry(opens=9)]}, "weekly", "time"),
        ({"weekly": [entry("22:00", "06:00")]}, "weekly", "order"),
        ({"weekly": [entry(), entry("16:00", "18:00")]}, "weekly", "overlap"),
        ({"weekly": [entry(f"{n:02}:00", f"{n:02}:30") for n in range(7)]}, "weekly", "max_length"),
        ({"holidays": [{"date": "1 January", "name": "New Year"}]}, "holidays", "date"),
        ({"holidays": [{"date": "2027-01-01", "name": ""}]}, "holidays", "name"),
        ({"holidays": [{"date": "2027-01-01", "name": "A", "opens": "09:00"}]}, "holidays", "times"),
        ({"holidays": [{"date": "2027-01-01", "name": "A"}] * 2}, "holidays", "twice"),
        ({"name": " "}, "name", "blank"),
    ],
)
def test_wrong_fields_are_named(
    alice: Person, in_acme: Tenant, fields: dict[str, Any], field: str, code: str
) -> None:
    with pytest.raises(ValidationError) as refused:
        make_hours(alice, **fields)
    assert [(name, each[0].code) for name, each in refused.value.error_dict.items()] == [(field, code)]


def test_edits_name_their_version(alice: Person, in_acme: Tenant) -> None:
    hours = make_hours(alice)
    who: dict[str, Any] = {"tenant": in_acme, "actor": alice.actor, "hours": hours}
    assert services.edit_hours(**who, expected_version=1, weekly=[]).weekly == []
    with pytest.raises(VersionConflict):
        services.edit_hours(**who, expected_version=1, name="Other")


def test_not_deleted_while_a_route_looks_at_them(alice: Person, in_acme: Tenant) -> None:
    hours, agent = make_hours(alice), make_agent(alice)
    publish(alice, agent)
    route = make_route(alice, make_number(alice), agent, hours_id=hours.pk)
    who: dict[str, Any] = {"tenant": in_acme, "actor": alice.actor}
    with pytest.raises(Refused, match=r"\+1 415-555-0101"):
        services.delete_hours(**who, hours=hours)
    services.edit_route(**who, route=route, expected_version=1, hours_id=None)
    services.delete_hours(**who, hours=hours)
    assert not BusinessHours.objects.exists()
