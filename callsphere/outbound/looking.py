"""Finding out what became of calls whose worker did not come back: they may ring, are not placed twice."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from functools import partial

import structlog
from django.db import close_old_connections

from callsphere.calls.provider_side import CannotAsk, account_of
from callsphere.outbound.campaigns.settling import end_unplaced
from callsphere.outbound.claims import give_up_stale
from callsphere.outbound.enums import OrderState
from callsphere.outbound.models import OutboundCall
from callsphere.outbound.taking import take_sid
from callsphere.providers.twilio.calls import CallState, find_calls
from callsphere.providers.twilio.errors import TwilioError
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from trunks.models.numbers import LONGEST_ERROR

AT_ONCE = 8
LEASE = timedelta(seconds=60)
AGAIN_AFTER = timedelta(seconds=20)
SURE_AFTER = timedelta(minutes=2)
"""The provider's list may lack a call for some seconds; what it lacks after this was never placed."""
CLOCKS_APART = timedelta(seconds=5)

log = structlog.get_logger(__name__)


def look_for_lost_calls() -> int:
    """Ask the provider about calls that may ring; return how many that were.

    Any number of workers may do so.
    """
    now = database_now()
    with platform_context("claim calls to look for"):
        give_up_stale(now)
        due = OutboundCall.objects.filter(state=OrderState.LOST, due_at__lte=now).order_by("due_at")
        orders = list(due.select_for_update(skip_locked=True, no_key=True)[:AT_ONCE])
        for order in orders:
            order.due_at = now + LEASE
        OutboundCall.objects.bulk_update(orders, ["due_at"])
    if orders:
        with ThreadPoolExecutor(len(orders), "lost call") as pool:
            list(pool.map(_look, orders))
    return len(orders)


def _look(order: OutboundCall) -> None:
    try:
        store = _ask(order)
        with tenant_context(Tenant(pk=order.tenant_id)):
            store()
    finally:
        close_old_connections()


def _ask(order: OutboundCall) -> Callable[[], object]:
    since = (order.placed_at or order.created_at) - CLOCKS_APART
    try:
        account = account_of(order.tenant_id)
        found = find_calls(account, to_number=order.to_number, from_number=order.from_number, since=since)
    except (CannotAsk, TwilioError) as error:
        log.warning("lost_call_not_looked_for", order=str(order.pk), why=str(error))
        return partial(_look_later, order, str(error))
    return partial(_decide, order, found)


def _decide(order: OutboundCall, found: list[CallState]) -> None:
    sids = [call.sid for call in found]
    others = set(OutboundCall.objects.filter(call_sid__in=sids).values_list("call_sid", flat=True))
    unknown = [sid for sid in sids if sid not in others]
    if unknown:
        take_sid(order.pk, order.claim, unknown[0])
    elif order.placed_at is not None and database_now() < order.placed_at + SURE_AFTER:
        _look_later(order, "")
    else:
        _place_again(order)


def _lost(order: OutboundCall) -> OutboundCall | None:
    rows = OutboundCall.objects.select_for_update(no_key=True)
    return rows.filter(pk=order.pk, claim=order.claim, state=OrderState.LOST).first()


def _look_later(order: OutboundCall, why: str) -> None:
    row = _lost(order)
    if row is not None:
        row.due_at, row.error = database_now() + AGAIN_AFTER, why[:LONGEST_ERROR]
        row.save(update_fields=["due_at", "error"])


def _place_again(order: OutboundCall) -> None:
    """It was never placed: it waits for its turn again."""
    row = _lost(order)
    if row is None:
        return
    now = database_now()
    if row.campaign_id is not None:
        end_unplaced(row, now, now)
        return
    row.state, row.slot, row.due_at, row.error = OrderState.WAITING, None, now, ""
    row.save(update_fields=["state", "slot", "due_at", "error"])
