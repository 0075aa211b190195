"""Brings the log up to what was told: folds all events of a call into its row, legs and messages.

A batch claims events that no call shows yet, locks the calls that they are about, and folds everything that
was ever told of those: the order in which events come, who applies them and how often changes nothing.
"""

from __future__ import annotations

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import structlog
from django.db import OperationalError, transaction
from django.db.models import Q

from callsphere.calls.answering import LONGEST_UNWATCHED
from callsphere.calls.enums import CallState, EventKind, SessionState
from callsphere.calls.folding import CallFacts, LegFacts, fold
from callsphere.calls.judging import Done, judge
from callsphere.calls.models import Call, CallEvent, CallKey, CallLeg, RealtimeSession, VoiceMessage
from callsphere.calls.watching import watch
from callsphere.lib.ids import uuid7_at
from tenants.clock import database_now
from tenants.context import platform_context

BATCH = 500
PRICED_AFTER = timedelta(seconds=90)
"""The provider knows what a call costs some time after its end."""
_Key = tuple[uuid.UUID, str]
"""Tenant and id of a call at the provider."""
_LEG_FIELDS = (
    *("kind", "target", "state", "sip_code", "error_code", "attestation"),
    *("started_at", "answered_at", "ended_at"),
)
_CALL_FIELDS = (
    *("direction", "our_number", "their_number", "state", "outcome", "hung_up_by", "sip_code", "error_code"),
    *("cause", "verstat", "answered_by", "answered_at", "ended_at", "talked_s", "price", "price_unit"),
    *("end_due_at", "look_due_at", "looks"),
)


log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Folded:
    call: Call
    facts: CallFacts


def apply_waiting(limit: int = BATCH) -> int:
    """Apply some events that wait, in one transaction; return how many. Any number of workers may do so."""
    with platform_context("apply what was told of calls"):
        waiting = list(
            CallEvent.objects.filter(applied_at=None)
            .order_by("received_at")
            .select_for_update(skip_locked=True, no_key=True)
            .values_list("pk", "tenant_id", "root_sid")[:limit]
        )
        if not waiting:
            return 0
        keys = sorted({(tenant, sid) for _, tenant, sid in waiting})
        now = database_now()
        if not _applied(keys, now):
            for key in keys:  # one that cannot be stored keeps no others waiting
                _applied([key], now)
        CallEvent.objects.filter(pk__in=[pk for pk, *_ in waiting]).update(applied_at=now)
    return len(waiting)


def _applied(keys: list[_Key], now: datetime) -> bool:
    """Bring some calls up to what was told of them, all or none; whether that could be done."""
    try:
        with transaction.atomic():
            calls, told = _locked_calls(keys), _all_told(keys)
            _store([each for key in keys if (each := _fold(calls[key], told[key], now))], now)
    except OperationalError:
        raise  # the database is away or busy: nothing is lost, the events wait
    except Exception:
        log.exception("calls_not_applied", calls=[sid for _tenant, sid in keys])
        return False
    return True


def _locked_calls(keys: list[_Key]) -> dict[_Key, Call]:
    """Return the calls, locked in one order, those that nobody has made yet made."""
    found = _find(keys)
    missing = [key for key in keys if key not in found]
    if missing:
        _make(missing)
        found |= _find(missing)
    return found


def _find(keys: list[_Key]) -> dict[_Key, Call]:
    rows = CallKey.objects.filter(_named("call_sid", keys)).select_related("call")
    in_order = rows.order_by("tenant", "call_sid").select_for_update(of=("call",), no_key=True)
    return {(row.tenant_id, row.call_sid): row.call for row in in_order}


def _make(keys: list[_Key]) -> None:
    """Make rows for calls whose first request was never told: from what was told later."""
    told = _all_told(keys)
    calls = []
    for tenant_id, sid in keys:
        first = min(told[tenant_id, sid], key=lambda event: event.received_at)
        calls.append(
            Call(
                id=uuid7_at(first.received_at),
                tenant_id=tenant_id,
                direction=fold(sid, [first]).direction,
                call_sid=sid,
                phone_number_id=first.phone_number_id,
                trunk_id=first.trunk_id,
                started_at=first.received_at,
                look_due_at=first.received_at + LONGEST_UNWATCHED,
            )
        )
    Call.objects.bulk_create(calls)
    made = [CallKey(tenant_id=call.tenant_id, call_sid=call.call_sid, call=call) for call in calls]
    CallKey.objects.bulk_create(made, ignore_conflicts=True)
    # whoever else made the same call at the same time and was first has the key; ours is nobody's
    Call.objects.filter(pk__in=[call.pk for call in calls], keys=None).delete()


