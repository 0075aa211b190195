"""What the support desk sees of trunks."""

import html
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest
from django.test import Client
from django.urls import reverse

from callsphere.alerts.services import Subject
from tenants.context import platform_context, tenant_context
from tests.alerts.conftest import make_incident
from tests.conftest import Person
from tests.tenants.conftest import desk, sam
from tests.trunks.checks.reports import make_report
from tests.trunks.conftest import make_trunk
from tests.trunks.registering import register
from tests.trunks.watching import NOON, OK, SILENT, probe
from trunks.admin import DigestCredentialInline, StateFilter, TrunkAdmin
from trunks.models import DigestCredential, Gateway, Trunk
from trunks.queries import trunks_of
from trunks.services import add_credential, add_gateway, update_gateway

__all__ = ["desk", "sam"]
pytestmark = pytest.mark.django_db


def rows_of_desk(state: str = "") -> dict[str, tuple[str, object, int]]:
    desk = TrunkAdmin(Trunk, admin.site)
    request = HttpRequest()
    with platform_context("test"):
        chosen = StateFilter(request, {"state": [state]} if state else {}, Trunk, desk)
        rows = chosen.queryset(request, desk.get_queryset(request))
        return {row.name: (desk.state(row)[0], desk.since(row), desk.gateway_count(row)) for row in rows}


def test_the_state_is_the_one_that_the_customer_sees(alice: Person) -> None:
    make_trunk(alice, "Half off", "sip:a.example.com", "sip:b.example.com")
    make_trunk(alice, "Up", "sip:c.example.com")
    make_trunk(alice, "Empty")
    with tenant_context(alice.tenant):
        gateways = {gateway.host: gateway for gateway in Gateway.objects.all()}
        # the disabled one does not count: the other is all there is
        update_gateway(
            tenant=alice.tenant,
            actor=alice.actor,
            gateway=gateways["b.example.com"],
            expected_version=None,
            is_enabled=False,
        )
    probe({gateways["a.example.com"].pk: SILENT, gateways["c.example.com"].pk: OK}, NOON)
    with tenant_context(alice.tenant):
        trunks = list(trunks_of(alice.tenant))
    assert rows_of_desk() == {
        each.name: (each.state, each.state_since, each.gateway_count) for each in trunks
    }
    assert {name: row[0] for name, row in rows_of_desk().items()} == {
        "Half off": "down",
        "Up": "up",
        "Empty": "unknown",
    }
    assert list(rows_of_desk("down")) == ["Half off"]


def test_a_trunk_leads_to_all_that_is_known_of_it(desk: Client, alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    other = make_trunk(alice, "Other line", "sip:203.0.113.6")
    for each in (trunk, other):
        register(alice, each)
        make_report(alice, each)
        make_incident(alice, each.name, subject=Subject("trunk", each.pk, each.name))
    page = desk.get(reverse("admin:trunks_trunk_change", args=[trunk.pk])).content.decode()
    shown = {}
    for model in ("trunks_registration", "trunks_readinesscheck", "alerts_incident"):
        address = reverse(f"admin:{model}_changelist")
        query = html.unescape(page.partition(f'"{address}?')[2].partition('"')[0])
        shown[model] = list(desk.get(f"{address}?{query}").context["cl"].result_list)

    assert [row.trunk for row in shown["trunks_registration"]] == [trunk]
    assert [row.trunk for row in shown["trunks_readinesscheck"]] == [trunk]
    assert [row.subject_id for row in shown["alerts_incident"]] == [trunk.pk]


def test_a_line_that_takes_no_call_is_not_green(alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    probe(OK, NOON)
    with tenant_context(alice.tenant):
        Trunk.objects.update(authentication=["digest"])
    desk = TrunkAdmin(Trunk, admin.site)
    with platform_context("test"):
        row = desk.get_queryset(HttpRequest()).get(pk=trunk.pk)
        told = (desk.state(row), desk.state_in_words(row), str(desk.problems(row)))
    assert told == (
        ("unready", "Up, not ready"),
        "Up, but its calls are refused · add the user name and password",
        (
            "<p><strong>Its calls are refused.</strong> This trunk works with a user name and a password,"
            " and has none yet. Our checks do without them.</p>"
            "<p>What to do: Add the user name and password.</p>"
            "<p>On the customer&#x27;s side · on the Access page</p>"
        ),
    )


def test_a_password_says_whom_it_is_for_and_why_it_was_cleared(alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    who: dict[str, Any] = {"tenant": alice.tenant, "actor": alice.actor, "trunk": trunk}
    inline = DigestCredentialInline(Trunk, admin.site)

    def told() -> str:
        with platform_context("test"):
            return inline.password(DigestCredential.objects.get())

    with tenant_context(alice.tenant):
        stored = add_credential(**who, direction="outbound", username="acme", secret="first")
    assert told() == f"set {stored.secret_set_at:%Y-%m-%d %H:%M} UTC, for 203.0.113.5 alone"
    with tenant_context(alice.tenant):
        add_gateway(**who, uri="sip:203.0.113.6", clear_secrets=True)
    assert told() == "cleared, because a gateway was added at another host"
