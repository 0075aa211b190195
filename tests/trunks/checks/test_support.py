"""Readiness checks at the support desk: started with a reason, read with their true causes, never edited."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from tenants.context import tenant_context
from tenants.models import AuditEvent, User
from tests.conftest import Person
from tests.tenants.test_admin import signed_in
from tests.trunks.checks.reports import make_report
from tests.trunks.conftest import make_trunk
from trunks.models import ReadinessCheck, Trunk

pytestmark = pytest.mark.django_db


@pytest.fixture
def trunk(alice: Person) -> Trunk:
    return make_trunk(alice, "Main line", "sip:203.0.113.5")


@pytest.fixture
def desk(alice: Person) -> Client:
    sam = User.objects.create_user("sam@callsphere.example", is_staff=True)
    return signed_in(sam, with_code=True)


def action(trunk: Trunk) -> str:
    return reverse("admin:trunks_trunk_check_line", args=[trunk.pk])


def test_support_starts_a_check_with_a_reason(desk: Client, alice: Person, trunk: Trunk) -> None:
    assert desk.get(action(trunk)).status_code == 200
    missing = desk.post(action(trunk), {"reason": "", "call": ""})
    assert (missing.status_code, missing.context["form"].errors) == (
        200,
        {"reason": ["This field is required."]},
    )
    wrong = desk.post(action(trunk), {"reason": "Ticket 7", "call": "911"})
    assert wrong.context["form"].errors == {"call": ["Emergency numbers are never called by a check."]}
    started = desk.post(action(trunk), {"reason": "Ticket 7", "call": "100"})
    with tenant_context(alice.tenant):
        check = ReadinessCheck.objects.get()
        event = AuditEvent.objects.get(verb="trunk.check_requested")
    assert started["Location"] == reverse("admin:trunks_readinesscheck_change", args=[check.pk])
    assert (check.requested_kind, check.requested_by, check.reason, check.call) == (
        "staff",
        "sam@callsphere.example",
        "Ticket 7",
        "100",
    )
    assert (event.actor_kind, event.reason) == ("staff", "Ticket 7")
    again = desk.post(action(trunk), {"reason": "Ticket 7", "call": ""})
    assert "This trunk is being checked." in again.content.decode()


def test_support_reads_the_true_cause(desk: Client, alice: Person, trunk: Trunk) -> None:
    hidden = ("fail", "address_refused", "db.example.com: 10.0.0.7: inside 10.0.0.0/8")
    check = make_report(alice, trunk, dns=hidden)
    url = reverse("admin:trunks_readinesscheck_change", args=[check.pk])
    html = desk.get(url).content.decode()
    assert "10.0.0.7: inside 10.0.0.0/8" in html
    assert "address_refused" in html


def test_the_result_reads_as_words_and_long_lines_wrap(desk: Client, alice: Person, trunk: Trunk) -> None:
    check = make_report(alice, trunk, hold=("fail", "hold_rejected", "488 Not Acceptable Here."))

    url = reverse("admin:trunks_readinesscheck_change", args=[check.pk])
    html = desk.get(url).content.decode()

    assert "Failed" in html
    assert "(&#x27;fail&#x27;" not in html
    assert "<pre>Readiness check of sip:203.0.113.5" in html
    assert "/css/support." in html


def test_support_edits_and_deletes_nothing(desk: Client, alice: Person, trunk: Trunk) -> None:
    check = make_report(alice, trunk)
    for name in ("change", "delete"):
        url = reverse(f"admin:trunks_readinesscheck_{name}", args=[check.pk])
        assert desk.post(url, {"post": "yes"}).status_code == 403
    with tenant_context(alice.tenant):
        assert ReadinessCheck.objects.count() == 1


def test_the_list_costs_the_same_for_one_and_three(desk: Client, alice: Person, trunk: Trunk) -> None:
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            answer: Any = desk.get(reverse("admin:trunks_readinesscheck_changelist"))
        assert answer.status_code == 200
        return len(captured)

    make_report(alice, trunk)
    queries()
    one = queries()
    make_report(alice, trunk)
    make_report(alice, make_trunk(alice, "Other", "sip:203.0.113.6"))
    assert queries() == one
