"""A trunk's incident follows the states of its gateways."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from callsphere.alerts.models import Incident
from tenants.context import platform_context, tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import BUSY, NOON, OK, SILENT, answer_of, make_due, probe, set_policy
from trunks import services
from trunks.health.judging import claim_due, store_answers
from trunks.models import Gateway, GatewayHealth, Trunk

URIS = ("sip:203.0.113.5", "sip:203.0.113.6")


def quick_trunk(person: Person, name: str = "Main line", *uris: str) -> Trunk:
    """Make a trunk that believes every answer."""
    trunk = make_trunk(person, name, *(uris or URIS))
    set_policy(person, trunk, failures_to_down=1, successes_to_up=1)
    return trunk


def answers(*letters: str) -> Callable[[int], Any]:
    """Store these answers of the trunk's gateways, in the order in which they were made."""

    def at(minute: int) -> Any:
        with platform_context("test"):
            ids = list(Gateway.objects.order_by("created_at").values_list("pk", flat=True))
        return probe(dict(zip(ids, letters, strict=True)), NOON + timedelta(minutes=minute))

    return at


def incidents(person: Person) -> list[tuple[Any, ...]]:
    with tenant_context(person.tenant):
        return list(
            Incident.objects.order_by("created_at").values_list("severity", "title", "cause", "resolution")
        )


def test_a_trunk_that_falls_silent_opens_one_and_its_return_ends_it(alice: Person) -> None:
    trunk = quick_trunk(alice)
    answers(OK, OK)(0)
    assert incidents(alice) == []

    answers(SILENT, SILENT)(1)
    title = "Main line is down: no answer from 2 of 2 gateways"
    assert incidents(alice) == [("critical", title, "no_answer", "")]

    answers(OK, OK)(2)
    assert incidents(alice) == [("critical", title, "no_answer", "recovered")]
    with tenant_context(alice.tenant):
        incident = Incident.objects.get()
        assert (incident.key, incident.kind) == (f"trunk:{trunk.pk}:health", "trunk_health")
        assert (incident.subject_kind, incident.subject_id) == ("trunk", trunk.pk)
        assert (incident.opened_at, incident.resolved_at) == (
            NOON + timedelta(minutes=1),
            NOON + timedelta(minutes=2),
        )
        assert (incident.resolved_by, incident.note) == ("health checks", "Up again: 2 of 2 gateways answer.")
        events = AuditEvent.objects.filter(object_id=incident.pk).order_by("created_at")
        assert list(events.values_list("verb", flat=True)) == ["incident.opened", "incident.resolved"]


def test_the_incident_says_what_is_wrong_now(alice: Person) -> None:
    quick_trunk(alice)
    answers(OK, SILENT)(0)
    assert incidents(alice) == [
        ("warning", "Main line is impaired: no answer from 1 of 2 gateways", "no_answer", "")
    ]
    answers(SILENT, SILENT)(1)
    assert [each[0] for each in incidents(alice)] == ["critical"]
    answers(BUSY, BUSY)(2)
    assert incidents(alice) == [
        ("warning", "Main line is answering 503: 2 of 2 gateways", "carrier_overloaded", "")
    ]
    with tenant_context(alice.tenant):
        assert Incident.objects.get().count == 3


def test_a_streak_that_changes_nothing_opens_nothing(alice: Person) -> None:
    make_trunk(alice, "Main line", *URIS)
    answers(OK, OK)(0)
    answers(SILENT, SILENT)(1)
    answers(SILENT, SILENT)(2)
    assert incidents(alice) == []
    answers(SILENT, SILENT)(3)
    assert len(incidents(alice)) == 1


def test_an_address_that_we_refuse_reads_like_a_name_that_does_not_exist(alice: Person) -> None:
    trunk = quick_trunk(alice, "Main line", "sip:inside.example.com")
    make_due(NOON)
    claims = claim_due(NOON, 10)
    refused = [
        answer_of(claim, SILENT)._replace(cause="address_refused", detail="10.0.0.7") for claim in claims
    ]
    store_answers(refused, claimed_at=NOON, now=NOON)

    with tenant_context(alice.tenant):
        incident = Incident.objects.get(subject_id=trunk.pk)
    assert (incident.cause, incident.detail) == ("dns_not_found", "")
    assert incident.title == "Main line is down: host name of the gateway not found"


@pytest.mark.parametrize(
    ("do", "note"),
    [
        ("pause_trunk", "Paused: not checked."),
        ("pause_gateways", "Paused: all 2 gateways are switched off."),
        ("delete_gateways", "No gateway yet: add the carrier's address."),
        ("delete_trunk", "The trunk was deleted."),
    ],
)
def test_what_people_take_out_of_use_is_no_trouble_any_more(alice: Person, do: str, note: str) -> None:
    trunk = quick_trunk(alice)
    answers(SILENT, SILENT)(0)
    who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor}
    with tenant_context(alice.tenant):
        gateways = list(Gateway.objects.all())
        if do == "pause_trunk":
            services.update_trunk(**who, trunk=trunk, expected_version=None, is_enabled=False)
        elif do == "pause_gateways":
            for each in gateways:
                services.update_gateway(**who, gateway=each, expected_version=None, is_enabled=False)
        elif do == "delete_gateways":
            for each in gateways:
                services.delete_gateway(**who, gateway=each)
        else:
            services.delete_trunk(**who, trunk=trunk)
        incident = Incident.objects.get()
    assert (incident.resolution, incident.note) == ("recovered", note)


