"""What the support desk sees of registrations, and does with them."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.tenants.conftest import desk, sam
from tests.trunks.conftest import make_trunk
from tests.trunks.registering import attempted, became, register
from trunks.models import Registration, RegistrationStatus

__all__ = ["desk", "sam"]
LIST = "admin:trunks_registration_changelist"


@pytest.fixture
def registration(alice: Person) -> Registration:
    return register(alice, make_trunk(alice, "Main line", "sip:203.0.113.5"))


def page_of(desk: Client, registration: Registration) -> str:
    return desk.get(reverse("admin:trunks_registration_change", args=[registration.pk])).content.decode()


@pytest.mark.parametrize(
    ("query", "is_there"),
    [
        ("", True),
        ("?q=clinic", True),
        ("?q=registrar.example.com", True),
        ("?q=Main+line", True),
        ("?q=Acme", True),
        ("?state=rejected", True),
        ("?q=elsewhere", False),
        ("?state=registered", False),
    ],
)
def test_it_is_found(
    desk: Client, alice: Person, registration: Registration, query: str, is_there: bool
) -> None:
    became(alice, registration, "rejected", cause="credentials_rejected", code=403, next_attempt_at=None)

    html = desk.get(reverse(LIST) + query).content.decode()

    assert ("clinic at registrar.example.com" in html) is is_there


def test_support_reads_the_true_cause_and_what_was_said(
    desk: Client, alice: Person, registration: Registration
) -> None:
    detail = "registrar.example.com: 10.0.0.7: inside 10.0.0.0/8"
    became(alice, registration, "unreachable", cause="address_refused", detail=detail, next_attempt_at=20)
    attempted(alice, registration, code=401, cause="credentials_rejected")

    html = page_of(desk, registration)

    assert "The address is one we never contact" in html
    assert detail in html
    assert "SIP/2.0 401 Unauthorized" in html
    assert "canary-secret-4711" not in html
    assert "acme" in html


def test_support_edits_and_deletes_nothing(desk: Client, registration: Registration) -> None:
    for name in ("change", "delete"):
        url = reverse(f"admin:trunks_registration_{name}", args=[registration.pk])
        assert desk.post(url, {"username": "changed"}).status_code == 403
    assert desk.get(reverse("admin:trunks_registration_add")).status_code == 403


def test_support_has_it_tried_with_a_reason(desk: Client, alice: Person, registration: Registration) -> None:
    became(alice, registration, "rejected", cause="credentials_rejected", code=403, next_attempt_at=None)
    url = reverse("admin:trunks_registration_register_at_once", args=[registration.pk])
    assert desk.post(url, {"reason": ""}).context["form"].errors == {"reason": ["This field is required."]}

    response = desk.post(url, {"reason": "Ticket 7"})

    assert response["Location"] == reverse("admin:trunks_registration_change", args=[registration.pk])
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="registration.requested")
        status = RegistrationStatus.objects.get()
    assert (event.actor_kind, event.reason) == ("staff", "Ticket 7")
    assert (status.state, status.next_attempt_at is not None) == ("registering", True)


def test_a_pause_is_respected(desk: Client, alice: Person, registration: Registration) -> None:
    with tenant_context(alice.tenant):
        Registration.objects.update(is_paused=True)
    url = reverse("admin:trunks_registration_register_at_once", args=[registration.pk])

    assert (
        "This registration is paused. Resume it first."
        in desk.post(url, {"reason": "Ticket 7"}).content.decode()
    )


def test_queries_do_not_grow_with_rows(desk: Client, alice: Person, registration: Registration) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk.get(reverse(LIST))
        return len(captured)

    queries()
    with_one = queries()
    for name in ("Second line", "Third line"):
        register(alice, make_trunk(alice, name, "sip:203.0.113.5"))

    assert queries() == with_one
