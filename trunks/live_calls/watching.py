"""Calls under way: watched from their answer, put off by each refresh, claimed when they should be over.

Whoever places or takes calls tells `watch_call`, `call_refreshed` and `call_over`; `sweep` claims
what is due and settles it. Call the first three in a tenant's context or the platform's; those that the
sweep uses open their own. A claim raises a number in the row and lends it until LEASE_S are over. That a call
is over is a fact, whoever brings the news; that an attempt failed counts only for the claim that it was.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet

from tenants.context import platform_context
from trunks.enums import EndReason, LiveCallState
from trunks.live_calls.enders import Ending, EndingCall, ender_of
from trunks.live_calls.incidents import tell_ended, tell_not_ended, tell_settled
from trunks.models import LiveCall, SessionTimerPolicy
from trunks.models.live_calls import OVER_STATES
from trunks.session_timers.policy import ends_after_s
from trunks.storable import without_nul

LEASE_S = 40.0
"""Longer than an ender may take (`trunks.live_calls.enders.ENDER_S`)."""
FIRST_RETRY_S = 10
LONGEST_RETRY_S = 300
ATTEMPTS = 15
"""How often a call is tried to be ended, within about an hour, before it counts as lost."""
KEPT = timedelta(days=7)


def watch_call(
    *,
    tenant_id: uuid.UUID,
    trunk_id: uuid.UUID,
    provider: str,
    reference: str,
    answered_at: datetime,
    session_interval_s: int | None,
) -> LiveCall:
    """Watch a call that was answered; told again of the same one, change nothing.

    `session_interval_s` is what the 2xx agreed on, None where it has no session timer. How long the call may
    last is what the trunk's policy says now. Raises ValueError for a provider whose calls nobody can end.
    """
    if ender_of(provider) is None:
        raise ValueError(f"nobody can end calls of {provider!r}")
    longest = SessionTimerPolicy.objects.values_list("longest_call_s", flat=True).get(trunk=trunk_id)
    call = LiveCall(
        tenant_id=tenant_id,
        trunk_id=trunk_id,
        provider=provider,
        reference=reference,
        answered_at=answered_at,
        session_interval_s=session_interval_s,
        refresh_overdue_at=_overdue_at(answered_at, session_interval_s),
        too_long_at=None if longest is None else answered_at + timedelta(seconds=longest),
    )
    call.next_look_at = _next_look_at(call)
    LiveCall.objects.bulk_create([call], ignore_conflicts=True)
    return LiveCall.objects.get(tenant=tenant_id, provider=provider, reference=reference)


def call_refreshed(
    *, tenant_id: uuid.UUID, provider: str, reference: str, now: datetime, session_interval_s: int | None
) -> bool:
    """Put off the end of a call whose refresh was answered with 2xx; whether the call is one that goes on.

    `session_interval_s` is what the 2xx says. A call that was to be ended for want of this is left alone.
    """
    with transaction.atomic():
        call = _going_on(tenant_id, provider, reference).select_for_update(no_key=True).first()
        if call is None:
            return False
        call.session_interval_s = session_interval_s
        call.refresh_overdue_at = _overdue_at(now, session_interval_s)
        if call.reason == EndReason.NOT_REFRESHED:
            call.state, call.reason, call.attempts, call.claim = LiveCallState.LIVE, "", 0, call.claim + 1
        if call.state == LiveCallState.LIVE:
            call.next_look_at = _next_look_at(call)
        call.save()
        if call.state == LiveCallState.LIVE:
            tell_settled(call, "It was refreshed.", now)
    return True


def call_over(*, tenant_id: uuid.UUID, provider: str, reference: str, now: datetime) -> bool:
    """Take note that a call has ended by itself; whether that is news."""
    with transaction.atomic():
        call = _going_on(tenant_id, provider, reference).select_for_update(no_key=True).first()
        if call is None:
            return False
        call.state, call.ended_at, call.next_look_at = LiveCallState.ENDED, now, None
        call.save()
        tell_settled(call, "The call has ended by itself.", now)
    return True


def call_lost(*, tenant_id: uuid.UUID, provider: str, reference: str, why: str, now: datetime) -> bool:
    """Give up a call that nobody could end, with an incident; whether that is news."""
    with transaction.atomic():
        call = _going_on(tenant_id, provider, reference).select_for_update(no_key=True).first()
        if call is None:
            return False
        call.state, call.ended_at, call.next_look_at = LiveCallState.LOST, now, None
        call.outcome = without_nul(why)[:255]
        call.save()
        tell_not_ended(call, now)
    return True


def claim_due(now: datetime, limit: int) -> list[EndingCall]:
    """Lend up to `limit` calls that should be over, those that waited longest; others skip them meanwhile."""
    with platform_context("claim calls to be ended"):
        rows = list(
            LiveCall.objects.filter(next_look_at__lte=now)
            .select_for_update(skip_locked=True, no_key=True)
            .order_by("next_look_at")[:limit]
        )
        for row in rows:
            row.state, row.reason = LiveCallState.ENDING, row.reason or _reason_of(row, now)
            row.claim, row.attempts, row.outcome = row.claim + 1, row.attempts + 1, ""
            row.next_look_at = now + timedelta(seconds=LEASE_S)
        LiveCall.objects.bulk_update(
            rows, ["state", "reason", "claim", "attempts", "outcome", "next_look_at"]
        )
    return [_lent(row) for row in rows]


def settle_ended(call: EndingCall, ending: Ending, now: datetime) -> bool:
    """Store that a call is over, with an incident when we ended it; whether that is news."""
    with platform_context("store the end of a call"):
        row = _locked(call).first()
        if row is None or not _is_news(row, call):
            return False
        row.state, row.ended_at, row.next_look_at = LiveCallState.ENDED, row.ended_at or now, None
        row.reason, row.outcome = call.reason, without_nul(ending.said)[:255]
        row.save()
        tell_settled(row, "The call is over.", now)
        if ending.by_us:
            tell_ended(row, now)
    return True


def settle_not_ended(call: EndingCall, why: str, now: datetime) -> datetime | None:
    """Put a call that could not be ended off, with an incident; return until when, None after the last time.

    Nothing happens when somebody else has taken it over, or a refresh has come meanwhile.
    """
    with platform_context("store that a call goes on"):
        row = _locked(call).filter(state=LiveCallState.ENDING, claim=call.number).first()
        if row is None:
            return None
        row.outcome = without_nul(why)[:255]
        row.next_look_at = None if row.attempts >= ATTEMPTS else now + _wait(row.attempts)
        if row.next_look_at is None:
            row.state, row.ended_at = LiveCallState.LOST, now
        row.save()
        tell_not_ended(row, now)
    return row.next_look_at


def forget_old_calls(now: datetime) -> int:
    """Delete what has been over for a week; return how many calls that were."""
    with platform_context("forget calls that are over"):
        return LiveCall.objects.filter(ended_at__lt=now - KEPT).delete()[0]


def _going_on(tenant_id: uuid.UUID, provider: str, reference: str) -> QuerySet[LiveCall]:
    named = LiveCall.objects.filter(tenant=tenant_id, provider=provider, reference=reference)
    return named.exclude(state__in=OVER_STATES)


def _locked(call: EndingCall) -> QuerySet[LiveCall]:
    own = LiveCall.objects.filter(pk=call.id).select_related("trunk")
    return own.select_for_update(of=("self",), no_key=True)


def _is_news(row: LiveCall, call: EndingCall) -> bool:
    """Whether the end of a call is still to be told: `call_over` may have heard of what this claim did."""
    return row.state not in OVER_STATES or (row.claim == call.number and not row.outcome)


def _lent(row: LiveCall) -> EndingCall:
    return EndingCall(
        row.pk,
        row.tenant_id,
        row.provider,
        row.reference,
        EndReason(row.reason),
        row.claim,
        row.attempts,
    )


def _overdue_at(since: datetime, interval_s: int | None) -> datetime | None:
    """When the side that waits hangs up (RFC 4028 §10): we do it in its place."""
    return None if interval_s is None else since + timedelta(seconds=ends_after_s(interval_s))


def _next_look_at(call: LiveCall) -> datetime | None:
    return min((each for each in (call.refresh_overdue_at, call.too_long_at) if each), default=None)


def _reason_of(call: LiveCall, now: datetime) -> EndReason:
    overdue, too_long = call.refresh_overdue_at, call.too_long_at
    if too_long is None or (overdue is not None and overdue <= min(now, too_long)):
        return EndReason.NOT_REFRESHED
    return EndReason.TOO_LONG


def _wait(attempts: int) -> timedelta:
    return timedelta(seconds=min(FIRST_RETRY_S * 2 ** (attempts - 1), LONGEST_RETRY_S))
