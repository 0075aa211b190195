"""Sending text messages, each at most once, and following what becomes of them.

A message is claimed before the provider is asked. Nobody can look afterwards whether it took a message: when
the worker does not come back from there, the message may have been sent, and is not sent again.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import close_old_connections

from callsphere.calls.enums import Direction, TextState
from callsphere.calls.models import TextMessage
from callsphere.calls.provider_side import CannotAsk, account_of
from callsphere.calls.stopping import has_stopped
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.messages import MessageInvalid, NewMessage, send_message
from callsphere.providers.twilio.problems import problem_of
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant

TASK, QUEUE = "calls.send_texts", "deliver"
AT_ONCE = 8
LEASE = timedelta(seconds=120)
"""Longer than the provider may take."""
TRIED_FOR = timedelta(minutes=10)
"""How long a message is offered to a provider that refuses it for the moment; then it is too late for it."""
AGAIN_AFTER = timedelta(seconds=15)
LONGEST_ERROR = 500
_NEVER_SENT = "It was not sent."
_STOPPED = f"{_NEVER_SENT} The receiver texted STOP meanwhile."
_LOST = "It may have been sent: nobody knows, so it is not sent again."

STATES = {
    **dict.fromkeys(("accepted", "scheduled", "queued", "sending", "sent"), TextState.SENT),
    **dict.fromkeys(("delivered", "read"), TextState.DELIVERED),
    "undelivered": TextState.UNDELIVERED,
    **dict.fromkeys(("failed", "canceled"), TextState.FAILED),
}
"""What the provider calls it."""
_RANKS = {
    TextState.WAITING: 0,
    TextState.SENDING: 1,
    TextState.UNKNOWN: 2,
    TextState.SENT: 3,
    **dict.fromkeys((TextState.DELIVERED, TextState.UNDELIVERED, TextState.FAILED, TextState.RECEIVED), 4),
}
_LAST = 4


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of a message: where it is, its id at the provider, and why it did not arrive."""

    state: TextState
    sid: str = ""
    error_code: int = 0
    error: str = ""


@dataclass(frozen=True, slots=True)
class _Lent:
    id: uuid.UUID
    tenant_id: uuid.UUID
    message: NewMessage
    created_at: datetime


def send_due_texts() -> int:
    """Send messages that wait; return how many were tried. Any number of workers may do so."""
    now = database_now()
    with platform_context("claim text messages"):
        due = TextMessage.objects.filter(due_at__lte=now).select_for_update(
            of=("self",), skip_locked=True, no_key=True
        )
        rows = list(due.select_related("call").order_by("due_at")[:AT_ONCE])
        for row in rows:
            _claim(row, now)
    lent = [_lend(row) for row in rows if row.state == TextState.SENDING]
    if lent:
        with ThreadPoolExecutor(len(lent), "text") as pool:
            list(pool.map(_send, lent))
    return len(rows)


def follow(tenant: Tenant, text_id: uuid.UUID, found: Found) -> bool:
    """Keep what is known of a message, which only goes forward; return whether there is such a message.

    Call it inside the tenant's context.
    """
    rows = TextMessage.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=text_id)
    row = rows.filter(direction=Direction.OUTBOUND).first()
    if row is None:
        return False
    if _RANKS[found.state] > _RANKS[TextState(row.state)]:
        row.state, row.due_at = found.state, None
        row.error_code, row.error = found.error_code or None, found.error[:LONGEST_ERROR]
        row.ended_at = database_now() if _RANKS[found.state] == _LAST else None
    row.message_sid = row.message_sid or found.sid
    row.save(update_fields=["state", "due_at", "error_code", "error", "ended_at", "message_sid"])
    return True


def found_in(status: str, sid: str, error_code: int) -> Found | None:
    """Return what the provider's words say; None for words that are not known."""
    state = STATES.get(status)
    if state is None:
        return None
    words = ""
    if error_code:
        problem = problem_of(error_code)
        words = f"{problem.title}. {problem.fix}"
    return Found(state, sid, error_code, words)


def _claim(row: TextMessage, now: datetime) -> None:
    if row.state == TextState.SENDING:  # whoever claimed it has not come back
        row.state, row.due_at, row.error = TextState.UNKNOWN, None, _LOST
    elif has_stopped(Tenant(pk=row.tenant_id), ours=row.from_number, theirs=row.to_number):
        row.state, row.due_at, row.error, row.ended_at = TextState.FAILED, None, _STOPPED, now
    else:
        row.state, row.due_at = TextState.SENDING, now + LEASE
    row.save(update_fields=["state", "due_at", "error", "ended_at"])


def _lend(row: TextMessage) -> _Lent:
    number_id = row.call.phone_number_id if row.call else row.phone_number_id
    callback = f"{settings.PUBLIC_URL}/voice/{number_id}/message/{row.pk}/"
    message = NewMessage(row.to_number, row.body, row.from_number, status_callback=callback)
    return _Lent(row.pk, row.tenant_id, message, row.created_at)


def _send(lent: _Lent) -> None:
    try:
        store = _ask(lent)
        with tenant_context(Tenant(pk=lent.tenant_id)):
            store()
    finally:
        close_old_connections()


def _ask(lent: _Lent) -> Callable[[], object]:
    """Ask the provider, and return how to keep what it said."""
    keep = partial(follow, Tenant(pk=lent.tenant_id), lent.id)
    try:
        sent = send_message(account_of(lent.tenant_id), lent.message)
    except (CannotAsk, MessageInvalid) as error:
        return partial(keep, Found(TextState.FAILED, error=f"{_NEVER_SENT} {error}"))
    except TwilioError as error:
        if error.outcome_unknown:
            return partial(keep, Found(TextState.UNKNOWN, error=_LOST))
        if error.retryable and database_now() < lent.created_at + TRIED_FOR:
            return partial(_put_back, lent, timedelta(seconds=error.retry_after or 0))
        return partial(keep, Found(TextState.FAILED, error_code=error.code, error=str(error)))
    return partial(keep, found_in(sent.status, sent.sid, sent.error_code) or Found(TextState.SENT, sent.sid))


def _put_back(lent: _Lent, after: timedelta) -> None:
    """Offer a message again later: the provider said that it did not take it."""
    mine = TextMessage.objects.filter(tenant=lent.tenant_id, pk=lent.id, state=TextState.SENDING)
    mine.update(state=TextState.WAITING, due_at=database_now() + max(after, AGAIN_AFTER))
