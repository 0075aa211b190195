"""Calls of checks as live calls: watched while they are up, though their worker hangs them up itself."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from trunks.live_calls.watching import call_lost, call_over, watch_call
from trunks.models import ReadinessCheck

DIALOG = "dialog"
"""The provider of calls in dialogs of our own: we end them by BYE."""


def watch_dialog(check: ReadinessCheck, call_id: str, now: datetime) -> None:
    """Watch a call that was answered just now. No refresh is waited for: its check refreshes it at once."""
    watch_call(
        tenant_id=check.tenant_id,
        trunk_id=check.trunk_id,
        provider=DIALOG,
        reference=call_id,
        answered_at=now,
        session_interval_s=None,
    )


def dialogs_over(tenant_id: uuid.UUID, call_ids: Iterable[str], now: datetime) -> None:
    """Watch these calls no longer."""
    for call_id in call_ids:
        call_over(tenant_id=tenant_id, provider=DIALOG, reference=call_id, now=now)


def dialog_lost(tenant_id: uuid.UUID, call_id: str, why: str, now: datetime) -> None:
    """Watch a call no longer that nobody could hang up, and say so."""
    call_lost(tenant_id=tenant_id, provider=DIALOG, reference=call_id, why=why, now=now)
