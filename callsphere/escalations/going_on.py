"""What workers do each second: the next tier when a tier's time is over, and the end when nobody is left.

All of it is in the database: calls are ordered, texts written, calls marked to be ended, and other workers
do so. An escalation is one transaction, so that a worker that dies leaves it as it was.
"""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta

import structlog
from django.db import DatabaseError
from django.db.models import Min

from callsphere.calls.enums import CallState, EndReason
from callsphere.calls.models import Call
from callsphere.escalations import incidents
from callsphere.escalations.asking import ask_tier
from callsphere.escalations.enums import AskState, RunState, StepKind
from callsphere.escalations.models import Escalation, EscalationAsk
from callsphere.escalations.steps import note
from callsphere.escalations.wording import how_it_ended
from callsphere.outbound.services import withdraw_orders
from tenants.clock import database_now
from tenants.context import platform_context

AT_ONCE = 100
AGAIN_AFTER = timedelta(seconds=2)
"""Until it is looked whether calls that are not needed any more have ended."""
PUT_OFF = timedelta(seconds=30)

log = structlog.get_logger(__name__)


def go_on_with_due() -> int:
    """Go on with escalations that are due; return how many. Any number of workers may do so."""
    done = 0
    while done < AT_ONCE and _go_on_with_one():
        done += 1
    return done


def _go_on_with_one() -> bool:
    run_id: uuid.UUID | None = None
    try:
        with platform_context("go on with an escalation"):
            run = _claim(database_now())
            if run is None:
                return False
            run_id = run.pk
            _go_on(run, database_now())
    except DatabaseError as error:
        # one that the database does not take must not keep all the others from going on
        log.exception("escalation_stuck", escalation=str(run_id), error=type(error).__name__)
        if run_id is None:
            raise
        _put_off(run_id)
    return True


def _claim(now: datetime) -> Escalation | None:
    rows = Escalation.objects.filter(due_at__lte=now).select_related("tenant", "phone_number")
    return rows.select_for_update(of=("self",), skip_locked=True, no_key=True).order_by("due_at").first()


def _put_off(run_id: uuid.UUID) -> None:
    with platform_context("put off an escalation"):
        rows = Escalation.objects.filter(pk=run_id, due_at__isnull=False)
        rows.update(due_at=database_now() + PUT_OFF)


def _go_on(run: Escalation, now: datetime) -> None:
    if run.state == RunState.RINGING:
        _next_tier(run, now)
    elif run.state in (RunState.ACCEPTED, RunState.CANCELED):
        _wind_up(run, now)
    else:
        _due(run, None)


def _next_tier(run: Escalation, now: datetime) -> None:
    left = run.asks.filter(state=AskState.PLANNED, tier__gt=run.tier)
    tier = left.aggregate(first=Min("tier"))["first"]
    if tier is None:
        _end_unanswered(run, now)
    else:
        ask_tier(run, tier, now)


def _end_unanswered(run: Escalation, now: datetime) -> None:
    """Nobody is left to ask. Phones that ring go on: whoever presses 1 takes it still."""
    run.state = RunState.VOICEMAIL if run.takes_voicemail else RunState.UNANSWERED
    run.ended_at, run.tier_until, run.due_at = now, None, None
    run.save(update_fields=["state", "ended_at", "tier_until", "due_at"])
    note(run, StepKind.UNANSWERED, "Everybody was asked, and nobody took it: an incident is open.", now)
    if run.takes_voicemail:
        note(run, StepKind.VOICEMAIL, "The caller's message is wanted.", now)
    incidents.tell_unanswered(run, now)


def _wind_up(run: Escalation, now: datetime) -> None:
    """End calls that are not needed any more; look again until none is left that may ring."""
    asks = {ask.order_id: ask for ask in run.asks.filter(state__in=[AskState.ASKED, AskState.RINGING])}
    ids = [pk for pk in asks if pk is not None]
    withdrawn = withdraw_orders(tenant=run.tenant, ids=ids, now=now)
    for pk in withdrawn:
        ask = asks.pop(pk)
        ask.state = AskState.WITHDRAWN
        ask.save(update_fields=["state"])
        note(run, StepKind.WITHDRAWN, f"{ask.name} is not called any more.", now, ask)
    run.asks.filter(state=AskState.PLANNED).update(state=AskState.WITHDRAWN)
    _end_ringing(run, list(asks.values()), now)
    _due(run, now + AGAIN_AFTER if asks else None)


def _end_ringing(run: Escalation, asks: list[EscalationAsk], now: datetime) -> None:
    calls = Call.objects.filter(
        tenant=run.tenant, pk__in=[ask.order.call_id for ask in asks if ask.order], end_due_at=None
    ).exclude(state=CallState.ENDED)
    # not waited for: whoever answers a call holds it, and waits for the escalation
    for call in calls.select_for_update(of=("self",), skip_locked=True, no_key=True):
        call.end_due_at, call.end_reason = now, EndReason.ASKED
        call.because = [*call.because, f"{how_it_ended(run)} This call is not needed any more."]
        call.save(update_fields=["end_due_at", "end_reason", "because"])


def _due(run: Escalation, at: datetime | None) -> None:
    run.due_at = at
    run.save(update_fields=["due_at"])
