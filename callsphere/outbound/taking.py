"""Taking note of the call that an order became: from the provider's answer, or from what it tells first."""

from __future__ import annotations

import uuid

from callsphere.calls.outgoing import Outgoing, log_outgoing
from callsphere.outbound.enums import LIVE_STATES, OrderState
from callsphere.outbound.models import Dialler, OutboundCall
from callsphere.outbound.wording import why_called
from tenants.clock import database_now


def take_sid(order_id: uuid.UUID, claim: int, call_sid: str) -> OutboundCall | None:
    """Return the order that a call is of, PLACED with it; None where it is another's, or of an earlier try.

    Call it inside the tenant's context. The same again changes nothing.
    """
    rows = OutboundCall.objects.select_for_update(of=("self",), no_key=True)
    order = rows.select_related("phone_number", "version", "tenant").filter(pk=order_id).first()
    if order is None or order.claim != claim:
        return None
    if order.call_sid:
        return order if order.call_sid == call_sid else None
    if order.state not in LIVE_STATES:
        return None
    order.state, order.call_sid, order.due_at = OrderState.PLACED, call_sid, None
    order.error, order.error_code = "", ""
    if order.phone_number is not None:
        order.call = log_outgoing(order.tenant, _outgoing(order))
    order.save()
    Dialler.objects.filter(tenant=order.tenant).exclude(refused=0).update(refused=0)
    return order


def _outgoing(order: OutboundCall) -> Outgoing:
    if order.phone_number is None:
        raise LookupError("the number is gone")
    return Outgoing(
        call_sid=order.call_sid,
        number=order.phone_number,
        to_number=order.to_number,
        version=order.version,
        brief=order.brief,
        because=why_called(order),
        placed_at=order.placed_at or database_now(),
    )
