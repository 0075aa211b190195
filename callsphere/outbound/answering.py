"""What the provider is told when somebody whom we called answers. Call these inside the tenant's context."""

from __future__ import annotations

from collections.abc import Callable

from callsphere.calls.enums import CallAction
from callsphere.calls.instructions import After, Place, connect_agent
from callsphere.calls.models import Call
from callsphere.lib.crypto import SecretUnreadable
from callsphere.outbound.enums import MachineAction, Purpose
from callsphere.outbound.models import OutboundCall
from callsphere.providers.twilio import twiml
from tenants.clock import database_now

_MACHINES = ("machine", "fax")
_UNABLE = (SecretUnreadable, twiml.InstructionsInvalid)


Answerer = Callable[[OutboundCall, Call, str], str]
_answerers: dict[str, Answerer] = {}
_listeners: dict[str, Answerer] = {}


def add_answerer(purpose: Purpose, answerer: Answerer, listener: Answerer | None = None) -> None:
    """Have calls of a purpose answered by an app above this one: with order, call and who answered (AMD).

    `listener` is given the keys that were pressed instead, where the answer asked for some.
    """
    _answerers[purpose] = answerer
    if listener is not None:
        _listeners[purpose] = listener


def take_digits(order: OutboundCall, digits: str) -> str:
    """Return the TwiML for whoever pressed keys."""
    listener = _listeners.get(order.purpose)
    if order.call is None or listener is None:
        return twiml.hang_up()
    return listener(order, order.call, digits)


def answer(order: OutboundCall, answered_by: str) -> str:
    """Return the TwiML for whoever answered: the agent, or what is left to a machine."""
    call = order.call
    if call is None:
        return twiml.hang_up()
    if order.purpose in _answerers:
        document = _answerers[order.purpose](order, call, answered_by)
        call.save(update_fields=["action", "because", "end_due_at"])
        return document
    if answered_by.startswith(_MACHINES) and order.machine_action != MachineAction.GO_ON:
        document = _to_machine(order, call)
    else:
        document = _to_agent(order, call)
    call.save(update_fields=["action", "because", "end_due_at"])
    return document


def _to_machine(order: OutboundCall, call: Call) -> str:
    call.action = CallAction.HANG_UP
    if order.machine_action == MachineAction.LEAVE_MESSAGE:
        call.because.append("A machine answered: the message was left after its tone.")
        return twiml.say_and_hang_up(order.machine_message)
    call.because.append("A machine answered: it was hung up on.")
    return twiml.hang_up()


def _to_agent(order: OutboundCall, call: Call) -> str:
    place = Place(f"/voice/{order.phone_number_id}/")
    try:
        if order.version is None:
            raise twiml.InstructionsInvalid("No agent is there for this call.")
        return connect_agent(call, order.version, place, After.AGENT, database_now())
    except _UNABLE as error:
        call.because.append(f"The agent could not be reached: {error}")
        call.action = CallAction.HANG_UP
        return twiml.say_and_hang_up("Sorry, this call was placed by mistake. Goodbye.")
