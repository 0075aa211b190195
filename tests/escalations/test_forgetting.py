"""Escalations are forgotten when transcripts are; one that goes on is not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from callsphere.escalations.forgetting import forget_old_escalations
from callsphere.escalations.models import Escalation, EscalationStep
from callsphere.lib.ids import uuid7_at
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.conftest import Person

pytestmark = pytest.mark.django_db


def make(person: Person, days: int, **fields: Any) -> None:
    at = database_now() - timedelta(days=days)
    with tenant_context(person.tenant):
        run = Escalation.objects.create(
            id=uuid7_at(at),
            tenant=person.tenant,
            policy_name="Nights",
            summary=f"{days} days ago",
            key=f"key {days}",
            tier_s=120,
            **{"state": "unanswered", "ended_at": at, "tier": 1, **fields},
        )
        EscalationStep.objects.create(
            tenant=person.tenant, escalation=run, number=1, at=at, kind="started", words="It began."
        )


def test_what_is_over_goes_with_transcripts(alice: Person) -> None:
    now = database_now()
    make(alice, 91)
    make(alice, 89)
    make(alice, 92, state="ringing", ended_at=None, tier_until=now, due_at=now)
    assert forget_old_escalations(now) == 2
    with tenant_context(alice.tenant):
        kept = list(Escalation.objects.order_by("-id").values_list("summary", flat=True))
    assert kept == ["89 days ago", "92 days ago"]
