"""Forgetting calls that were asked for when the log forgets calls, and what agents were told before that."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db.models import Q

from callsphere.calls.retention import BATCH, Find, forget, in_portions, kept_days
from callsphere.lib.ids import first_uuid_of
from callsphere.outbound.enums import OrderState
from callsphere.outbound.models import OutboundCall

_OVER = Q(state__in=[OrderState.ENDED, OrderState.FAILED, OrderState.CANCELED])


def forget_old_orders(now: datetime) -> int:
    """Delete orders that are older than their tenant keeps calls; return how many rows were changed.

    What the agent was told for them goes as early as transcripts do.
    """
    count = 0
    for tenant_id, calls_days, transcripts_days in kept_days():
        said_before = now - timedelta(days=min(transcripts_days, calls_days))
        count += in_portions(
            _old(tenant_id, said_before, ~Q(brief="")), BATCH, lambda rows: rows.update(brief="")
        )
        count += forget(_old(tenant_id, now - timedelta(days=calls_days), Q()))
    return count


def _old(tenant_id: uuid.UUID, before: datetime, which: Q) -> Find:
    first = first_uuid_of(before)
    return lambda: OutboundCall.objects.filter(_OVER, which, tenant=tenant_id, id__lt=first)
