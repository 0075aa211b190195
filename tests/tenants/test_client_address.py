"""Whose address counts behind proxies, and that nobody can make one up."""

import os
import subprocess
import sys
from typing import Any

import pytest
import structlog
from allauth.core.internal.httpkit import get_client_ip
from axes.helpers import get_client_ip_address
from django.http import HttpRequest, HttpResponse
from django.test import RequestFactory
from django_structlog.middlewares import RequestMiddleware
from pytest_django.fixtures import Settings

from callsphere.local.paths import ROOT
from tenants.client_address import ClientAddressMiddleware, forwarded_address
from tenants.context import tenant_context
from tenants.models import ApiKey
from tenants.queries import audit_events_of
from tests.conftest import Person

PEER, CLIENT, SPOOFED = "10.0.0.2", "203.0.113.5", "198.51.100.66"


@pytest.mark.parametrize(
    ("header", "proxies", "address"),
    [
        (CLIENT, 1, CLIENT),
        (f"{SPOOFED}, {CLIENT}", 1, CLIENT),
        (f"{SPOOFED},{CLIENT} , {PEER}", 2, CLIENT),
        (f"{CLIENT}:4711", 1, CLIENT),
        ("2001:db8::1", 1, "2001:db8::1"),
        ("[2001:DB8::1]:4711", 1, "2001:db8::1"),
        (f"::ffff:{CLIENT}", 1, CLIENT),
        (CLIENT, 0, None),
        (CLIENT, 2, None),
        ("", 1, None),
        (f"{CLIENT},", 1, None),
        (f"{CLIENT}, unknown", 1, None),
        (f"{CLIENT}, 203.0.113.999", 1, None),
        ("fe80::1%eth0", 1, None),
        ("[", 1, None),
    ],
)
def test_the_entry_of_the_outermost_proxy_counts(header: str, proxies: int, address: str | None) -> None:
    assert forwarded_address(header, proxies=proxies) == address


@pytest.mark.parametrize(("proxies", "seen"), [(0, PEER), (1, CLIENT)])
def test_every_reader_sees_the_same_address(settings: Settings, proxies: int, seen: str) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    read: dict[str, Any] = {}

    def answer(request: HttpRequest) -> HttpResponse:
        RequestMiddleware.bind_ip(request)
        read["log"] = structlog.contextvars.get_contextvars()["ip"]
        read["sign-in limits"] = get_client_ip(request)
        read["admin lock-out"] = get_client_ip_address(request)
        read["audit"] = request.META["REMOTE_ADDR"]
        return HttpResponse()

    with structlog.contextvars.bound_contextvars(ip=""):
        ClientAddressMiddleware(answer)(
            RequestFactory(REMOTE_ADDR=PEER).get(
                "/",
                headers={
                    "X-Forwarded-For": f"{SPOOFED}, {CLIENT}",
                    "X-Real-IP": SPOOFED,
                    "Client-IP": SPOOFED,
                    "Forwarded": f"for={SPOOFED}",
                },
            )
        )
    assert read == dict.fromkeys(("log", "sign-in limits", "admin lock-out", "audit"), seen)


@pytest.mark.parametrize(
    ("proxies", "header", "status"),
    [
        (0, CLIENT, 401),
        (1, CLIENT, 200),
        (1, f"{SPOOFED}, {CLIENT}", 200),
        (1, f"{CLIENT}, {SPOOFED}", 401),
        (1, "nonsense", 401),
        (2, f"{CLIENT}, {PEER}", 200),
        (2, CLIENT, 401),
    ],
)
def test_an_api_key_holds_for_the_clients_address(
    alice: Person, settings: Settings, proxies: int, header: str, status: int
) -> None:
    settings.TRUSTED_PROXY_COUNT = proxies
    api = alice.api()
    with tenant_context(alice.tenant):
        ApiKey.objects.update(allowed_networks=[f"{CLIENT}/32"])
    answer = api.get("/api/v1/trunks/", headers={"X-Forwarded-For": header}, REMOTE_ADDR=PEER)
    assert answer.status_code == status


def test_the_audit_log_names_the_clients_address(alice: Person, settings: Settings) -> None:
    settings.TRUSTED_PROXY_COUNT = 1
    answer = alice.api().post(
        "/api/v1/trunks/", {"name": "A"}, headers={"X-Forwarded-For": CLIENT}, REMOTE_ADDR=PEER
    )
    assert answer.status_code == 201
    with tenant_context(alice.tenant):
        assert audit_events_of(alice.tenant).get(verb="trunk.created").ip == CLIENT


def test_nothing_runs_before_it(settings: Settings) -> None:
    assert settings.MIDDLEWARE[0] == "tenants.client_address.ClientAddressMiddleware"


@pytest.mark.parametrize(
    ("behind", "count", "expected"),
    [("false", None, "0"), ("true", None, "1"), ("true", "0", "1"), ("true", "2", "2"), ("false", "1", "1")],
)
def test_behind_a_proxy_there_is_at_least_one(behind: str, count: str | None, expected: str) -> None:
    given = {} if count is None else {"TRUSTED_PROXY_COUNT": count}
    shown = subprocess.run(
        [sys.executable, "-c", "from callsphere import settings; print(settings.TRUSTED_PROXY_COUNT)"],
        env={**os.environ, "BEHIND_PROXY": behind, **given},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert shown.stdout == f"{expected}\n"
