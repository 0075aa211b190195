"""Asking a tier: a call and a text for everybody in it, all or none. Call it with the escalation locked."""

from __future__ import annotations

from datetime import datetime, timedelta

from callsphere.escalations.enums import AskState, StepKind
from callsphere.escalations.models import Escalation, EscalationAsk
from callsphere.escalations.steps import note, why_no_text, write_text
from callsphere.escalations.wording import text_request
from callsphere.outbound.services import order_on_call
from trunks.enums import NumberState

_NO_NUMBER = "The policy's number is not active any more: nobody can be called from it."


def ask_tier(run: Escalation, tier: int, now: datetime) -> None:
    """Ask everybody of a tier, who then have `tier_s` seconds. What cannot be done is in the timeline."""
    asks = list(run.asks.filter(tier=tier, state=AskState.PLANNED))
    run.tier, run.tier_until = tier, now + timedelta(seconds=run.tier_s)
    run.due_at = run.tier_until
    run.save(update_fields=["tier", "tier_until", "due_at"])
    names = ", ".join(ask.name for ask in asks)
    note(run, StepKind.TIER, f"Tier {tier} is asked for {run.tier_s} seconds: {names}.", now)
    for ask in asks:
        _ask(run, ask, now)


def _ask(run: Escalation, ask: EscalationAsk, now: datetime) -> None:
    ask.asked_at = now
    _order_call(run, ask, now)
    why_not = why_no_text(run, ask)
    if why_not:
        note(run, StepKind.NOT_TEXTED, why_not, now, ask)
    else:
        ask.text = write_text(run, ask, text_request(run), now)
        note(run, StepKind.TEXTED, f"A text is sent to {ask.name}.", now, ask)
    ask.save(update_fields=["state", "order", "text", "asked_at"])


def _order_call(run: Escalation, ask: EscalationAsk, now: datetime) -> None:
    number = run.phone_number
    if number is None or number.state != NumberState.ACTIVE or run.tier_until is None:
        ask.state = AskState.FAILED
        note(run, StepKind.FAILED, _NO_NUMBER, now, ask)
        return
    ask.state = AskState.ASKED
    ask.order = order_on_call(
        tenant=run.tenant,
        phone_number=number,
        to_number=ask.number,
        requested_by=f"The escalation policy {run.policy_name}",
        due_at=now,
        expires_at=run.tier_until,
    )
    note(run, StepKind.ASKED, f"{ask.name} is called at {ask.number}.", now, ask)
