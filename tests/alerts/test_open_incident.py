"""Something is seen to be wrong."""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import IntegrityError, connections, transaction

from callsphere.alerts.enums import Severity
from callsphere.alerts.models import Incident
from callsphere.alerts.services import Subject, open_incidents
from tenants.context import platform_context, tenant_context
from tenants.models import AuditEvent, Tenant
from tests.alerts.conftest import NOON, WORKER, make_incident, sighting_of
from tests.conftest import Person

LATER = NOON + timedelta(minutes=5)


def test_it_is_stored_as_it_was_seen(alice: Person, in_acme: Tenant) -> None:
    make_incident(alice)

    incident = Incident.objects.get()
    assert (incident.kind, incident.severity, incident.key) == ("trunk_health", "critical", "trunk:1")
    assert (incident.subject_kind, incident.subject_label) == ("trunk", "Main line")
    assert (incident.title, incident.cause) == ("Main line is down: no answer from the gateway", "no_answer")
    assert (incident.opened_at, incident.last_seen_at, incident.count) == (NOON, NOON, 1)
    assert (incident.is_open, incident.resolution, incident.note) == (True, "", "")


def test_opening_is_audited_once(alice: Person, in_acme: Tenant) -> None:
    first = make_incident(alice)
    make_incident(alice, now=LATER)

    event = AuditEvent.objects.get(verb="incident.opened")
    assert (event.object_id, event.object_label) == (
        first.pk,
        "Main line is down: no answer from the gateway",
    )
    assert (event.actor_kind, event.actor_label) == ("system", "health checks")


def test_the_same_key_counts_and_says_what_was_seen_last(alice: Person, in_acme: Tenant) -> None:
    first = make_incident(alice)
    second = make_incident(
        alice, now=LATER, severity=Severity.WARNING, title="Main line is answering 503", cause="", detail=""
    )

    incident = Incident.objects.get()
    assert (first.pk, second.pk) == (incident.pk, incident.pk)
    assert (incident.opened_at, incident.last_seen_at, incident.count) == (NOON, LATER, 2)
    assert (incident.severity, incident.title) == ("warning", "Main line is answering 503")
    assert (incident.cause, incident.detail) == ("", "")


def test_a_sighting_that_comes_late_does_not_turn_back_the_clock(alice: Person, in_acme: Tenant) -> None:
    make_incident(alice, now=LATER)
    make_incident(alice, now=NOON)

    incident = Incident.objects.get()
    assert (incident.opened_at, incident.last_seen_at, incident.count) == (LATER, LATER, 2)


def test_tenants_do_not_share_keys(alice: Person, charlie: Person) -> None:
    make_incident(alice)
    make_incident(charlie)

    with platform_context("test"):
        assert sorted(Incident.objects.values_list("tenant__name", "count")) == [
            ("Acme Dental", 1),
            ("Globex", 1),
        ]


def test_many_at_once_cost_as_much_as_one(
    alice: Person, charlie: Person, django_assert_num_queries: Any
) -> None:
    sightings = [sighting_of(person, f"trunk:{number}") for person in (alice, charlie) for number in range(5)]
    with platform_context("test"):
        # the savepoint and its end, the incidents, their audit events
        with django_assert_num_queries(4):
            open_incidents(actor=WORKER, sightings=[*sightings, sightings[0]], now=NOON)
        with django_assert_num_queries(3):
            open_incidents(actor=WORKER, sightings=sightings, now=LATER)

        assert sorted(Incident.objects.values_list("count", flat=True)) == [2] * 9 + [3]
        assert AuditEvent.objects.filter(verb="incident.opened").count() == 10
        found = {
            (each.tenant_id, each.object_id) for each in AuditEvent.objects.filter(verb="incident.opened")
        }
        assert found == set(Incident.objects.values_list("tenant_id", "pk"))


def test_nothing_seen_asks_nothing(alice: Person, in_acme: Tenant, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(0):
        assert open_incidents(actor=WORKER, sightings=[], now=NOON) == []


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"kind": "gizmo_lost"}, "no incidents of the kind 'gizmo_lost'"),
        ({"cause": "bad_luck"}, "no cause 'bad_luck' in the dictionary"),
        ({"key": ""}, "1 to 200 characters"),
        ({"key": "x" * 201}, "1 to 200 characters"),
    ],
)
def test_what_was_never_named_is_refused(
    alice: Person, in_acme: Tenant, changes: dict[str, Any], words: str
) -> None:
    with pytest.raises(ValueError, match=words):
        make_incident(alice, **changes)


def test_long_words_are_cut(alice: Person, in_acme: Tenant) -> None:
    subject = Subject("trunk", uuid.uuid4(), "n" * 300)
    make_incident(alice, title="t" * 300, detail="d" * 600, subject=subject)

    incident = Incident.objects.get()
    assert (len(incident.title), len(incident.detail), len(incident.subject_label)) == (200, 500, 254)


def test_the_database_keeps_the_rules(alice: Person, in_acme: Tenant) -> None:
    incident = make_incident(alice)
    rows = Incident.objects.filter(pk=incident.pk)
    broken: list[tuple[str, dict[str, Any]]] = [
        ("incident_severity_known", {"severity": "dire"}),
        ("incident_seen", {"count": 0}),
        ("incident_seen_since_opened", {"last_seen_at": NOON - timedelta(seconds=1)}),
        ("incident_resolved_whole", {"resolved_at": LATER}),
        ("incident_resolved_whole", {"resolution": "closed"}),
        ("incident_resolved_whole", {"resolution": "closed", "resolved_at": NOON - timedelta(seconds=1)}),
    ]
    for name, values in broken:
        with pytest.raises(IntegrityError, match=name), transaction.atomic():
            rows.update(**values)
    with pytest.raises(IntegrityError, match="incident_open_once"), transaction.atomic():
        Incident.objects.create(**{**rows.values().get(), "id": uuid.uuid4()})


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_once_make_one_incident(alice: Person) -> None:
    barrier = Barrier(2)

    def see(number: int) -> None:
        try:
            with tenant_context(alice.tenant):
                barrier.wait(60)
                make_incident(alice, now=NOON + timedelta(seconds=number))
        finally:
            connections.close_all()

    for times in range(1, 4):
        with ThreadPoolExecutor(2) as pool:
            list(pool.map(see, range(2)))
        with tenant_context(alice.tenant):
            assert Incident.objects.get().count == 2 * times
            assert AuditEvent.objects.filter(verb="incident.opened").count() == 1
