"""A trunk's incident of its registration: opened when calls stop coming in, ended when they come again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.alerts.models import Incident
from callsphere.alerts.services import resolve_incident
from tenants.context import platform_context, tenant_context
from tenants.models import AuditEvent
from tests.peers import free_port
from tests.sip.carriers.laboratory import PASSWORD
from tests.trunks.bindings.test_registrar import Registrar, Scene, _no_limit, engine, scene, serving
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.bindings.incidents import Finding, follow_registrations
from trunks.bindings.wording import Known
from trunks.enums import RegistrationState as State
from trunks.models import Registration

__all__ = ["_no_limit", "engine", "scene"]
HOUR = 3600


def incidents(scene: Scene) -> list[tuple[Any, ...]]:
    with tenant_context(scene.alice.tenant):
        rows = Incident.objects.order_by("created_at")
        return list(rows.values_list("severity", "title", "cause", "resolution", "note"))


def test_a_wrong_password_opens_one_and_the_right_one_ends_it(scene: Scene) -> None:
    with serving(Registrar()) as uri:
        registration = scene.add(uri, secret="wrong one")
        scene.work()
        title = f"{scene.trunk.name} is refused registration: user name or password is wrong"
        assert incidents(scene) == [("critical", title, "credentials_rejected", "", "")]
        scene.work(120)
        assert len(incidents(scene)) == 1
        credential = registration.credential
        scene.do(services.update_credential, credential=credential, expected_version=None, secret=PASSWORD)
        scene.work()
    assert incidents(scene) == [("critical", title, "credentials_rejected", "recovered", "Registered again.")]
    with tenant_context(scene.alice.tenant):
        incident = Incident.objects.get()
        assert (incident.kind, incident.key) == ("registration", f"trunk:{scene.trunk.pk}:registration")
        assert (incident.subject_kind, incident.subject_id) == ("trunk", scene.trunk.pk)
        events = AuditEvent.objects.filter(object_id=incident.pk).order_by("created_at")
        assert list(events.values_list("verb", flat=True)) == ["incident.opened", "incident.resolved"]


def test_a_silent_registrar_is_trouble_once_the_binding_is_gone(scene: Scene) -> None:
    with serving(Registrar()) as uri:
        scene.add(uri)
        scene.work()
    scene.work(HOUR / 2)
    assert (scene.status.state, incidents(scene)) == ("unreachable", [])
    while scene.status.expires_at and scene.status.expires_at > scene.now:
        scene.work(300)
    (found,) = incidents(scene)
    assert (found[0], found[2], found[3]) == ("critical", "connect_refused", "")
    assert found[1] == f"{scene.trunk.name} cannot register: connection refused by the registrar"
    scene.work(300)
    with tenant_context(scene.alice.tenant):
        assert Incident.objects.get().count == 1


def test_a_wait_that_outlasts_the_binding_is_trouble_at_once(scene: Scene) -> None:
    """Nobody asks again before the carrier has forgotten us, so nobody else would notice."""
    carrier = Registrar()
    with serving(carrier) as uri:
        scene.add(uri)
        scene.work()
        carrier.refusals = [("503 Service Unavailable", "Retry-After: 60\r\n")]
        scene.work(HOUR / 2)
        assert (scene.status.state, incidents(scene)) == ("throttled", [])
        carrier.refusals = [("503 Service Unavailable", "Retry-After: 3600\r\n")]
        scene.work(70)
        assert [each[0] for each in incidents(scene)] == ["critical"]
        scene.work(HOUR * 1.2)
    assert [each[3] for each in incidents(scene)] == ["recovered"]


def test_a_person_who_has_resolved_it_is_not_told_again(scene: Scene) -> None:
    scene.add(f"sip:127.0.0.1:{free_port()}")
    scene.work()
    with tenant_context(scene.alice.tenant):
        resolve_incident(
            tenant=scene.alice.tenant, actor=scene.alice.actor, incident=Incident.objects.get(), note="known"
        )
    scene.work(300)
    assert scene.status.failures == 2
    assert [each[3] for each in incidents(scene)] == ["closed"]


def test_one_that_ran_out_while_nobody_looked(scene: Scene) -> None:
    with serving(Registrar()) as uri:
        scene.add(uri)
        scene.work()
        scene.work(2 * HOUR)
    title = f"{scene.trunk.name} is no longer registered: it was not refreshed in time"
    assert incidents(scene) == [("critical", title, "", "recovered", "Registered again.")]


def test_a_refusal_while_the_carrier_still_has_it_is_a_warning(scene: Scene) -> None:
    carrier = Registrar()
    with serving(carrier) as uri:
        scene.add(uri)
        scene.work()
        carrier.refusals.append(("404 Not Found", ""))
        scene.work(HOUR / 2)
        assert [(each[0], each[2], each[3]) for each in incidents(scene)] == [
            ("warning", "registration_rejected", "")
        ]
        scene.work(60)
    assert [each[3] for each in incidents(scene)] == ["recovered"]


def pause(scene: Scene, registration: Registration) -> None:
    scene.do(services.pause_registration, registration=registration)


def delete(scene: Scene, registration: Registration) -> None:
    scene.do(services.delete_registration, registration=registration)


def disable_trunk(scene: Scene, registration: Registration) -> None:
    scene.do(services.update_trunk, trunk=scene.trunk, expected_version=None, is_enabled=False)


def delete_trunk(scene: Scene, registration: Registration) -> None:
    scene.do(services.delete_trunk, trunk=scene.trunk)


@pytest.mark.parametrize(
    ("edit", "note"),
    [
        (pause, "The registration was paused."),
        (disable_trunk, "The registration was paused."),
        (delete, "The registration was deleted."),
        (delete_trunk, "The registration was deleted."),
    ],
)
def test_what_is_not_wanted_any_more_is_no_trouble(
    scene: Scene, edit: Callable[[Scene, Registration], None], note: str
) -> None:
    registration = scene.add(f"sip:127.0.0.1:{free_port()}")
    scene.work()
    assert [each[3] for each in incidents(scene)] == [""]

    edit(scene, registration)

    assert [each[3:] for each in incidents(scene)] == [("recovered", note)]


def test_a_refused_address_reads_like_a_name_that_does_not_exist(scene: Scene) -> None:
    known = Known(State.UNREACHABLE, since=scene.now, cause="address_refused")
    with platform_context("test"):
        found = Finding(scene.alice.tenant.pk, scene.trunk.pk, known, "10.0.0.7 is inside 10.0.0.0/8")
        follow_registrations([found], scene.now)
    with tenant_context(scene.alice.tenant):
        incident = Incident.objects.get()
    assert (incident.title, incident.cause, incident.detail) == (
        f"{scene.trunk.name} cannot register: host name of the registrar not found",
        "dns_not_found",
        "",
    )


def test_many_cost_what_one_costs(scene: Scene) -> None:
    trunks = [scene.trunk, *(make_trunk(scene.alice, f"Line {number}") for number in range(2))]

    def queries(count: int) -> int:
        known = Known(State.UNREACHABLE, since=scene.now, cause="no_answer")
        found = [Finding(scene.alice.tenant.pk, trunk.pk, known) for trunk in trunks[:count]]
        with platform_context("test"), CaptureQueriesContext(connection) as captured:
            follow_registrations(found, scene.now)
        return len(captured)

    assert queries(1) == queries(3)
