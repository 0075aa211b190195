"""Forgetting escalations when transcripts are forgotten: what they are about was said in a call."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from callsphere.calls.retention import Find, forget, kept_days
from callsphere.escalations.enums import RunState
from callsphere.escalations.models import Escalation
from callsphere.lib.ids import first_uuid_of


def forget_old_escalations(now: datetime) -> int:
    """Delete escalations that are over and older than their tenant keeps transcripts; return how many."""
    return sum(
        forget(_old(tenant_id, now - timedelta(days=min(transcripts_days, calls_days))))
        for tenant_id, calls_days, transcripts_days in kept_days()
    )


def _old(tenant_id: uuid.UUID, before: datetime) -> Find:
    first = first_uuid_of(before)
    return lambda: Escalation.objects.filter(tenant=tenant_id, id__lt=first).exclude(state=RunState.RINGING)
