"""What the provider asks and tells about calls that we placed, proven like all that it sends."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from functools import partial

from django.http import QueryDict

from callsphere.calls.enums import EventKind
from callsphere.calls.intake import NotACall, Unproven, check_signature, proven, store_event
from callsphere.calls.payload import call_sid_of
from callsphere.calls.places import find_number
from callsphere.calls.proving import Prover
from callsphere.outbound.answering import answer, take_digits
from callsphere.outbound.enums import OrderTold
from callsphere.outbound.models import OutboundCall
from callsphere.outbound.taking import take_sid
from callsphere.providers.twilio import twiml
from tenants.context import tenant_context


@dataclass(frozen=True, slots=True)
class Told:
    """A request as it came, about one try (`claim`) to place a call. All but a status is to be answered."""

    order_id: uuid.UUID
    claim: int
    kind: OrderTold
    url: str
    form: QueryDict
    signature: str
    signature_settings: str


def take(told: Told) -> str:
    """Store what was told and return TwiML for what comes next; empty where nothing was asked.

    A call of an earlier try, which nobody waits for any more, is ended. Call it outside any context. Raises
    Unproven and NotACall; then nothing is stored.
    """
    return proven(told.form.get("AccountSid", ""), partial(_take, told))


def _take(told: Told, prover: Prover) -> str:
    check_signature(prover, told.url, told.form, told.signature, told.signature_settings)
    sid = call_sid_of(told.form)
    if not sid:
        raise NotACall
    with tenant_context(prover.tenant):
        number_id = _number_of(told, prover)
        order = take_sid(told.order_id, told.claim, sid)
        if told.kind == OrderTold.STATUS:
            if order is not None:
                store_event(EventKind.STATUS, told.form, prover.tenant, number_id=number_id)
            return ""
        if order is None:
            return twiml.hang_up()
        if told.kind == OrderTold.DIGITS:
            return take_digits(order, told.form.get("Digits", ""))
        return answer(order, told.form.get("AnsweredBy", ""))


def _number_of(told: Told, prover: Prover) -> uuid.UUID:
    """Return the number that the order's call is shown to come from. Raises Unproven: see `calls.places`."""
    order = OutboundCall.objects.filter(pk=told.order_id).only("phone_number").first()
    called = find_number(order.phone_number_id, prover) if order and order.phone_number_id else None
    if called is None or called.number_id is None:
        raise Unproven("unknown_place")
    if not called.is_proven:
        raise Unproven("unknown_account")
    return called.number_id
