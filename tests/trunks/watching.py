"""Answers given by hand: claim a gateway and store what a test says it answered."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta

from tenants.context import platform_context, tenant_context
from tests.conftest import Person
from trunks.enums import Severity
from trunks.health.judging import Answer, Claim, Stored, claim_due, store_answers
from trunks.models import GatewayHealth, HealthPolicy, Trunk


def next_noon(now: datetime) -> datetime:
    """Return a noon to come: what is probed then is not overdue while the tests run, for hours at worst."""
    noon = now.replace(hour=12, minute=0, second=0, microsecond=0)
    return noon if noon > now + timedelta(hours=6) else noon + timedelta(days=1)


NOON = next_noon(datetime.now(UTC))

# One letter an answer, as the tests write sequences.
OK, BUSY, SILENT = ".", "5", "x"


def answer_of(claim: Claim, letter: str, *, rtt_us: int = 20_000) -> Answer:
    """Return what a gateway answered: "." is 200, "5" is 503, "x" is nothing."""
    words: tuple[Severity, int | None, str, str, str, int | None]
    if letter == OK:
        words = (Severity.OK, 200, "OK", "", "", rtt_us)
    elif letter == BUSY:
        words = (Severity.IMPAIRED, 503, "Service Unavailable", "carrier_overloaded", "", rtt_us)
    else:
        words = (Severity.FAILED, None, "", "no_answer", "Nothing came back.", None)
    severity, status, reason, cause, detail, rtt = words
    target, server = "203.0.113.5:5060/udp", "Kamailio"
    return Answer(
        claim.gateway_id, claim.number, severity, status, reason, cause, detail, rtt, target, server
    )


def make_due(now: datetime) -> None:
    """Let every gateway that is watched be due at this moment."""
    with platform_context("test"):
        GatewayHealth.objects.filter(next_probe_at__isnull=False).update(next_probe_at=now)


def probe(letters: dict[uuid.UUID, str] | str, now: datetime, *, rtt_us: int = 20_000) -> Stored:
    """Claim everything that is due and store one answer for each: the same for all, or by gateway."""
    make_due(now)
    claims = claim_due(now, 1000)
    answers = [
        answer_of(claim, letters if isinstance(letters, str) else letters[uuid.UUID(claim.gateway_id)],
                  rtt_us=rtt_us)
        for claim in claims
    ]  # fmt: skip
    return store_answers(answers, claimed_at=now, now=now)


def set_policy(person: Person, trunk: Trunk, **values: int) -> None:
    """Change a trunk's policy."""
    with tenant_context(person.tenant):
        HealthPolicy.objects.filter(trunk=trunk).update(**values)


def health_of(person: Person, trunk: Trunk) -> GatewayHealth:
    """Return the health of a trunk's only gateway."""
    with tenant_context(person.tenant):
        return GatewayHealth.objects.get(gateway__trunk=trunk)


def moments(count: int, *, step: timedelta = timedelta(seconds=30)) -> Iterable[datetime]:
    """Return moments from noon on."""
    return (NOON + step * index for index in range(count))
