"""Promising that somebody calls back."""

from __future__ import annotations

from datetime import timedelta

from agents.enums import BuiltinTool
from callsphere.calls.builtin_tools.callers import caller_number, read_named_number
from callsphere.calls.builtin_tools.clocks import DAY, TIME, NotAMoment, clock_of
from callsphere.calls.builtin_tools.contract import Builtin, Reply, Run, declined, done
from callsphere.calls.builtin_tools.messages import ANOTHER_NUMBER, LONGEST_NUMBER
from callsphere.calls.models import CallbackRequest
from callsphere.calls.models.follow_ups import LONGEST_NOTE

FURTHEST = timedelta(days=60)
MOST_CALLBACKS = 5
"""Of one call."""
_NO_NUMBER = "There is no number to call back. Ask the caller for one, with the area code."


def schedule_callback(run: Run) -> Reply:
    """Store when somebody is to call; refuses the past, and what is too far away."""
    if CallbackRequest.objects.filter(tenant=run.tenant, call=run.call).count() >= MOST_CALLBACKS:
        return declined(f"{MOST_CALLBACKS} callbacks have been noted in this call. Note no more.")
    clock = clock_of(run.call, run.now)
    try:
        wanted_at = clock.moment(run.text("day"), run.text("time"))
    except NotAMoment as error:
        return declined(str(error), **clock.facts())
    if wanted_at <= run.now:
        return declined("This time is over. Agree on a later one with the caller.", **clock.facts())
    if wanted_at > run.now + FURTHEST:
        words = f"This is more than {FURTHEST.days} days away. Agree on an earlier day with the caller."
        return declined(words, **clock.facts())
    named = run.text("number")
    number = read_named_number(named, run.call) if named else caller_number(run.call)
    if not number:
        return declined(_NO_NUMBER)
    CallbackRequest.objects.create(
        tenant=run.tenant,
        call=run.call,
        number=number,
        wanted_at=wanted_at,
        time_zone=clock.zone.key,
        note=run.text("note")[:LONGEST_NOTE],
    )
    return done(calls_back_at=clock.says(wanted_at), number=number, **clock.facts())


SCHEDULE_CALLBACK = Builtin(
    BuiltinTool.SCHEDULE_CALLBACK,
    "Note that somebody of the business is to call the caller back at a certain day and time. Agree on both"
    " with the caller first; pass the day on as they said it, you need not know today's date. Then read back"
    " the day, time and number that this answers with.",
    {
        "day": DAY,
        "time": TIME,
        "note": {"type": "string", "maxLength": LONGEST_NOTE, "description": "What the call is about"},
        "number": {
            "type": "string",
            "maxLength": LONGEST_NUMBER,
            "description": ANOTHER_NUMBER,
        },
    },
    schedule_callback,
    required=("day", "time"),
)
