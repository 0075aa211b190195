"""Putting the caller through to a person."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

from agents.enums import BuiltinTool
from callsphere.calls.builtin_tools.callers import caller_number
from callsphere.calls.builtin_tools.contract import Builtin, Errand, Reply, Run, declined, done
from callsphere.calls.builtin_tools.handing_over import is_handed_over
from callsphere.calls.builtin_tools.messages import MOST_MESSAGES, keep_message
from callsphere.calls.enums import CallAction, CallState, EndReason
from callsphere.calls.incidents import tell_escalated
from callsphere.calls.instructions import call_person, place_of
from callsphere.calls.models import Call, CallerMessage, CallNote
from callsphere.calls.models.follow_ups import LONGEST_MESSAGE
from callsphere.calls.provider_side import CannotAsk, account_of
from callsphere.providers.twilio import twiml
from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.calls import find_legs, read_call, redirect_call
from callsphere.providers.twilio.errors import TwilioError
from tenants.clock import database_now

_LOOKS_AFTER_S = (0.5, 1.0, 2.0, 2.0)
"""What the provider says of a call may be some seconds old."""
PUT_THROUGH = "One moment please, I am putting you through."
_REASON = {
    "type": "string",
    "minLength": 1,
    "maxLength": LONGEST_MESSAGE,
    "description": "What the caller needs, in whole sentences",
}


@dataclass(frozen=True, slots=True)
class Transfer:
    """A call that is to be led to a person. `document` is TwiML, `otherwise` what to do when that fails."""

    run: Run
    number: str
    document: str
    otherwise: Callable[[str], Reply]


def transfer_to_human(run: Run) -> Reply | Errand:
    """Lead the caller to the number that the agent has for people."""
    return _put_through(run, _no_transfer)


Escalator = Callable[[Run], Reply | None]
_escalators: list[Escalator] = []


def add_escalator(escalator: Escalator) -> None:
    """Have an app above this one asked first when an agent escalates; it returns None where it has no way."""
    _escalators.append(escalator)


def escalate(run: Run) -> Reply | Errand:
    """Ask people on call, or lead the caller to a person.

    Where neither can be, leave an urgent message and tell of it at once.
    """
    for escalator in _escalators:
        reply = escalator(run)
        if reply is not None:
            return reply
    return _put_through(run, partial(_alarm, run))


def _put_through(run: Run, otherwise: Callable[[str], Reply]) -> Reply | Errand:
    call, number = run.call, run.version.transfer_number
    if call.state == CallState.ENDED:
        return declined("The call is over.")
    if is_handed_over(run):
        return declined("The caller is being put through already. Say nothing more.")
    if not number or (call.phone_number_id is None and call.trunk_id is None):
        return otherwise("There is no number to transfer to.")
    # told to the provider first: this copy is not stored
    document = call_person(Call(pk=call.pk, tenant=run.tenant), number, place_of(call))
    transfer = Transfer(run, number, twiml.say_then(PUT_THROUGH, document), otherwise)
    return Errand(partial(_go, transfer))


def _go(transfer: Transfer) -> Callable[[], Reply]:
    run = transfer.run
    try:
        account = account_of(run.tenant.pk)
        redirect_call(account, run.call.call_sid, transfer.document)
    except TwilioError as error:
        if error.outcome_unknown and _went_through(account, transfer):
            return partial(_done, transfer)
        return partial(_failed, transfer, str(error))
    except (CannotAsk, twiml.InstructionsInvalid) as error:
        return partial(_failed, transfer, str(error))
    return partial(_done, transfer)


def _went_through(account: TwilioAccount, transfer: Transfer) -> bool:
    """Look whether a call does what it was to do though the provider's answer was lost.

    The agent's leg ends when another document begins. Where nothing can be seen, the agent may still have the
    caller, who is then better told so than left waiting.
    """
    has_left = False
    for pause_s in _LOOKS_AFTER_S:
        time.sleep(pause_s)
        try:
            call = read_call(account, transfer.run.call.call_sid)
            legs = find_legs(account, transfer.run.call.call_sid)
        except TwilioError:
            continue
        if call.is_over:
            return False
        if any(leg.to_number == transfer.number for leg in legs):
            return True
        has_left = bool(legs) and all(leg.is_over for leg in legs)
    return has_left


def _done(transfer: Transfer) -> Reply:
    run, number = transfer.run, transfer.number
    # by now the provider may have asked what to do since nobody answered: that stays
    mine = Call.objects.filter(tenant=run.tenant, pk=run.call.pk, action=run.call.action)
    mine.update(action=CallAction.PERSON, sent_to=number)
    mine_now = Call.objects.filter(tenant=run.tenant, pk=run.call.pk, action=CallAction.PERSON)
    mine_now.exclude(end_reason=EndReason.ASKED).update(end_due_at=None, end_reason="")
    _note(run, f"The agent transferred the caller to {number}.")
    return done(what_to_do="The caller is being put through. Say nothing more.")


def _failed(transfer: Transfer, why: str) -> Reply:
    _note(transfer.run, f"The agent could not transfer the caller to {transfer.number}: {why}")
    return transfer.otherwise(why)


def _no_transfer(why: str) -> Reply:
    advice = "The caller cannot be put through. Tell them so, and offer to take a message."
    return declined(advice, detail=why)


def _alarm(run: Run, why: str) -> Reply:
    if CallerMessage.objects.filter(tenant=run.tenant, call=run.call).count() < MOST_MESSAGES:
        text = run.text("reason") or "The caller needs a person at once."
        keep_message(run, text, number=caller_number(run.call), is_urgent=True)
    tell_escalated(run.call, run.now)
    advice = "Nobody can take the call now, but people are told that it is urgent. Tell the caller so."
    return Reply({"done": True, "transferred": False, "what_to_do": advice}, detail=why)


def _note(run: Run, text: str) -> None:
    key = f"transfer:{run.function_call_id}"[:96]
    note = CallNote(tenant=run.tenant, call=run.call, key=key, text=text[:500], noted_at=database_now())
    CallNote.objects.bulk_create([note], ignore_conflicts=True)


TRANSFER_TO_HUMAN = Builtin(
    BuiltinTool.TRANSFER_TO_HUMAN,
    "Put the caller through to a person of the business; you leave the call by that. Use it when the caller"
    " asks for a person, or needs one. Tell the caller first that you are about to put them through, and wait"
    " until they have agreed. If nobody answers, the caller can leave a message.",
    {"reason": _REASON},
    transfer_to_human,
)
ESCALATE = Builtin(
    BuiltinTool.ESCALATE,
    "Get a person at once, for what cannot wait: danger, great damage, or a caller who is very upset. It puts"
    " the caller through, has people on call called, or leaves an urgent message and alarms people. For"
    " anything else, transfer the call or take a message.",
    {
        "reason": _REASON,
        "name": {"type": "string", "maxLength": 100, "description": "The caller's name, if you know it"},
    },
    escalate,
    required=("reason",),
)
