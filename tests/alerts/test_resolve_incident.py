"""An incident is over."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from callsphere.alerts.models import Incident
from callsphere.alerts.services import Recovery, resolve_incident, resolve_incidents
from callsphere.lib.errors import Refused
from tenants.context import platform_context
from tenants.models import AuditEvent, Tenant
from tests.alerts.conftest import NOON, WORKER, make_incident
from tests.conftest import Person

LATER = NOON + timedelta(minutes=5)


def resolve(person: Person, incident: Incident, note: str = "Rebooted the router.") -> Incident:
    return resolve_incident(tenant=person.tenant, actor=person.actor, incident=incident, note=note, now=LATER)


def test_a_person_says_why(alice: Person, incident: Incident, in_acme: Tenant) -> None:
    resolve(alice, incident, "  Rebooted\n the router. ")

    stored = Incident.objects.get()
    assert (stored.is_open, stored.resolved_at, stored.resolution) == (False, LATER, "closed")
    assert (stored.resolved_by, stored.note) == ("alice@example.com", "Rebooted the router.")
    event = AuditEvent.objects.get(verb="incident.resolved")
    assert (event.object_id, event.reason) == (stored.pk, "Rebooted the router.")


@pytest.mark.parametrize(
    ("note", "code"),
    [("", "required"), (" \n ", "required"), ("x" * 251, "max_length"), ("a\x07b", "control")],
)
def test_a_note_is_a_sentence(
    alice: Person, incident: Incident, in_acme: Tenant, note: str, code: str
) -> None:
    with pytest.raises(ValidationError) as caught:
        resolve(alice, incident, note)
    assert [(name, error[0].code) for name, error in caught.value.error_dict.items()] == [("note", code)]
    assert Incident.objects.get().is_open


def test_what_is_over_is_not_resolved_again(alice: Person, incident: Incident, in_acme: Tenant) -> None:
    resolve(alice, incident)
    with pytest.raises(Refused, match=r"resolved by alice@example\.com already") as caught:
        resolve(alice, incident, "Once more.")
    assert caught.value.code == "already_resolved"
    assert Incident.objects.get().note == "Rebooted the router."


def test_what_is_seen_again_is_a_new_incident(alice: Person, incident: Incident, in_acme: Tenant) -> None:
    resolve(alice, incident)
    again = make_incident(alice, now=LATER)

    assert again.pk != incident.pk
    assert list(Incident.objects.values_list("resolution", "count")) == [("", 1), ("closed", 1)]


def test_the_product_ends_what_is_over(
    alice: Person, charlie: Person, django_assert_num_queries: Any
) -> None:
    for person in (alice, charlie):
        for key in ("trunk:1", "trunk:2"):
            make_incident(person, key)
    recoveries = [Recovery(each.tenant.pk, "trunk:1", "Up again.") for each in (alice, charlie)]
    with platform_context("test"):
        with django_assert_num_queries(4):
            ended = resolve_incidents(actor=WORKER, recoveries=recoveries, now=LATER)
        assert {each.key for each in ended} == {"trunk:1"}
        assert Incident.objects.filter(resolved_at=None).count() == 2
        over = Incident.objects.filter(tenant=alice.tenant, key="trunk:1").get()
        assert (over.resolved_at, over.resolution) == (LATER, "recovered")
        assert (over.resolved_by, over.note) == ("health checks", "Up again.")
        events = AuditEvent.objects.filter(verb="incident.resolved")
        assert sorted(events.values_list("tenant_id", "reason")) == sorted(
            (each.tenant.pk, "Up again.") for each in (alice, charlie)
        )
        with django_assert_num_queries(3):
            assert resolve_incidents(actor=WORKER, recoveries=recoveries, now=LATER) == []


def test_an_end_never_lies_before_the_beginning(alice: Person, in_acme: Tenant) -> None:
    make_incident(alice, now=LATER)
    resolve_incidents(actor=WORKER, recoveries=[Recovery(in_acme.pk, "trunk:1", "Up.")], now=NOON)
    assert Incident.objects.get().resolved_at == LATER
