"""Starts the escalations of the bench, says how many are under way, and judges how they went: as JSON."""

# ruff: noqa: E402  # models can be imported once Django is set up
from __future__ import annotations

import json
import logging
import os
import secrets
import sys
import uuid
from collections import Counter
from collections.abc import Hashable, Iterable
from datetime import datetime
from itertools import pairwise

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "callsphere.settings")
django.setup()

from django.utils import timezone

from callsphere.alerts.models import Incident
from callsphere.escalations.enums import RunState, StepKind
from callsphere.escalations.models import Escalation, EscalationPolicy, EscalationStep
from callsphere.escalations.services import add_person, create_policy, start_escalation
from callsphere.outbound.models import OutboundCall
from tenants.audit import Actor
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant, User
from tenants.services import create_tenant
from trunks.models import PhoneNumber

ACTOR = Actor.system("bench")
TIER_S = 30
# the last two digits say who is there: 92 nobody, 97 somebody who takes it
TIERS = [
    (["92"], ["97", "1-97"], False),
    (["92"], ["1-92"], True),
    (["92"], ["2-92"], False),
]


def start(tenants: int, each: int) -> dict[str, float]:
    """Start so many escalations in each of so many tenants."""
    for index in range(tenants):
        tenant = _tenant(index)
        with tenant_context(tenant):
            policies = [_policy(tenant, place) for place in range(len(TIERS))]
            for turn in range(each):
                policy = policies[turn % len(policies)]
                start_escalation(tenant=tenant, actor=ACTOR, policy=policy, summary="Water everywhere.")
    return {}


def _tenant(index: int) -> Tenant:
    owner = User.objects.create_user(f"{secrets.token_hex(4)}@example.com")
    tenant: Tenant = create_tenant(name=f"Bench {index}", owner=owner, actor=ACTOR)
    with tenant_context(tenant):
        PhoneNumber.objects.create(
            tenant=tenant,
            number=f"+1415555{index:04}",
            source="bought",
            provider_sid="PN" + secrets.token_hex(16),
            state="active",
            active_at=timezone.now(),
            country="US",
            has_sms=True,
            messaging_state="registered",
        )
    return tenant


def _policy(tenant: Tenant, place: int) -> EscalationPolicy:
    first, second, takes_voicemail = TIERS[place]
    ids = [
        [_person(tenant, place, tier, who) for who in people] for tier, people in ((1, first), (2, second))
    ]
    return create_policy(
        tenant=tenant,
        actor=ACTOR,
        name=f"Policy {place}",
        phone_number_id=PhoneNumber.objects.get().pk,
        tiers=ids,
        tier_s=TIER_S,
        takes_voicemail=takes_voicemail,
    )


def _person(tenant: Tenant, place: int, tier: int, who: str) -> uuid.UUID:
    turn, _, ending = who.rpartition("-")
    number = f"+1212555{place}{tier * 3 + int(turn or 0)}{ending}"
    return add_person(tenant=tenant, actor=ACTOR, name=f"Dr {number}", number=number).pk


def count_open() -> dict[str, float]:
    """Say how many ring."""
    with platform_context("bench"):
        return {"open": Escalation.objects.filter(state=RunState.RINGING).count()}


def judge() -> dict[str, float]:
    """Say how they ended, how late tiers changed, and who was asked or told twice."""
    with platform_context("bench"):
        states = Counter(Escalation.objects.values_list("state", flat=True))
        lates = _lates()
        asked = OutboundCall.objects.values_list("tenant_id", "to_number", "expires_at")
        return {
            "ended": sum(states.values()) - states[RunState.RINGING],
            "accepted": states[RunState.ACCEPTED],
            "voicemail": states[RunState.VOICEMAIL],
            "incidents": Incident.objects.filter(kind="escalation_unanswered", count=1).count()
            - states[RunState.VOICEMAIL],
            "latest_s": round(max(lates), 2),
            "earliest_s": round(min(lates), 2),
            "told_twice": _more_than_once(_told_steps()),
            "asked_twice": _more_than_once(asked),
        }


def _told_steps() -> list[tuple[object, ...]]:
    return list(EscalationStep.objects.filter(kind=StepKind.TOLD).values_list("escalation_id", "person_id"))


def _more_than_once(rows: Iterable[Hashable]) -> int:
    return sum(count - 1 for count in Counter(rows).values())


def _lates() -> list[float]:
    """Return by how many seconds each change of a tier came after its time."""
    times: dict[object, list[datetime]] = {}
    changes = (StepKind.TIER, StepKind.UNANSWERED)
    rows = EscalationStep.objects.filter(kind__in=changes).order_by("escalation_id", "number")
    for run_id, at in rows.values_list("escalation_id", "at"):
        times.setdefault(run_id, []).append(at)
    return [
        (after - before).total_seconds() - TIER_S
        for moments in times.values()
        for before, after in pairwise(moments)
    ]


if __name__ == "__main__":
    logging.disable(logging.CRITICAL)
    doing = sys.argv[1]
    found = (
        start(*map(int, sys.argv[2:])) if doing == "start" else {"open": count_open, "judge": judge}[doing]()
    )
    print(json.dumps(found))
