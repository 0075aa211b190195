"""What is said of gateways that no worker looks at any more: never that all is well."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.contrib import admin
from django.http import HttpRequest
from django.utils import timezone

from callsphere.web import formats
from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.watching import NOON, OK, SILENT, probe, set_policy
from tests.trunks.web.conftest import page, text_of
from trunks.admin import GatewayInline, TrunkAdmin
from trunks.enums import HealthState
from trunks.health.history import state_spans
from trunks.health.incidents import follow_trunks
from trunks.health.rollup import roll_up
from trunks.models import Gateway, GatewayHealth, Trunk
from trunks.queries import gateway_headline_of, gateways_of, headline_of, trunks_of, verdict_of

pytestmark = pytest.mark.django_db
HOURS = timedelta(hours=6)


@pytest.fixture
def then() -> datetime:
    """When the prober died."""
    return timezone.now() - HOURS


@pytest.fixture
def trunk(alice: Person, then: datetime) -> Trunk:
    """A line that was up when it was last looked at, six hours ago."""
    made = make_trunk(alice, "Main line", "sip:203.0.113.5")
    probe(OK, then)
    roll_up(timezone.now())
    return made


def due(person: Person, at: datetime) -> None:
    """Let the next check of every gateway have been due at this moment."""
    with tenant_context(person.tenant):
        GatewayHealth.objects.update(next_probe_at=at)


@pytest.mark.parametrize("name", ["detail", "list", "gateway-detail"])
def test_pages_say_for_how_long(alice: Person, trunk: Trunk, name: str) -> None:
    with tenant_context(alice.tenant):
        gateway = Gateway.objects.get()
    names = {"detail": {"trunk": trunk}, "gateway-detail": {"trunk": trunk, "gateway_id": gateway.pk}}

    text = text_of(alice.client().get(page(name, alice, **names.get(name, {}))).content)

    lasting = formats.duration(HOURS.total_seconds())
    assert f"Not checked for {lasting} " in text
    assert "up until then" in text
    assert "the gateway answers" not in text
    assert "100 % until " in text


def test_the_dashboard_does_not_call_it_working(alice: Person, trunk: Trunk) -> None:
    text = text_of(alice.client().get(f"/t/{alice.tenant.slug}/").content)

    assert "Your line is not being checked" in text
    with tenant_context(alice.tenant):
        headline, counts = verdict_of(alice.tenant)
    assert (headline.looks, counts) == ("warn", {"up": 1})


def test_the_api_keeps_the_state_and_says_since_when(alice: Person, trunk: Trunk, then: datetime) -> None:
    body: Any = alice.api().get(f"/api/v1/trunks/{trunk.pk}/health/").json()

    assert (body["state"], body["headline"]) == ("up", "Not checked · up until then")
    for part in (body, *body["gateways"]):
        assert datetime.fromisoformat(part["unchecked_since"]) == then


def test_the_support_desk_sees_it_too(alice: Person, trunk: Trunk, then: datetime) -> None:
    desk = TrunkAdmin(Trunk, admin.site)
    with platform_context("test"):
        row = desk.get_queryset(HttpRequest()).get(pk=trunk.pk)
        gateway = Gateway.objects.select_related("health").get()
        told = (desk.state(row), desk.state_in_words(row), GatewayInline(Trunk, admin.site).state(gateway))
    since = f"Not checked since {then:%Y-%m-%d %H:%M:%S} UTC · up until then"
    assert told == (("unready", "Not checked, up until then"), since, since)


def test_the_strip_is_not_green_where_nobody_looked(alice: Person, trunk: Trunk, then: datetime) -> None:
    now = timezone.now()
    with tenant_context(alice.tenant):
        (spans,) = state_spans([Gateway.objects.get().pk], now - 2 * HOURS, now).values()
    assert [(span.start, span.end, span.state) for span in spans if span.start >= then] == [
        (then, now, HealthState.UNKNOWN)
    ]


@pytest.mark.parametrize(("late_s", "told"), [(60, "Up"), (120, "Not checked")])
def test_a_little_late_is_no_reason_to_worry(alice: Person, trunk: Trunk, late_s: int, told: str) -> None:
    due(alice, timezone.now() - timedelta(seconds=late_s))
    with tenant_context(alice.tenant):
        GatewayHealth.objects.update(checked_at=timezone.now() - timedelta(seconds=late_s + 30))
        assert headline_of(trunks_of(alice.tenant).get()).label == told


def test_what_is_put_off_again_and_again_is_not_checked_either(alice: Person, trunk: Trunk) -> None:
    """It is due in a moment, as it has been for six hours: our machine lacks what it takes to ask."""
    due(alice, timezone.now() + timedelta(seconds=5))
    with tenant_context(alice.tenant):
        assert headline_of(trunks_of(alice.tenant).get()).label == "Not checked"
        assert gateway_headline_of(gateways_of(trunk).get()).label == "Not checked"


@pytest.mark.parametrize("interval_s", [15, 3600])
def test_what_is_checked_seldom_by_its_policy_is_checked(
    alice: Person, trunk: Trunk, interval_s: int
) -> None:
    """An hour, or five minutes for what is down for long, and a tenth more by chance."""
    set_policy(alice, trunk, interval_s=interval_s)
    longest = timedelta(seconds=max(interval_s, 300) * 1.1)
    due(alice, timezone.now() - timedelta(seconds=30))
    with tenant_context(alice.tenant):
        GatewayHealth.objects.update(checked_at=timezone.now() - longest - timedelta(seconds=30))
        assert headline_of(trunks_of(alice.tenant).get()).label == "Up"
        assert gateway_headline_of(gateways_of(trunk).get()).label == "Up"


def test_the_strip_stays_grey_where_nobody_had_looked(alice: Person, trunk: Trunk, then: datetime) -> None:
    """The prober was away for hours, and is back."""
    back = then + timedelta(hours=4)
    for moment in (back, back + timedelta(seconds=30)):
        probe(OK, moment)
    now = back + timedelta(minutes=1)
    with tenant_context(alice.tenant):
        (spans,) = state_spans([Gateway.objects.get().pk], then, now).values()
    grey = [span for span in spans if span.state == HealthState.UNKNOWN and span.start >= then]
    (gap,) = [span for span in grey if span.end - span.start > timedelta(minutes=10)]
    assert then <= gap.start <= then + timedelta(minutes=10)
    assert back - timedelta(minutes=10) <= gap.end <= back


def test_what_was_never_checked_or_is_paused_is_told_as_before(alice: Person, then: datetime) -> None:
    make_trunk(alice, "New", "sip:203.0.113.6")
    due(alice, then)
    with tenant_context(alice.tenant):
        GatewayHealth.objects.update(since=then)
        assert headline_of(trunks_of(alice.tenant).get()).label == "Not checked yet"
        Trunk.objects.update(is_enabled=False)
        assert headline_of(trunks_of(alice.tenant).get()).label == "Paused"


def test_an_incident_tells_what_the_answers_said(alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", "sip:203.0.113.5")
    probe(SILENT, NOON)
    due(alice, timezone.now() - HOURS)
    with platform_context("test"):
        follow_trunks({trunk.pk}, NOON)
    titles = [each["title"] for each in alice.api().get("/api/v1/incidents/").json()["results"]]
    assert titles == ["Main line is down: no answer from the gateway"]
