"""Reports as workers would have stored them."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

from callsphere.sip.causes import CAUSES
from callsphere.sip.check.report import STEPS
from tenants.context import tenant_context
from tests.conftest import Person
from trunks.checks.checking import worst
from trunks.models import Gateway, ReadinessCheck, Trunk

Told = tuple[str, str | None, str]
"""Result, cause and detail of a step."""

INVITE = (
    "INVITE sip:+14155550123@203.0.113.5 SIP/2.0\r\nVia: SIP/2.0/UDP 198.51.100.1:5060;branch=z9hG4bK1\r\n"
    "From: <sip:+14155550100@203.0.113.5>;tag=a\r\nTo: <sip:+14155550123@203.0.113.5>\r\n"
    "Call-ID: 7a1b-call\r\nCSeq: 1 INVITE\r\nContact: <sip:acme@198.51.100.1:5060>\r\n"
    "Content-Length: 0\r\n\r\n"
)


def step(name: str, told: Told = ("pass", None, "200 OK.")) -> dict[str, Any]:
    """A step as `sip check` prints it."""
    result, code, detail = told
    cause = CAUSES[code] if code else None
    return {
        "name": name,
        "result": result,
        "cause": code,
        "detail": detail,
        "fix": cause.fix if cause else None,
        "who": cause.who if cause else None,
        "ms": 12,
        "target": "203.0.113.5:5060/udp",
    }


def message(at_ms: int, direction: str, summary: str, text: str, method: str) -> dict[str, Any]:
    """A message of a trace."""
    return {
        "at_ms": at_ms,
        "direction": direction,
        "summary": summary,
        "text": text,
        "peer": "203.0.113.5:5060/udp",
        "method": method,
    }


TRACE = [
    message(0, "sent", "OPTIONS", "OPTIONS sip:203.0.113.5 SIP/2.0\r\nCall-ID: 1\r\n\r\n", "OPTIONS"),
    message(3, "received", "200 OK", "SIP/2.0 200 OK\r\nCall-ID: 1\r\n\r\n", "OPTIONS"),
    message(5, "sent", "INVITE", INVITE, "INVITE"),
    message(9, "received", "200 OK", "SIP/2.0 200 OK\r\nCall-ID: 7a1b-call\r\n\r\n", "INVITE"),
]


def make_report(
    person: Person,
    trunk: Trunk,
    *,
    at: datetime | None = None,
    kind: str = "user",
    call: str = "+14155550123",
    **told: Told,
) -> ReadinessCheck:
    """Store a finished check of all the trunk's gateways, in which all went well but what is told."""
    at = at or timezone.now()
    steps = [step(name, told[name]) if name in told else step(name) for name in STEPS]
    verdict = worst(each["result"] for each in steps)
    cause = next((each["cause"] for each in steps if each["result"] == verdict and each["cause"]), None)
    with tenant_context(person.tenant):
        gateways = list(Gateway.objects.filter(trunk=trunk))
        runs = [
            {
                "gateway_id": str(each.pk),
                "uri": each.uri,
                "verdict": verdict,
                "cause": cause or "",
                "steps": len(STEPS),
                "duration_ms": 900,
            }
            for each in gateways
        ]
        return ReadinessCheck.objects.create(
            tenant=person.tenant,
            trunk=trunk,
            requested_kind=kind,
            requested_by=person.user.email,
            state="finished",
            call=call,
            verdict=verdict,
            cause=cause or "",
            target=", ".join(each.uri for each in gateways),
            created_at=at,
            started_at=at,
            finished_at=at + timedelta(seconds=1),
            duration_ms=900,
            steps=steps * len(gateways),
            runs=runs,
            trace=TRACE,
        )


def make_open(person: Person, trunk: Trunk, done: int = 6) -> ReadinessCheck:
    """Store a check that a worker is at."""
    with tenant_context(person.tenant):
        gateway = Gateway.objects.filter(trunk=trunk)[0]
        run = {"gateway_id": str(gateway.pk), "uri": gateway.uri, "verdict": "", "cause": "", "steps": done}
        return ReadinessCheck.objects.create(
            tenant=person.tenant,
            trunk=trunk,
            requested_kind="user",
            requested_by=person.user.email,
            state="running",
            call="+14155550123",
            started_at=timezone.now(),
            lease_until=timezone.now() + timedelta(minutes=1),
            steps=[step(name) for name in STEPS[:done]],
            runs=[run],
        )
