"""Keeping up with the calls to people on call: whose phone rings, who did not answer, what failed."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.db.models import Q

from callsphere.calls.enums import CallOutcome
from callsphere.escalations.enums import LIVE_ASKS, AskState, RunState, StepKind
from callsphere.escalations.models import Escalation, EscalationAsk
from callsphere.escalations.steps import note
from callsphere.outbound.enums import OrderState
from callsphere.outbound.models import OutboundCall
from tenants.clock import database_now
from tenants.context import platform_context

AT_ONCE = 100
_OVER = (OrderState.ENDED, OrderState.FAILED, OrderState.CANCELED)
_RINGS = Q(state=AskState.ASKED, order__state=OrderState.PLACED)
_CHANGED = _RINGS | Q(state__in=LIVE_ASKS) & (Q(order=None) | Q(order__state__in=_OVER))
_NOT_NEEDED = (RunState.ACCEPTED, RunState.CANCELED)
_WHY: dict[str, str] = {
    CallOutcome.BUSY: "{name} was busy.",
    CallOutcome.NO_ANSWER: "{name} did not answer.",
    CallOutcome.FAILED: "{name} could not be reached.",
}


def follow_calls() -> int:
    """Take note of what became of calls; return of how many escalations. Any number of workers may do so."""
    with platform_context("find calls to people on call that went on"):
        found = EscalationAsk.objects.filter(_CHANGED).values_list("escalation_id", flat=True)
        ids = list(dict.fromkeys(found.order_by()[:AT_ONCE]))
    for run_id in ids:
        _follow(run_id)
    return len(ids)


def _follow(run_id: uuid.UUID) -> None:
    with platform_context("follow calls to people on call"):
        rows = Escalation.objects.filter(pk=run_id).select_related("tenant")
        run = rows.select_for_update(of=("self",), skip_locked=True, no_key=True).first()
        if run is None:
            return
        now = database_now()
        for ask in run.asks.filter(_CHANGED).select_related("order"):
            _take_note(run, ask, ask.order, now)


def _take_note(run: Escalation, ask: EscalationAsk, order: OutboundCall | None, now: datetime) -> None:
    if order is not None and order.state == OrderState.PLACED:
        ask.state = AskState.RINGING
    else:
        ask.state, kind, words = _became(run, ask, order)
        note(run, kind, words, now, ask)
    ask.save(update_fields=["state"])


def _became(
    run: Escalation, ask: EscalationAsk, order: OutboundCall | None
) -> tuple[AskState, StepKind, str]:
    if order is None or order.state == OrderState.CANCELED or _was_ended(run, ask):
        return AskState.WITHDRAWN, StepKind.WITHDRAWN, f"{ask.name} is not called any more."
    if order.state == OrderState.FAILED:
        words = f"{ask.name} could not be called: {order.error or 'the call was not placed.'}"
        return AskState.FAILED, StepKind.FAILED, words
    if order.outcome == CallOutcome.FAILED:
        return AskState.FAILED, StepKind.FAILED, _WHY[CallOutcome.FAILED].format(name=ask.name)
    words = _WHY.get(order.outcome, "{name}'s phone was answered, and no key was pressed.")
    return AskState.NO_ANSWER, StepKind.NO_ANSWER, words.format(name=ask.name)


def _was_ended(run: Escalation, ask: EscalationAsk) -> bool:
    return run.state in _NOT_NEEDED and ask.state != AskState.ANSWERED
