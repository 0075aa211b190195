"""Whether somebody is there."""

from __future__ import annotations

from agents.enums import BuiltinTool
from agents.hours import opening_at
from agents.plans import schedule_of
from callsphere.calls.builtin_tools.clocks import DAY, TIME, NotAMoment, clock_of
from callsphere.calls.builtin_tools.contract import Builtin, Reply, Run, declined, done


def check_business_hours(run: Run) -> Reply:
    """Tell whether it is open now or at a moment, and until when that stays so."""
    clock = clock_of(run.call, run.now)
    day, at = run.text("day"), run.text("time")
    try:
        moment = clock.moment(day or "today", at) if at else run.now
    except NotAMoment as error:
        return declined(str(error), **clock.facts())
    if day and not at:
        return declined("Ask for a time of that day too, such as 09:30.", **clock.facts())
    if clock.hours is None:
        words = "No business hours are known for this number. Do not say that it is open or closed."
        return declined(words, **clock.facts())
    opening = opening_at(schedule_of(clock.hours), moment)
    return done(
        is_open=opening.is_open,
        at=clock.says(moment),
        changes_at=clock.says(opening.changes_at) if opening.changes_at else None,
        **clock.facts(),
    )


CHECK_BUSINESS_HOURS = Builtin(
    BuiltinTool.CHECK_BUSINESS_HOURS,
    "Find out whether the business is open: now, without arguments, or at a day and time. Answers with when"
    " that changes next, and with the present date and time. Use it before you speak of opening times.",
    {"day": DAY, "time": TIME},
    check_business_hours,
)
