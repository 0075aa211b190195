"""Calling people on call: what the apps above order and take back, without a person asking for each."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime
from functools import partial

from django.db import transaction

from callsphere.celery import wake
from callsphere.outbound.enums import OrderState, Purpose
from callsphere.outbound.models import Dialler, OutboundCall
from callsphere.outbound.services.orders import LONGEST_NAME, QUEUE, TASK
from tenants.models import Tenant
from trunks.models import PhoneNumber


def order_on_call(
    *,
    tenant: Tenant,
    phone_number: PhoneNumber,
    to_number: str,
    requested_by: str,
    due_at: datetime,
    expires_at: datetime,
) -> OutboundCall:
    """Have somebody on call called, beside the plan's slots; given up at `expires_at`.

    Call it inside a transaction: who is answered then is what the app above registered.
    """
    Dialler.objects.bulk_create([Dialler(tenant=tenant)], ignore_conflicts=True)
    transaction.on_commit(partial(wake, TASK, QUEUE))
    return OutboundCall.objects.create(
        tenant=tenant,
        purpose=Purpose.ON_CALL,
        phone_number=phone_number,
        from_number=phone_number.number,
        to_number=to_number,
        requested_by=requested_by[:LONGEST_NAME],
        due_at=due_at,
        expires_at=expires_at,
    )


def withdraw_orders(*, tenant: Tenant, ids: Iterable[uuid.UUID], now: datetime) -> set[uuid.UUID]:
    """Take back those that wait, and return them. What a worker is placing just now is left out."""
    rows = OutboundCall.objects.filter(tenant=tenant, pk__in=list(ids), state=OrderState.WAITING)
    # whoever places or answers a call locks it before what is above: waiting for it here could be for ever
    waiting = list(rows.select_for_update(skip_locked=True, no_key=True))
    for row in waiting:
        row.state, row.due_at, row.ended_at = OrderState.CANCELED, None, now
    OutboundCall.objects.bulk_update(waiting, ["state", "due_at", "ended_at"])
    return {row.pk for row in waiting}
