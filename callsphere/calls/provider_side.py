"""What a worker does with calls at the provider: ends those that are to end, asks about those nobody told of.

Each claim lends a call for LEASE by putting its time off, outside any transaction the provider is asked, and
what it says is stored as an event like those that it tells by itself.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from email.utils import format_datetime

import structlog
from django.db import close_old_connections

from callsphere.calls.enums import CallState as State
from callsphere.calls.enums import EndReason, EventKind
from callsphere.calls.models import Call, CallEvent
from callsphere.lib.crypto import SecretUnreadable
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.calls import CallState, hang_up_call, read_call
from callsphere.providers.twilio.errors import TwilioError
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from trunks.numbers.accounts import AccountMissing, open_account

AT_ONCE = 8
LEASE = timedelta(seconds=60)
MOST_LOOKS = 12
"""How often the provider is asked what a call cost, each time after twice as long: for about four days."""
STILL_GOING = timedelta(minutes=10)

log = structlog.get_logger(__name__)


class CannotAsk(Exception):
    """The tenant's account at the provider cannot be opened; `str()` says why, for people."""


@dataclass(frozen=True, slots=True)
class Lent:
    """A call lent to this worker. `look` tells looks apart: each is stored once."""

    id: uuid.UUID
    tenant_id: uuid.UUID
    call_sid: str
    look: int


def account_of(tenant_id: uuid.UUID) -> TwilioAccount:
    """Return a tenant's account, open. Call it outside any context. Raises CannotAsk."""
    tenant = Tenant(pk=tenant_id)
    with tenant_context(tenant):
        try:
            return open_account(tenant)
        except AccountMissing as error:
            raise CannotAsk(str(error) or "The organisation has no account at the provider.") from error
        except SecretUnreadable as error:
            raise CannotAsk("The key of your account for phone numbers cannot be opened.") from error


def end_due_calls() -> int:
    """End the calls that are to end by now; return how many were tried. Any number of workers may do so."""
    now = database_now()
    with platform_context("claim calls that are to end"):
        due = Call.objects.filter(end_due_at__lte=now).exclude(state=State.ENDED).order_by("end_due_at")
        calls = list(due.select_for_update(skip_locked=True, no_key=True)[:AT_ONCE])
        for call in calls:
            call.end_reason = call.end_reason or EndReason.TOO_LONG
            call.end_due_at = now + LEASE
        Call.objects.bulk_update(calls, ["end_reason", "end_due_at"])
    return _do(hang_up_call, calls)


def look_at_due_calls() -> int:
    """Ask about calls of which something is not known yet; return how many that were.

    Any number of workers may do so.
    """
    now = database_now()
    with platform_context("claim calls to ask about"):
        due = Call.objects.filter(look_due_at__lte=now).order_by("look_due_at")
        calls = list(due.select_for_update(skip_locked=True, no_key=True)[:AT_ONCE])
        for call in calls:
            call.looks += 1
            wait = STILL_GOING if call.state != State.ENDED else timedelta(seconds=90) * 2**call.looks
            is_last = call.state == State.ENDED and call.looks >= MOST_LOOKS
            call.look_due_at = None if is_last else now + wait
        Call.objects.bulk_update(calls, ["looks", "look_due_at"])
    return _do(read_call, calls)


def _do(ask: Callable[[TwilioAccount, str], CallState], calls: list[Call]) -> int:
    if calls:
        lent = [Lent(call.pk, call.tenant_id, call.call_sid, call.looks) for call in calls]
        with ThreadPoolExecutor(len(lent), "call") as pool:
            list(pool.map(lambda call: _ask(ask, call), lent))
    return len(calls)


def _ask(ask: Callable[[TwilioAccount, str], CallState], call: Lent) -> None:
    try:
        state = ask(account_of(call.tenant_id), call.call_sid)
        _store(call, state.status, _fields(state))
    except (CannotAsk, TwilioError) as error:
        log.warning("call_not_asked", call=str(call.id), tenant_id=str(call.tenant_id), why=str(error))
        if call.look >= MOST_LOOKS or (isinstance(error, TwilioError) and error.is_missing):
            _store(call, "failed", {})
    finally:
        close_old_connections()


def _fields(state: CallState) -> dict[str, str]:
    """Return what the provider said in the words of what it tells by itself."""
    return {
        "Direction": state.direction,
        "From": state.from_number,
        "To": state.to_number,
        "CallDuration": "" if state.duration_s is None else str(state.duration_s),
        "Price": "" if state.price is None else str(state.price),
        "PriceUnit": state.price_unit if state.price is not None else "",
        "Timestamp": format_datetime(state.ended_at) if state.ended_at else "",
    }


def _store(call: Lent, status: str, fields: dict[str, str]) -> None:
    """Keep what the provider said; the same said again is the same event.

    A call of which it knows nothing, or about which it cannot be asked for good, has failed.
    """
    tenant = Tenant(pk=call.tenant_id)
    event = CallEvent(
        tenant=tenant,
        kind=EventKind.LOOKED_UP,
        call_sid=call.call_sid,
        root_sid=call.call_sid,
        subject=str(call.look),
        call_status=status,
        payload={"CallStatus": status, **{name: text for name, text in fields.items() if text}},
    )
    with tenant_context(tenant):
        CallEvent.objects.bulk_create([event], ignore_conflicts=True)
