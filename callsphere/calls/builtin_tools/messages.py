"""Taking a message for people."""

from __future__ import annotations

from agents.enums import BuiltinTool
from callsphere.calls.builtin_tools.callers import caller_number, read_named_number
from callsphere.calls.builtin_tools.contract import Builtin, Reply, Run, declined, done
from callsphere.calls.models import CallerMessage
from callsphere.calls.models.follow_ups import LONGEST_CALLER_NAME, LONGEST_MESSAGE

MOST_MESSAGES = 5
"""Of one call: a model that goes in circles fills no list."""
LONGEST_NUMBER = 40
ANOTHER_NUMBER = "Only when the caller wants to be called at another number than they call from"
_BAD_NUMBER = "Nobody can be called back at this number. Ask the caller for it again, with the area code."


def keep_message(run: Run, text: str, *, number: str, is_urgent: bool) -> CallerMessage:
    """Store a message of the caller for people."""
    return CallerMessage.objects.create(
        tenant=run.tenant,
        call=run.call,
        name=run.text("name")[:LONGEST_CALLER_NAME],
        number=number,
        text=text,
        is_urgent=is_urgent,
    )


def take_message(run: Run) -> Reply:
    """Store a message; without a number to call back it is the caller's own."""
    if CallerMessage.objects.filter(tenant=run.tenant, call=run.call).count() >= MOST_MESSAGES:
        return declined(f"{MOST_MESSAGES} messages have been taken in this call. Take no more.")
    text = run.text("text")
    if not text:
        return declined("The message is empty. Ask the caller what to pass on.")
    named = run.text("callback_number")
    number = read_named_number(named, run.call) if named else caller_number(run.call)
    if named and not number:
        return declined(_BAD_NUMBER)
    keep_message(run, text, number=number, is_urgent=bool(run.arguments.get("urgent")))
    if not number:
        advice = "It is kept, but there is no number to call back. Ask for one, and take the message again."
        return done(callback_number=None, what_to_do=advice)
    return done(callback_number=number)


TAKE_MESSAGE = Builtin(
    BuiltinTool.TAKE_MESSAGE,
    "Take a message for the people of the business, who read it later. Use it when the caller wants"
    " something that you cannot do yourself, or asks for somebody who is not there. Ask for the caller's name"
    " and what it is about first, and read the message back. Say that it was taken only after this has"
    " answered with done.",
    {
        "text": {
            "type": "string",
            "minLength": 1,
            "maxLength": LONGEST_MESSAGE,
            "description": "What to pass on, in whole sentences, with everything that is needed to act on it",
        },
        "name": {"type": "string", "maxLength": LONGEST_CALLER_NAME, "description": "The caller's name"},
        "callback_number": {
            "type": "string",
            "maxLength": LONGEST_NUMBER,
            "description": ANOTHER_NUMBER,
        },
        "urgent": {"type": "boolean", "description": "Only when it cannot wait until the next working day"},
    },
    take_message,
    required=("text",),
)
