"""Registrations that go out through a proxy of the operator's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from callsphere.sip.check.plan import Plan
from callsphere.sip.check.registration_run import RegistrationReport, RegistrationRun
from callsphere.sip.check_cli import run_to_the_end
from callsphere.sip.digest import Credentials
from callsphere.sip.uri import parse_gateway_uri
from tests.sip.carriers.audit import audit
from tests.sip.carriers.laboratory import PASSWORD, USER, Carrier, serving
from tests.sip.dns_server import DnsServer
from tests.sip.pinging import LOOPBACK

CHALLENGE = 'realm="carrier.example", nonce="n1", qop="auth"'


def register(proxy: str, **changes: Any) -> RegistrationReport:
    plan = Plan(
        "sip:registrar.example",
        credentials=Credentials(USER, PASSWORD),
        username=USER,
        timeout=60.0,
        policy=LOOPBACK,
        outbound_proxy=parse_gateway_uri(proxy),
        **changes,
    )
    return run_to_the_end(RegistrationRun(plan).run())


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_the_registrar_is_named_and_the_proxy_gets_the_request(transport: str, tmp_path: Path) -> None:
    proxy = Carrier(challenge=CHALLENGE)
    with serving(proxy, transport) as uri:
        report = register(uri, refreshes=1)
    assert (report.verdict, report.cause) == ("pass", None)
    requests = proxy.of("REGISTER")
    assert len(requests) == 4  # challenged, signed, refreshed, removed
    assert {each.uri for each in requests} == {"sip:registrar.example"}
    suffix = "" if transport == "udp" else f";transport={transport}"
    assert {each.get("route") for each in requests} == {f"<sip:127.0.0.1:{proxy.port}{suffix};lr>"}
    assert {each.get("to") for each in requests} == {f"<sip:{USER}@registrar.example>"}
    audit(proxy)


def test_a_proxy_that_cannot_be_found_is_said_so() -> None:
    with DnsServer() as dns:
        report = register("sip:edge.example:5060", nameservers=[dns.address])
    assert (report.verdict, report.cause) == ("fail", "dns_not_found")
    assert "edge.example" in report.outcome.detail
