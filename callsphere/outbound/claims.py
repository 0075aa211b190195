"""Which calls are placed next: each by one worker, no more at a time than the tenant may, one a second.

Whoever claims locks the tenant's Dialler first, so that two workers do not give one slot away twice; the
database's unique slots hold even if somebody forgot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, QuerySet

from callsphere.outbound.campaigns.dialling import due_contacts, take_contact
from callsphere.outbound.enums import OrderState, Purpose
from callsphere.outbound.models import Dialler, DoNotCall, OutboundCall
from callsphere.outbound.models.orders import MOST_AT_ONCE
from tenants.clock import database_now
from tenants.context import platform_context
from tenants.models import Tenant

TENANTS_AT_ONCE = 16
LEASE = timedelta(seconds=90)
"""Longer than the provider may take; then the call is looked for."""
PACE = timedelta(seconds=1)
"""The provider places one call a second for an account, and queues the rest (Twilio's page "Rate limits")."""
_TOO_LATE = "There was no room for this call in time."
_FORBIDDEN = "The number is on your list of numbers not to call."


@dataclass(frozen=True, slots=True)
class Claimed:
    """An order that this worker is to place."""

    order: OutboundCall
    until: datetime


def claim_calls() -> list[Claimed]:
    """Claim calls that are due, one of each tenant at most. Any number of workers may do so."""
    now = database_now()
    with platform_context("claim calls to place"):
        claimed = [order for dialler in _free_diallers(now) if (order := _claim(dialler, now)) is not None]
    return [Claimed(order, now + LEASE) for order in claimed]


def give_up_stale(now: datetime) -> int:
    """Have calls looked for whose worker did not come back; return how many.

    Call it in the platform's context.
    """
    stale = OutboundCall.objects.filter(state=OrderState.PLACING, due_at__lte=now)
    return stale.update(state=OrderState.LOST, due_at=now)


def _free_diallers(now: datetime) -> list[Dialler]:
    due = OutboundCall.objects.filter(tenant=OuterRef("tenant"), state=OrderState.WAITING, due_at__lte=now)
    anybody = Exists(due) | Exists(due_contacts(now))
    rows = Dialler.objects.filter(anybody, free_at__lte=now).order_by("free_at").select_related("tenant")
    return list(rows.select_for_update(of=("self",), skip_locked=True, no_key=True)[:TENANTS_AT_ONCE])


def _claim(dialler: Dialler, now: datetime) -> OutboundCall | None:
    """Claim a tenant's next call, those of campaigns after what was asked for by itself.

    Whether there was one or no room: it is the others' turn first.
    """
    dialler.free_at = now + PACE
    dialler.save(update_fields=["free_at"])
    _end_hopeless(dialler.tenant, now)
    slot = _free_slot(dialler.tenant)
    waiting = _waiting(dialler.tenant, now)
    order = waiting.filter(purpose=Purpose.ON_CALL).first() or (waiting.first() if slot else None)
    if order is None:
        return take_contact(dialler.tenant, slot, now, LEASE) if slot else None
    slot = None if order.purpose == Purpose.ON_CALL else slot
    order.state, order.slot, order.placed_at = OrderState.PLACING, slot, now
    order.due_at, order.claim, order.attempts = now + LEASE, order.claim + 1, order.attempts + 1
    order.save(update_fields=["state", "slot", "placed_at", "due_at", "claim", "attempts"])
    return order


def _waiting(tenant: Tenant, now: datetime) -> QuerySet[OutboundCall]:
    rows = OutboundCall.objects.filter(tenant=tenant, state=OrderState.WAITING, due_at__lte=now)
    locked = rows.select_related("version", "phone_number").select_for_update(of=("self",))
    return locked.order_by("due_at", "id")


def _end_hopeless(tenant: Tenant, now: datetime) -> None:
    waiting = OutboundCall.objects.filter(tenant=tenant, state=OrderState.WAITING)
    over = {"state": OrderState.FAILED, "due_at": None, "ended_at": now}
    waiting.filter(expires_at__lte=now).update(error=_TOO_LATE, error_code="too_late", **over)
    forbidden = DoNotCall.objects.filter(tenant=OuterRef("tenant"), number=OuterRef("to_number"))
    waiting.filter(Exists(forbidden)).update(error=_FORBIDDEN, error_code="do_not_call", **over)


def _free_slot(tenant: Tenant) -> int | None:
    """Return a slot that no call of the tenant's has; None where as many are under way as may be."""
    if not tenant.is_active or tenant.read_only_reason:
        return None
    most = min(tenant.concurrent_call_limit, MOST_AT_ONCE)
    taken = set(OutboundCall.objects.filter(tenant=tenant, slot__isnull=False).values_list("slot", flat=True))
    return next((slot for slot in range(1, most + 1) if slot not in taken), None)
