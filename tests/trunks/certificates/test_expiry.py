"""The end of certificates: told once for each stage, over when replaced or deleted."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone

from callsphere.alerts.models import Incident
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.certificates.papers import DAY, add_authority, add_client, make
from tests.trunks.conftest import make_trunk
from trunks import services
from trunks.certificates.expiry import watch_certificates
from trunks.certificates.summaries import ends_in

pytestmark = pytest.mark.django_db(transaction=True)

ROOT = make("Carrier root", is_authority=True)


def incidents(person: Person) -> list[tuple[str, str, int, bool]]:
    with tenant_context(person.tenant):
        rows = Incident.objects.order_by("opened_at")
        return [(row.kind, row.severity, row.count, row.is_open) for row in rows]


def test_each_stage_is_told_once(alice: Person) -> None:
    row = add_client(alice, *_papers(90))
    trunk = make_trunk(alice, "Line", "sip:sip.example.com;transport=tls")
    with tenant_context(alice.tenant):
        mine: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor}
        services.update_gateway(
            gateway=trunk.gateways.get(), expected_version=None, client_certificate_id=row.pk, **mine
        )
    now, kind = timezone.now(), "certificate_expiry"
    assert [watch_certificates(now + days * DAY) for days in (0, 59)] == [0, 0]
    assert [watch_certificates(now + days * DAY) for days in (61, 61, 70)] == [1, 0, 0]
    assert incidents(alice) == [(kind, "warning", 1, True)]
    assert [watch_certificates(now + days * DAY) for days in (84, 85)] == [1, 0]
    assert incidents(alice) == [(kind, "critical", 2, True)]
    assert [watch_certificates(now + days * DAY) for days in (91, 92)] == [1, 0]
    assert incidents(alice) == [(kind, "critical", 3, True)]
    with tenant_context(alice.tenant):
        incident = Incident.objects.get()
        assert incident.title == f"Client certificate “Us” expired on {row.not_after:%d %B %Y}"
        assert "sip:sip.example.com;transport=tls" in incident.detail
        assert (incident.subject_kind, incident.subject_id) == ("clientcertificate", row.pk)
        pem, key = _papers(90)
        services.update_client_certificate(
            certificate=row, expected_version=None, certificates=pem, private_key=key, **mine
        )
    assert incidents(alice) == [(kind, "critical", 3, False)]
    assert watch_certificates(now) == 0


def test_one_that_ends_soon_is_told_when_it_is_added(alice: Person) -> None:
    add_authority(alice, make("Short", is_authority=True, ends=20 * DAY).pem)
    assert incidents(alice) == [("certificate_expiry", "warning", 1, True)]
    assert watch_certificates(timezone.now()) == 0


def test_resolved_by_a_person_it_stays_so_until_the_next_stage(alice: Person) -> None:
    add_authority(alice, make("Short", is_authority=True, ends=20 * DAY).pem)
    with tenant_context(alice.tenant):
        Incident.objects.update(resolved_at=timezone.now(), resolution="closed")
    now = timezone.now()
    assert [watch_certificates(now + days * DAY) for days in (1, 2, 14)] == [0, 0, 1]
    assert [is_open for *_rest, is_open in incidents(alice)] == [False, True]


def test_deleting_it_ends_the_incident(alice: Person) -> None:
    row = add_authority(alice, make("Short", is_authority=True, ends=20 * DAY).pem)
    with tenant_context(alice.tenant):
        services.delete_authority(tenant=alice.tenant, actor=alice.actor, authority=row)
    assert incidents(alice) == [("certificate_expiry", "warning", 1, False)]


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (30 * DAY + timedelta(hours=1), "Expires in 30 days"),
        (DAY + timedelta(hours=1), "Expires in 1 day"),
        (timedelta(hours=3), "Expires within a day"),
        (timedelta(hours=-3), "Expired today"),
        (-2 * DAY - timedelta(hours=1), "Expired 2 days ago"),
    ],
)
def test_words_for_the_end(left: timedelta, words: str) -> None:
    now = timezone.now()
    assert ends_in(now + left, now) == words


def _papers(days: int) -> tuple[str, str]:
    paper = make("us.example.com", ROOT, ends=days * DAY)
    return paper.pem, paper.key