def test_a_trunk_whose_last_good_gateway_is_deleted_is_down(alice: Person) -> None:
    quick_trunk(alice)
    answers(OK, SILENT)(0)
    with tenant_context(alice.tenant):
        good = Gateway.objects.get(uri=URIS[0])
        services.delete_gateway(tenant=alice.tenant, actor=alice.actor, gateway=good)
    assert incidents(alice) == [
        ("critical", "Main line is down: no answer from the gateway", "no_answer", "")
    ]


def test_a_gateway_that_leads_elsewhere_keeps_the_incident_until_it_answers(alice: Person) -> None:
    quick_trunk(alice, "Main line", URIS[0])
    answers(SILENT)(0)
    with tenant_context(alice.tenant):
        gateway = Gateway.objects.get()
        services.update_gateway(
            tenant=alice.tenant, actor=alice.actor, gateway=gateway, expected_version=None, uri=URIS[1]
        )
        assert Incident.objects.get().is_open
    answers(OK)(1)
    with tenant_context(alice.tenant):
        assert Incident.objects.get().resolution == "recovered"


def test_an_outage_of_many_trunks_costs_as_much_as_one(alice: Person, charlie: Person) -> None:
    def queries(letter: str, minute: int) -> int:
        now = NOON + timedelta(minutes=minute)
        make_due(now)
        found = [answer_of(claim, letter) for claim in claim_due(now, 100)]
        with CaptureQueriesContext(connection) as captured:
            store_answers(found, claimed_at=now, now=now)
        return len(captured)

    quick_trunk(alice)
    queries(OK, 0)
    nothing_changed = queries(OK, 1)
    one_down, one_up = queries(SILENT, 2), queries(OK, 3)
    for person in (alice, charlie):
        for number in range(3):
            quick_trunk(person, f"T{number}")
    queries(OK, 4)

    # begin, the context, the statement, leaving the context, commit: incidents add nothing
    assert nothing_changed == 5
    assert queries(OK, 5) == nothing_changed
    # turns, trunks, worst gateways, and the incidents with their audit events in a savepoint
    assert (queries(SILENT, 6), queries(OK, 7)) == (one_down, one_up)
    assert (one_down, one_up) == (nothing_changed + 7, nothing_changed + 6)
    assert len(incidents(charlie)) == 3


@pytest.mark.django_db(transaction=True)
def test_two_workers_that_each_see_one_gateway_fall_see_the_trunk_fall(alice: Person) -> None:
    for number in range(5):
        trunk = quick_trunk(
            alice, f"T{number}", *(f"sip:198.51.100.{number}:{port}" for port in (5060, 5062))
        )
        make_due(NOON)
        claims = [claim for claim in claim_due(NOON, 100) if f"198.51.100.{number}:" in claim.uri]
        store_answers([answer_of(claim, OK) for claim in claims], claimed_at=NOON, now=NOON)
        make_due(NOON)
        claims = [claim for claim in claim_due(NOON, 100) if f"198.51.100.{number}:" in claim.uri]
        barrier = Barrier(2)

        def fall(claim: Any, barrier: Barrier = barrier) -> None:
            try:
                barrier.wait(60)
                store_answers([answer_of(claim, SILENT)], claimed_at=NOON, now=NOON)
            finally:
                connections.close_all()

        with ThreadPoolExecutor(2) as pool:
            list(pool.map(fall, claims))

        with tenant_context(alice.tenant):
            incident = Incident.objects.get(subject_id=trunk.pk)
            assert (incident.severity, incident.count) == ("critical", 2)


@pytest.mark.django_db(transaction=True)
def test_edits_and_answers_at_once_do_not_lock_each_other_out(alice: Person) -> None:
    trunk = quick_trunk(alice, "Main line", *(f"sip:198.51.100.{number}" for number in range(4)))
    barrier = Barrier(2)

    def edit(gateway_id: uuid.UUID) -> None:
        try:
            barrier.wait(60)
            with tenant_context(alice.tenant):
                services.delete_gateway(
                    tenant=alice.tenant, actor=alice.actor, gateway=Gateway.objects.get(pk=gateway_id)
                )
        finally:
            connections.close_all()

    with tenant_context(alice.tenant):
        ids = list(Gateway.objects.values_list("pk", flat=True))
    with ThreadPoolExecutor(1) as pool:
        for number, gateway_id in enumerate(ids):
            make_due(NOON)
            letter = SILENT if number % 2 else BUSY
            found = [answer_of(claim, letter) for claim in claim_due(NOON, 100)]
            editing = pool.submit(edit, gateway_id)
            barrier.wait(60)
            store_answers(found, claimed_at=NOON, now=NOON)
            editing.result(10)

    with tenant_context(alice.tenant):
        assert not GatewayHealth.objects.exists()
        assert [each.resolution for each in Incident.objects.filter(subject_id=trunk.pk)] == ["recovered"]
