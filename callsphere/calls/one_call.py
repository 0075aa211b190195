"""Reading all that is kept of one call. Call these inside the tenant's context."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from typing import Any

from agents.queries import invocations_for
from callsphere.calls.models import Call, CallEvent, RealtimeSession, TranscriptLine
from callsphere.calls.timeline import Told
from tenants.models import Tenant
from trunks.models import ReadinessCheck


def one_call_of(tenant: Tenant, call_id: uuid.UUID) -> Call | None:
    """Return a call of the tenant with agent, version, number and trunk; None for any other. One query."""
    names = ("agent", "version", "phone_number", "trunk")
    return Call.objects.filter(tenant=tenant, pk=call_id).select_related(*names).first()


def all_told_of(tenant: Tenant, call: Call) -> tuple[Told, list[RealtimeSession]]:
    """Return all that is kept of a call, and its sessions with OpenAI. Seven queries, however long it was."""
    events = CallEvent.objects.filter(tenant=call.tenant_id, root_sid=call.call_sid)
    told = Told(
        call,
        events=list(events.order_by("received_at", "id")),
        legs=list(call.legs.all()),
        notes=list(call.notes.all()),
        lines=list(call.transcript.all()),
        tools=list(invocations_for(tenant, str(call.pk))),
        messages=list(call.voice_messages.all()),
    )
    return told, list(call.sessions.select_related("version"))


def last_lines_of(calls: Sequence[Call]) -> dict[uuid.UUID, TranscriptLine]:
    """Return what was said last in each call of one tenant, by call. One query."""
    lines = TranscriptLine.objects.filter(tenant=calls[0].tenant_id, call__in=[call.pk for call in calls])
    newest = lines.order_by("call_id", "-said_at", "-id").distinct("call_id")
    return {line.call_id: line for line in newest}


def trace_of(call: Call, events: Iterable[CallEvent]) -> list[dict[str, Any]]:
    """Return the SIP messages of a call that one of the tenant's checks placed; empty for every other call.

    At most one query: none where the provider told no Call-ID.
    """
    told = (event.payload.get("SipCallId", "") for event in events)
    call_id = next((each for each in told if each), "")
    if not call_id:
        return []
    checks = ReadinessCheck.objects.filter(tenant=call.tenant_id, placed_calls__call_id=call_id)
    trace = checks.values_list("trace", flat=True).first() or []
    return [entry for entry in trace if call_id in str(entry.get("text", ""))]
