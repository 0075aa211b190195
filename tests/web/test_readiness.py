"""/livez, /readyz and /metrics."""

from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.db import connection
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from callsphere.calls.models import RealtimeSession
from callsphere.web import readiness
from tenants.context import platform_context, tenant_context
from tenants.mail.outbox import EmailBackend
from tenants.models import OutgoingMail
from tests import databases
from tests.conftest import Person
from tests.isolation.world import make_world
from tests.trunks.conftest import make_trunk
from tests.waiting import wait_until
from trunks import services
from trunks.models import GatewayHealth, RegistrationStatus

WORKERS = ("mail", "probes", "realtime", "registrations")


def test_livez_asks_nothing(client: Client) -> None:
    assert client.get("/livez").json() == {"status": "ok"}


@pytest.mark.django_db
def test_readyz_says_what_works(client: Client) -> None:
    # Redis may take longer for once than an answer waits for it.
    wait_until(lambda: client.get("/readyz").json()["checks"]["redis"] == "ok")
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json() == {
        "status": "ok",
        "checks": {"database": "ok", "migrations": "ok", "redis": "ok", **dict.fromkeys(WORKERS, "ok")},
    }


@pytest.mark.django_db
def test_without_redis_it_is_degraded_not_down(client: Client, settings: Settings) -> None:
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    response = client.get("/readyz")
    assert response.status_code == 200
    assert response.json()["checks"]["redis"] == "degraded"
    assert response.json()["status"] == "degraded"


@pytest.mark.django_db
def test_mails_that_nobody_sends_make_it_degraded(client: Client) -> None:
    EmailBackend().send_messages([EmailMessage("Hello", "Hi", to=["dana@example.com"])])
    assert client.get("/readyz").json()["checks"]["mail"] == "ok"
    with platform_context("let it lie"):
        OutgoingMail.objects.update(due_at=timezone.now() - timedelta(minutes=3))
    response = client.get("/readyz")
    assert (response.status_code, response.json()["status"]) == (200, "degraded")
    assert response.json()["checks"]["mail"] == "degraded"


@pytest.mark.django_db
def test_gateways_that_nobody_looks_at_make_it_degraded(client: Client, alice: Person) -> None:
    make_trunk(alice, "Main line", "sip:203.0.113.5")
    for ago_s, expected in ((60, "ok"), (120, "degraded")):
        with platform_context("let it lie"):
            GatewayHealth.objects.update(next_probe_at=timezone.now() - timedelta(seconds=ago_s))
        response = client.get("/readyz")
        assert (response.status_code, response.json()["checks"]["probes"]) == (200, expected)
    assert response.json()["status"] == "degraded"


@pytest.mark.django_db
def test_registrations_that_nobody_refreshes_make_it_degraded(client: Client, alice: Person) -> None:
    trunk = make_trunk(alice, "Main line", "sip:registrar.example.com")
    with tenant_context(alice.tenant):
        services.add_registration(
            tenant=alice.tenant,
            actor=alice.actor,
            trunk=trunk,
            registrar="sip:registrar.example.com",
            username="acme",
            account={"username": "acme", "secret": "first"},
        )
    assert client.get("/readyz").json()["checks"]["registrations"] == "ok"
    with platform_context("let it lie"):
        RegistrationStatus.objects.update(next_attempt_at=timezone.now() - timedelta(minutes=2))
    assert client.get("/readyz").json()["checks"]["registrations"] == "degraded"


@pytest.mark.django_db
def test_a_call_that_no_process_holds_degrades(client: Client) -> None:
    make_world("canaryacme")
    assert client.get("/readyz").json()["checks"]["realtime"] == "ok"
    with platform_context("let it wait"):
        RealtimeSession.objects.update(state="offered", due_at=timezone.now() - timedelta(minutes=1))
    assert client.get("/readyz").json()["checks"]["realtime"] == "degraded"


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_is_not_ready(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(readiness, "_seen_applied", [])
    name = connection.settings_dict["NAME"]
    with databases.owner_connection(name) as owner:
        row = owner.execute(
            "DELETE FROM django_migrations WHERE app = 'sessions' RETURNING id, app, name, applied"
        ).fetchone()
        try:
            response = client.get("/readyz")
        finally:
            owner.execute(
                "INSERT INTO django_migrations (id, app, name, applied)"
                " OVERRIDING SYSTEM VALUE VALUES (%s, %s, %s, %s)",
                row,
            )
    assert response.status_code == 503
    assert response.json()["checks"]["migrations"] == "failed"


def test_metrics_need_the_token_when_there_is_one(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = "a-token-for-prometheus"
    assert client.get("/metrics").status_code == 404
    response = client.get("/metrics", headers={"Authorization": "Bearer a-token-for-prometheus"})
    assert response.status_code == 200
    assert b"django_http_requests_total" in response.content


def test_metrics_without_a_token_stay_private_on_a_public_service(client: Client, settings: Settings) -> None:
    settings.METRICS_TOKEN = ""
    settings.SECURE = True
    assert client.get("/metrics").status_code == 404
