"""Ends calls in dialogs of our own: the check that placed them is stopped, and BYE sent in its place."""

from __future__ import annotations

import asyncio

from tenants.context import platform_context
from trunks.checks import orphaned_calls
from trunks.checks.dialog_calls import DIALOG
from trunks.enums import CheckState, PlacedCallState
from trunks.live_calls.enders import Ending, EndingCall, NotEnded, add_ender
from trunks.models import PlacedCall, ReadinessCheck


def add_enders() -> None:
    """Make known who ends calls in dialogs of our own."""
    add_ender(DIALOG, end_dialog)


def end_dialog(call: EndingCall) -> Ending:
    """Hang up, whether the worker that placed the call is alive or not. Raises NotEnded."""
    claim = _claim(call)
    if claim is None:
        return Ending("It was over already.", by_us=False)
    said, ended = asyncio.run(orphaned_calls.end_orphan(claim))
    orphaned_calls.store_outcome(claim, said, ended=ended)
    if not ended:
        raise NotEnded(said)
    return Ending(said)


def _claim(call: EndingCall) -> orphaned_calls.OrphanClaim | None:
    with platform_context("end a call of a check"):
        rows = PlacedCall.objects.filter(tenant=call.tenant_id, call_id=call.reference)
        row = rows.exclude(state=PlacedCallState.ENDED).select_related("readiness_check").first()
        if row is None:
            return None
        # Its check would take the end for the carrier's doing.
        running = ReadinessCheck.objects.filter(pk=row.readiness_check_id, state=CheckState.RUNNING)
        running.update(cancel_requested=True)
        return orphaned_calls.claim_of(row)
