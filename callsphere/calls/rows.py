"""What pages show of calls: lines ready to print."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from callsphere.calls.enums import LegState
from callsphere.calls.models import Call, CallLeg, TranscriptLine
from callsphere.calls.one_call import last_lines_of
from callsphere.calls.wording import Headline, code_words, headline_of, leg_words
from callsphere.providers.twilio.problems import problem_of

_LEG_LOOKS = {
    LegState.CALLING: "pending",
    LegState.RINGING: "pending",
    LegState.IN_PROGRESS: "active",
    LegState.COMPLETED: "pass",
    LegState.BUSY: "warn",
    LegState.NO_ANSWER: "warn",
    LegState.FAILED: "fail",
    LegState.CANCELED: "skipped",
}


@dataclass(frozen=True, slots=True)
class LegRow:
    """Somebody who was called within a call. `rang_s` and `talked_s` are None where they are not known."""

    leg: CallLeg
    looks: str
    who: str
    code: str
    error: str
    rang_s: int | None
    talked_s: int | None


@dataclass(frozen=True, slots=True)
class CallRow:
    """A call as a line of the log; `said` is what was said last, in calls that go on."""

    call: Call
    headline: Headline
    said: TranscriptLine | None = None


def call_rows(calls: Iterable[Call]) -> list[CallRow]:
    """Return calls of `listing.calls_of` as lines."""
    return [CallRow(call, headline_of(call)) for call in calls]


def live_rows(calls: Sequence[Call], *, with_words: bool = True) -> list[CallRow]:
    """Return calls that go on as lines, with what was said last in each. At most one query."""
    said = last_lines_of(calls) if calls and with_words else {}
    return [CallRow(call, headline_of(call), said.get(call.pk)) for call in calls]


def leg_rows(legs: Iterable[CallLeg], call: Call) -> list[LegRow]:
    """Return the legs of a call as lines."""
    return [_leg_row(leg, call) for leg in legs]


def _leg_row(leg: CallLeg, call: Call) -> LegRow:
    return LegRow(
        leg,
        looks=_LEG_LOOKS[LegState(leg.state)],
        who=leg_words(leg, call),
        code=code_words(leg.sip_code),
        error=f"{problem_of(leg.error_code).title} ({leg.error_code})" if leg.error_code else "",
        rang_s=_between(leg.started_at, leg.answered_at or leg.ended_at),
        talked_s=_between(leg.answered_at, leg.ended_at),
    )


def _between(start: datetime | None, end: datetime | None) -> int | None:
    if start is None or end is None:
        return None
    return max(0, round((end - start).total_seconds()))
