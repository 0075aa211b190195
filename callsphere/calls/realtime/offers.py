"""Which session a call at OpenAI belongs to, and whether it is taken.

Whoever knows the project's address can send it calls with any headers. A token of ours proves one; without it
(a trunk that drops headers) the call must be one that rings here and awaits a session. A session takes one
call, once. No network here: a worker accepts and rejects.
"""

from __future__ import annotations

import re
from enum import IntEnum

from django.db import IntegrityError, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from callsphere.calls.enums import CallState, SessionState
from callsphere.calls.models import CallNote, RealtimeSession, UnwantedCall
from callsphere.calls.realtime.metrics import OFFERS
from callsphere.calls.tokens import HEADER, SessionName, TokenInvalid, read_session
from callsphere.providers.openai import IncomingRealtimeCall
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.numbers.accounts import find_tenant_of_account

_USER = re.compile(r"sips?:(\+?[0-9]{3,20})(?=[@;>])", re.IGNORECASE)
_CALL_SID = re.compile(r"CA[0-9a-f]{32}")


class Code(IntEnum):
    """The SIP status (RFC 3261 §21) of a call that is not taken: it decides what the carrier tries next.

    Twilio tries a trunk's next address after 503; after the others it does not.
    """

    NOBODYS = 404
    GONE = 480
    BUSY = 486
    ELSEWHERE = 503


def take_offer(call: IncomingRealtimeCall) -> Code | None:
    """Let a worker accept a call, or have it rejected with what is returned; the same again changes nothing.

    Call it outside any context.
    """
    name = _named(call)
    if name is None:
        code: Code | None = Code.NOBODYS
        reject(call.call_id, Code.NOBODYS)
    else:
        with tenant_context(Tenant(pk=name.tenant_id)):
            code = _offer(name, call.call_id)
            if code is not None:
                reject(call.call_id, code)
    OFFERS.labels("taken" if code is None else str(int(code))).inc()
    return code


def reject(openai_call_id: str, code: Code) -> None:
    """Have a worker reject a call, once."""
    try:
        with transaction.atomic():
            UnwantedCall.objects.bulk_create([UnwantedCall(openai_call_id=openai_call_id, status_code=code)])
    except IntegrityError:
        return


def _named(call: IncomingRealtimeCall) -> SessionName | None:
    token = call.header(HEADER)
    if not token:
        return _of_twilios_call(call)
    try:
        return read_session(token)
    except TokenInvalid:
        return None


def _offer(name: SessionName, openai_call_id: str) -> Code | None:
    rows = RealtimeSession.objects.select_for_update(of=("self",), no_key=True)
    session = rows.select_related("call", "tenant").filter(pk=name.session_id).first()
    if session is None:
        return Code.NOBODYS
    if session.openai_call_id == openai_call_id:
        return None  # told again
    if session.state != SessionState.AWAITED:
        return Code.BUSY
    refusal = _refusal(session)
    now = timezone.now()
    session.openai_call_id, session.offered_at = openai_call_id, now
    if refusal is None:
        session.state, session.due_at = SessionState.OFFERED, now
    else:
        session.state, session.ended_at, session.why = SessionState.REJECTED, now, refusal[1]
        key, text = f"{session.pk.hex}:rejected", f"The agent did not take the call: {refusal[1]}"
        note = CallNote(tenant=session.tenant, call=session.call, key=key, text=text, noted_at=now)
        CallNote.objects.bulk_create([note], ignore_conflicts=True)
    session.save()
    return refusal[0] if refusal else None


def _refusal(session: RealtimeSession) -> tuple[Code, str] | None:
    if not session.tenant.is_active or session.tenant.read_only_reason:
        return Code.ELSEWHERE, "The organisation cannot take calls at the moment."
    if session.call.state == CallState.ENDED:
        return Code.GONE, "The caller had hung up."
    return None


# Without a token


def _of_twilios_call(call: IncomingRealtimeCall) -> SessionName | None:
    """Find the session by the ids that Twilio adds: of the account, and of the leg or its call."""
    sid = call.header("X-Twilio-CallSid")
    tenant = find_tenant_of_account(call.header("X-Twilio-AccountSid"))
    if tenant is None or not _CALL_SID.fullmatch(sid):
        return None
    with tenant_context(tenant):
        leads_here = Q(call__keys__call_sid=sid) | Q(call__legs__call_sid=sid)
        return _only(RealtimeSession.objects.filter(leads_here).distinct(), call.call_id)


def _only(sessions: QuerySet[RealtimeSession], openai_call_id: str) -> SessionName | None:
    """Return the session that has the call already, or the one that awaits it; None for several."""
    awaited = Q(state=SessionState.AWAITED, call__state=CallState.RINGING)
    found = list(sessions.filter(openai_call_id=openai_call_id)[:1] or sessions.filter(awaited)[:2])
    return SessionName(found[0].tenant_id, found[0].pk) if len(found) == 1 else None
