"""Rejecting calls that are nobody's, or that cannot be taken."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta

import structlog

from callsphere.calls.models import UnwantedCall
from callsphere.providers.openai import RealtimeError, Unavailable, reject_call
from tenants.clock import database_now
from tenants.context import platform_context

LEASE = timedelta(seconds=40)
"""Longer than all tries of one request."""
MOST_TRIES = 3
AT_ONCE = 20

log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Unwanted:
    """A call lent to a worker, to be rejected."""

    openai_call_id: str
    status_code: int
    tries: int


def claim_unwanted(most: int = AT_ONCE) -> Sequence[Unwanted]:
    """Claim calls that are to be rejected. Any number of workers may do so."""
    now = database_now()
    with platform_context("claim calls at OpenAI to reject"):
        due = UnwantedCall.objects.filter(due_at__lte=now).order_by("due_at")
        rows = list(due.select_for_update(skip_locked=True, no_key=True)[:most])
        for row in rows:
            row.tries, row.due_at = row.tries + 1, now + LEASE
        UnwantedCall.objects.bulk_update(rows, ["tries", "due_at"])
    return [Unwanted(row.openai_call_id, row.status_code, row.tries) for row in rows]


def reject_unwanted(call: Unwanted) -> None:
    """Reject a call and forget it; when OpenAI cannot be asked, it is tried again a few times."""
    try:
        reject_call(call.openai_call_id, call.status_code)
    except RealtimeError as error:
        log.warning("call_not_rejected", error=error.code, detail=error.detail)
        if isinstance(error, Unavailable) and call.tries < MOST_TRIES:
            return
    with platform_context("forget calls that were rejected"):
        UnwantedCall.objects.filter(openai_call_id=call.openai_call_id).delete()
