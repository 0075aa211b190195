"""Ending orders whose calls are over: their slots are free for others then."""

from __future__ import annotations

from django.db.models import Q

from callsphere.calls.enums import CallOutcome, CallState
from callsphere.outbound.campaigns.settling import settle_ended
from callsphere.outbound.enums import OrderState
from callsphere.outbound.models import OutboundCall
from tenants.clock import database_now
from tenants.context import platform_context

BATCH = 200
_OVER = Q(call=None) | Q(call__state=CallState.ENDED)
"""A call that is not in the log any more was deleted there, which only those that have ended are."""
_ENDS_WITH = ["state", "slot", "campaign_slot", "ended_at", "outcome", "answered_by"]


def end_over_calls() -> int:
    """End orders whose call in the log has ended; return how many. Any number of workers may do so."""
    with platform_context("end outbound calls that are over"):
        over = OutboundCall.objects.filter(_OVER, state=OrderState.PLACED).select_related("call")
        rows = list(over.select_for_update(of=("self",), skip_locked=True, no_key=True)[:BATCH])
        now = database_now()
        for row in rows:
            row.state, row.slot, row.campaign_slot, row.ended_at = OrderState.ENDED, None, None, now
            row.outcome = row.call.outcome if row.call else CallOutcome.FAILED
            row.answered_by = row.call.answered_by if row.call else ""
        OutboundCall.objects.bulk_update(rows, _ENDS_WITH)
        for row in sorted(rows, key=lambda row: str(row.campaign_id)):
            settle_ended(row, now)
    return len(rows)