def _all_told(keys: list[_Key]) -> dict[_Key, list[CallEvent]]:
    told: dict[_Key, list[CallEvent]] = defaultdict(list)
    for event in CallEvent.objects.filter(_named("root_sid", keys)):
        told[event.tenant_id, event.root_sid].append(event)
    return told


def _named(field: str, keys: Iterable[_Key]) -> Q:
    by_tenant: dict[uuid.UUID, list[str]] = defaultdict(list)
    for tenant_id, sid in keys:
        by_tenant[tenant_id].append(sid)
    named = Q(pk__in=[])
    for tenant_id, sids in by_tenant.items():
        named |= Q(tenant_id=tenant_id, **{f"{field}__in": sids})
    return named


def _fold(call: Call, events: list[CallEvent], now: datetime) -> _Folded | None:
    """Write into a call's row what all events say together, without storing it.

    Return None where a call is over and what was told of it is gone with its
    trunk: what we asked later says less.
    """
    facts = fold(call.call_sid, events)
    if call.state == CallState.ENDED and all(event.kind == EventKind.LOOKED_UP for event in events):
        return None
    found = judge(facts, Done(call.action, call.end_reason))
    was_over = call.state == CallState.ENDED
    call.direction, call.state, call.answered_at = facts.direction, facts.state, facts.answered_at
    call.our_number, call.their_number = facts.our_number, facts.their_number
    call.outcome, call.hung_up_by, call.cause = found.outcome, found.hung_up_by, found.cause
    call.sip_code, call.error_code = found.sip_code, found.error_code
    call.verstat, call.answered_by = facts.verstat[:48], facts.answered_by
    call.price = Decimal(facts.price) if facts.price else None
    call.price_unit = facts.price_unit
    if facts.state == CallState.ENDED:
        call.ended_at, call.end_due_at = facts.own.ended_at, None
        call.talked_s = _talked_s(facts)
        if not was_over:
            call.look_due_at, call.looks = now + PRICED_AFTER, 0
    if call.price is not None:
        call.look_due_at = None
    return _Folded(call, facts)


def _talked_s(facts: CallFacts) -> int | None:
    if facts.answered_at is None or facts.own.ended_at is None:
        return None
    return max(0, round((facts.own.ended_at - facts.answered_at).total_seconds()))


def _store(folded: list[_Folded], now: datetime) -> None:
    calls = [each.call for each in folded]
    Call.objects.bulk_update(calls, _CALL_FIELDS)
    legs = [_leg(each.call, leg) for each in folded for leg in each.facts.legs]
    CallLeg.objects.bulk_create(
        legs, update_conflicts=True, unique_fields=["tenant", "call", "call_sid"], update_fields=_LEG_FIELDS
    )
    messages = [
        VoiceMessage(tenant_id=call.tenant_id, call=call, recording_sid=sid, duration_s=seconds)
        for call, facts in ((each.call, each.facts) for each in folded)
        for sid, seconds in facts.recordings.items()
    ]
    VoiceMessage.objects.bulk_create(
        messages,
        update_conflicts=True,
        unique_fields=["tenant", "call", "recording_sid"],
        update_fields=["duration_s"],
    )
    over = [call.pk for call in calls if call.state == CallState.ENDED]
    RealtimeSession.objects.filter(call__in=over, state=SessionState.AWAITED).update(
        state=SessionState.OVER, why="OpenAI never told of the call.", ended_at=now
    )
    for call in calls:
        watch(call, now)


def _leg(call: Call, leg: LegFacts) -> CallLeg:
    values = {name: getattr(leg, name) for name in _LEG_FIELDS}
    # legs of one second keep the order in which they were called, by their ids
    return CallLeg(
        id=uuid7_at(leg.heard_at), tenant_id=call.tenant_id, call=call, call_sid=leg.call_sid, **values
    )
