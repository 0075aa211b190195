"""Calls that we place ourselves, as the log has them. Call these inside a tenant's context."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from agents.models import AgentVersion
from callsphere.calls.answering import find_call
from callsphere.calls.enums import Direction
from callsphere.calls.models import Call, CallKey
from callsphere.lib.ids import uuid7_at
from tenants.models import Tenant
from trunks.models import PhoneNumber

UNHEARD_OF = timedelta(minutes=3)
"""After so long the provider is asked about a call of whose end nobody told: others wait for its room."""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A call that was placed: its id at the provider, who is shown and called, and which agent talks."""

    call_sid: str
    number: PhoneNumber
    to_number: str
    version: AgentVersion | None
    brief: str
    because: str
    placed_at: datetime


def log_outgoing(tenant: Tenant, outgoing: Outgoing) -> Call:
    """Return the call's row, locked: made here, unless what the provider told of it made it already."""
    call = find_call(tenant, outgoing.call_sid) or _make(tenant, outgoing)
    call.direction = Direction.OUTBOUND
    if outgoing.version is not None:
        call.agent_id, call.version = outgoing.version.agent_id, outgoing.version
    call.phone_number_id, call.brief = outgoing.number.pk, outgoing.brief
    if not call.looks and call.ended_at is None:
        call.look_due_at = outgoing.placed_at + UNHEARD_OF
    call.our_number = call.our_number or outgoing.number.number
    call.their_number = call.their_number or outgoing.to_number
    if outgoing.because and outgoing.because not in call.because:
        call.because = [outgoing.because, *call.because]
    call.save()
    return call


def _make(tenant: Tenant, outgoing: Outgoing) -> Call:
    call = Call(
        id=uuid7_at(outgoing.placed_at),
        tenant=tenant,
        direction=Direction.OUTBOUND,
        call_sid=outgoing.call_sid,
        our_number=outgoing.number.number,
        their_number=outgoing.to_number,
        started_at=outgoing.placed_at,
        look_due_at=outgoing.placed_at + UNHEARD_OF,
    )
    call.save(force_insert=True)
    key = CallKey(tenant=tenant, call_sid=outgoing.call_sid, call=call)
    CallKey.objects.bulk_create([key], ignore_conflicts=True)
    kept = find_call(tenant, outgoing.call_sid)
    if kept is None or kept.pk != call.pk:  # a worker was first to make it, from what was told
        call.delete()
    return kept or call
