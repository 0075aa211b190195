"""Placing calls that were claimed: the provider is asked outside any transaction, once for each claim.

A worker that does not come back leaves a call that may ring: it is LOST until `looking` has found out.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial
from http import HTTPStatus

import structlog
from django.conf import settings
from django.db import close_old_connections

from callsphere.calls.provider_side import CannotAsk, account_of
from callsphere.outbound.campaigns.settling import end_unplaced, settle_refused
from callsphere.outbound.claims import Claimed, claim_calls
from callsphere.outbound.enums import MachineAction, OrderState
from callsphere.outbound.models import Dialler, OutboundCall
from callsphere.outbound.taking import take_sid
from callsphere.providers.twilio.calls import AT_ANSWER, MESSAGE_END, NewCall, create_call
from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.twiml import InstructionsInvalid
from tenants.clock import database_now
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.models.numbers import LONGEST_ERROR

RINGS_S = 45
LOOK_AFTER = timedelta(seconds=10)
LONGEST_PAUSE = timedelta(minutes=5)
_DETECTS = {MachineAction.HANG_UP: AT_ANSWER, MachineAction.LEAVE_MESSAGE: MESSAGE_END}

log = structlog.get_logger(__name__)


def place_due_calls() -> int:
    """Place calls that are due, one of each tenant at most; return how many were tried."""
    claimed = claim_calls()
    if claimed:
        with ThreadPoolExecutor(len(claimed), "outbound") as pool:
            list(pool.map(place_call, claimed))
    return len(claimed)


def addresses_of(order: OutboundCall) -> str:
    """Return where the addresses begin that the provider asks about one try to place a call."""
    return f"{settings.PUBLIC_URL}/voice/order/{order.pk}/{order.claim}/"


def place_call(claimed: Claimed) -> None:
    """Ask the provider for a call, and keep what it said. Call it outside any context."""
    order = claimed.order
    try:
        store = _ask(claimed)
        with tenant_context(Tenant(pk=order.tenant_id)):
            store()
    finally:
        close_old_connections()


def _ask(claimed: Claimed) -> Callable[[], object]:
    """Ask the provider, and return how to keep what it said."""
    order = claimed.order
    try:
        account = account_of(order.tenant_id)
        if database_now() >= claimed.until - timedelta(seconds=settings.TWILIO_TIMEOUT * 2):
            return partial(_put_back, order, timedelta(0), None)  # this worker stood still: nothing was asked
        placed = create_call(account, call_of(order))
    except (CannotAsk, InstructionsInvalid) as error:
        return partial(_fail, order, "", str(error))
    except TwilioError as error:
        log.warning("call_not_placed", order=str(order.pk), error=error.code, status=error.status)
        if error.outcome_unknown:
            return partial(_lose, order, error)
        if error.retryable:
            return partial(_put_back, order, timedelta(seconds=error.retry_after or 0), error)
        return partial(_fail, order, str(error.code or ""), str(error))
    return partial(take_sid, order.pk, order.claim, placed.sid)


def call_of(order: OutboundCall) -> NewCall:
    """Return what the provider is asked for."""
    base = addresses_of(order)
    return NewCall(
        order.to_number,
        order.from_number,
        url=f"{base}answered/",
        status_callback=f"{base}status/",
        timeout_s=RINGS_S,
        time_limit_s=order.version.longest_call_s if order.version else None,
        detects=_DETECTS.get(MachineAction(order.machine_action), ""),
    )


def _mine(order: OutboundCall) -> OutboundCall | None:
    """Return the order, locked, where it is being placed under this claim still."""
    rows = OutboundCall.objects.select_for_update(no_key=True)
    return rows.filter(pk=order.pk, claim=order.claim, state=OrderState.PLACING).first()


def _fail(order: OutboundCall, code: str, why: str) -> None:
    row = _mine(order)
    if row is None:
        return
    now = database_now()
    row.state, row.slot, row.campaign_slot = OrderState.FAILED, None, None
    row.due_at, row.ended_at = None, now
    row.error_code, row.error = code, why[:LONGEST_ERROR]
    row.save()
    settle_refused(row, now)


def _lose(order: OutboundCall, error: TwilioError) -> None:
    row = _mine(order)
    if row is not None:
        if error.status >= HTTPStatus.INTERNAL_SERVER_ERROR:
            _pause(order, timedelta(seconds=error.retry_after or 0))
        row.state, row.due_at = OrderState.LOST, database_now() + LOOK_AFTER
        row.save(update_fields=["state", "due_at"])


def _put_back(order: OutboundCall, after: timedelta, error: TwilioError | None) -> None:
    """Place a call later: the provider said that it did not, and takes no other of the tenant's meanwhile."""
    row = _mine(order)
    if row is None:
        return
    now = database_now()
    if error is not None:
        after = _pause(order, after)
        row.error_code, row.error = str(error.code or ""), str(error)[:LONGEST_ERROR]
    if row.campaign_id is not None:
        end_unplaced(row, now, now + after)
        return
    row.state, row.slot, row.due_at = OrderState.WAITING, None, now + after
    row.save()


def _pause(order: OutboundCall, asked: timedelta) -> timedelta:
    """Put off all of the tenant's calls, for twice as long at each refusal in a row."""
    dialler = Dialler.objects.select_for_update(no_key=True).get(tenant=order.tenant_id)
    dialler.refused = min(dialler.refused + 1, 12)
    wait = min(max(asked, timedelta(seconds=2**dialler.refused)), LONGEST_PAUSE)
    dialler.free_at = database_now() + wait
    dialler.save(update_fields=["refused", "free_at"])
    return wait
