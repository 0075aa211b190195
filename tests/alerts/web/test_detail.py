"""One incident, and ending it."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.urls import reverse

from callsphere.alerts.models import Incident
from callsphere.alerts.services import Recovery, Subject, resolve_incidents
from tenants.context import tenant_context
from tenants.enums import Role
from tests.alerts.conftest import NOON, WORKER, make_incident
from tests.conftest import Person, make_member
from tests.trunks.conftest import make_trunk


def address(person: Person, incident: Incident) -> str:
    return reverse("alerts:detail", kwargs={"tenant": person.tenant.slug, "incident_id": incident.pk})


def page(person: Person, incident: Incident) -> str:
    return person.client().get(address(person, incident)).content.decode()


def resolve(person: Person, incident: Incident, note: str = "Rebooted the router.") -> Any:
    return person.client().post(address(person, incident), {"note": note})


def test_cause_fix_and_side(alice: Person, incident: Incident) -> None:
    html = page(alice, incident)

    assert "<h1>Main line is down: no answer from the gateway</h1>" in html
    assert "The carrier does not answer" in html
    assert "What to change" in html
    assert "On your carrier" in html
    assert "Nothing came back." in html
    assert 'Main line <span class="text-muted">(deleted)</span>' in html


def test_it_leads_to_its_subject(alice: Person) -> None:
    trunk = make_trunk(alice, "Main line")
    incident = make_incident(alice, subject=Subject("trunk", trunk.pk, trunk.name))

    url = reverse("trunks:detail", kwargs={"tenant": alice.tenant.slug, "trunk_id": trunk.pk})
    assert f'<a class="link" href="{url}">Main line</a>' in page(alice, incident)


@pytest.mark.parametrize("role", [Role.ADMIN, Role.DEVELOPER])
def test_who_may_resolve_does(alice: Person, incident: Incident, role: Role) -> None:
    dana = make_member(alice.tenant, "dana@example.com", role)

    assert resolve(dana, incident)["Location"] == address(dana, incident)

    html = page(dana, incident)
    assert "Resolved by dana@example.com" in html
    assert "Rebooted the router." in html
    assert "Resolve the incident" not in html


def test_a_viewer_reads_only(bob: Person, incident: Incident) -> None:
    html = page(bob, incident)

    assert "Resolve the incident" not in html
    assert "It closes by itself when the trouble is over" in html
    assert resolve(bob, incident).status_code == 403
    with tenant_context(bob.tenant):
        assert Incident.objects.get().is_open


def test_a_note_is_needed(alice: Person, incident: Incident) -> None:
    response = resolve(alice, incident, "  ")

    assert response.status_code == 422
    assert "Say in a sentence what it was, or what was done." in response.content.decode()


def test_what_is_over_already_is_said(alice: Person, incident: Incident) -> None:
    with tenant_context(alice.tenant):
        recovery = Recovery(alice.tenant.pk, incident.key, "Up again: the gateway answers.")
        resolve_incidents(actor=WORKER, recoveries=[recovery], now=NOON)

    response = resolve(alice, incident)

    assert response.status_code == 422
    html = response.content.decode()
    assert "This incident is over already." in html
    assert "Up again: the gateway answers." in html
    assert "Over by itself" in html


def test_a_strangers_incident_is_not_found(alice: Person, charlie: Person, incident: Incident) -> None:
    assert charlie.client().get(address(alice, incident)).status_code == 404
    theirs = charlie.client().get(address(charlie, incident))
    nobodys = charlie.client().get(address(charlie, Incident(pk=uuid.uuid4())))
    assert (theirs.status_code, nobodys.status_code) == (404, 404)
    assert resolve(charlie, incident).status_code == 404


def test_the_audit_log_leads_here(alice: Person, incident: Incident) -> None:
    resolve(alice, incident)

    html = alice.client().get(reverse("tenants:audit", kwargs={"tenant": alice.tenant.slug})).content.decode()

    assert "resolved the incident" in html
    assert "Reason: Rebooted the router." in html
    assert address(alice, incident) in html
