"""What people on call hear, and what becomes of the key that they press. The first to press 1 has it.

Whoever presses locks the escalation: of two at once, the second finds that the first has it. The database
takes no second acceptance either (`escalation_accepted_once`). A machine presses nothing.
"""

from __future__ import annotations

from datetime import datetime
from functools import partial

from django.db import transaction

from callsphere.calls.enums import CallAction
from callsphere.calls.models import Call
from callsphere.celery import wake
from callsphere.escalations import incidents
from callsphere.escalations.enums import LIVE_ASKS, OPEN_STATES, AskState, RunState, StepKind
from callsphere.escalations.locking import lock_ask
from callsphere.escalations.models import Escalation, EscalationAsk
from callsphere.escalations.steps import note
from callsphere.escalations.telling import tell_asked
from callsphere.escalations.wording import NO_KEY, PASSED, spoken_end, spoken_request, spoken_thanks
from callsphere.outbound.answering import add_answerer
from callsphere.outbound.enums import Purpose
from callsphere.outbound.models import OutboundCall
from callsphere.outbound.placing import addresses_of
from callsphere.providers.twilio import twiml
from tenants.clock import database_now

TASK, QUEUE = "escalations.go_on", "deliver"
ASKED_TIMES, WAITS_S = 3, 8
_MAY_TAKE = (*LIVE_ASKS, AskState.DECLINED)


def answer_calls() -> None:
    """Have calls to people on call answered here."""
    add_answerer(Purpose.ON_CALL, answer_person, take_key)


def answer_person(order: OutboundCall, call: Call, _answered_by: str) -> str:
    """Tell whoever answered what it is about, and ask them to take it."""
    call.action = CallAction.PERSON
    ask = lock_ask(order.pk)
    if ask is None:
        return twiml.hang_up()
    run = ask.escalation
    if run.state not in OPEN_STATES:
        return twiml.say_and_hang_up(spoken_end(run))
    if ask.state in (AskState.ASKED, AskState.RINGING):
        _change(ask, AskState.ANSWERED)
        note(run, StepKind.ANSWERED, f"{ask.name}'s phone was answered.", database_now(), ask)
    return _request(order, run)


def take_key(order: OutboundCall, _call: Call, digits: str) -> str:
    """Do what somebody's key says: 1 takes it, 2 passes; with any other they are asked again."""
    ask = lock_ask(order.pk)
    if ask is None:
        return twiml.hang_up()
    run, now = ask.escalation, database_now()
    if ask.state == AskState.ACCEPTED:  # told again by the provider
        return twiml.say_and_hang_up(spoken_thanks(run))
    if run.state not in OPEN_STATES:
        if digits == "1":
            note(run, StepKind.LATE, f"{ask.name} wanted to take it too, and heard who has it.", now, ask)
        return twiml.say_and_hang_up(spoken_end(run))
    if digits == "1" and ask.state in _MAY_TAKE:
        _accept(run, ask, now)
        return twiml.say_and_hang_up(spoken_thanks(run))
    if digits == "2":
        _decline(run, ask, now)
        return twiml.say_and_hang_up(PASSED)
    return _request(order, run)


def _request(order: OutboundCall, run: Escalation) -> str:
    action = f"{addresses_of(order)}digits/"
    return twiml.ask_for_key(
        spoken_request(run), action=action, otherwise=NO_KEY, times=ASKED_TIMES, wait_s=WAITS_S
    )


def _accept(run: Escalation, ask: EscalationAsk, now: datetime) -> None:
    was_over = run.state != RunState.RINGING
    _change(ask, AskState.ACCEPTED)
    run.state, run.accepted_by_id, run.accepted_name, run.accepted_at = (
        RunState.ACCEPTED,
        ask.person_id,
        ask.name,
        now,
    )
    run.ended_at, run.tier_until, run.due_at = run.ended_at or now, None, now
    run.save()
    note(run, StepKind.ACCEPTED, f"{ask.name} has taken it.", now, ask)
    tell_asked(run, now, but=ask.number)
    if was_over:
        incidents.tell_taken(run, now)
    transaction.on_commit(partial(wake, TASK, QUEUE))


def _decline(run: Escalation, ask: EscalationAsk, now: datetime) -> None:
    if ask.state not in LIVE_ASKS:
        return
    _change(ask, AskState.DECLINED)
    note(run, StepKind.DECLINED, f"{ask.name} passed.", now, ask)
    of_tier = run.asks.filter(tier=run.tier)
    if run.state == RunState.RINGING and not of_tier.exclude(state=AskState.DECLINED).exists():
        run.due_at = now  # nobody of this tier is left to wait for
        run.save(update_fields=["due_at"])
        transaction.on_commit(partial(wake, TASK, QUEUE))


def _change(ask: EscalationAsk, state: AskState) -> None:
    ask.state = state
    ask.save(update_fields=["state"])
