"""What a call came to, who ended it and why: pure, from what was told of it and what we did ourselves."""

from __future__ import annotations

from dataclasses import dataclass

from callsphere.calls.enums import (
    CallAction,
    CallOutcome,
    CallState,
    Direction,
    EndReason,
    HungUpBy,
    LegKind,
    LegState,
)
from callsphere.calls.folding import CallFacts, LegFacts
from callsphere.providers.twilio.problems import problem_of
from callsphere.sip.check.answers import cause_of_status

_CAUSES = {
    32011: "no_answer",
    32022: "ack_not_received",
    32207: "sdp_encryption_mismatch",
    32208: "sdp_encryption_mismatch",
}
"""Errors of Twilio's that mean what a cause of ours means (page "Error and Warning Dictionary")."""
_OUTBOUND = {
    LegState.BUSY: CallOutcome.BUSY,
    LegState.NO_ANSWER: CallOutcome.NO_ANSWER,
    LegState.CANCELED: CallOutcome.NO_ANSWER,
    LegState.FAILED: CallOutcome.FAILED,
}
_LEFT_EARLY = (LegState.NO_ANSWER, LegState.CANCELED)


@dataclass(frozen=True, slots=True)
class Done:
    """What we did in a call: the last `action` we told the provider, and why we ended it, if we did."""

    action: str
    end_reason: str


@dataclass(frozen=True, slots=True)
class Judgement:
    """The words and codes that the log shows; `outcome` and `hung_up_by` are empty while a call goes on."""

    outcome: str
    hung_up_by: str
    sip_code: int | None
    error_code: int | None
    cause: str


def judge(facts: CallFacts, done: Done) -> Judgement:
    """Say what a call came to."""
    over = facts.state == CallState.ENDED
    code = _sip_code(facts)
    error = next((leg.error_code for leg in (*facts.legs[::-1], facts.own) if leg.error_code), None)
    return Judgement(
        outcome=_outcome(facts, done) if over else "",
        hung_up_by=_hung_up_by(facts, done) if over else "",
        sip_code=code,
        error_code=error,
        cause="" if _was_taken(facts) else _cause(code, error),
    )


def _outcome(facts: CallFacts, done: Done) -> CallOutcome:
    takers = [leg.kind for leg in facts.legs if leg.answered_at]
    if LegKind.AGENT in takers or (done.action == CallAction.STREAM and _streamed(facts)):
        return CallOutcome.AGENT
    if takers or _was_placed_to_person(facts, done):
        return CallOutcome.PERSON
    if any(duration for duration in facts.recordings.values()):
        return CallOutcome.VOICEMAIL
    if facts.direction == Direction.OUTBOUND and facts.own.state in _OUTBOUND:
        return _OUTBOUND[facts.own.state]
    if facts.by_machine:
        return CallOutcome.MACHINE
    if done.action == CallAction.HANG_UP and facts.own.state not in _LEFT_EARLY:
        return CallOutcome.TURNED_AWAY
    if facts.own.state == LegState.FAILED or (
        facts.dials and facts.dials[-1].caller_stayed and not done.action
    ):
        return CallOutcome.FAILED
    return CallOutcome.MISSED


def _was_placed_to_person(facts: CallFacts, done: Done) -> bool:
    is_own = facts.direction == Direction.OUTBOUND and done.action == CallAction.PERSON
    return is_own and facts.own.answered_at is not None


def _streamed(facts: CallFacts) -> bool:
    return facts.own.answered_at is not None and not facts.stream_failed


def _was_taken(facts: CallFacts) -> bool:
    return any(leg.answered_at for leg in facts.legs)


def _hung_up_by(facts: CallFacts, done: Done) -> str:
    """Say who ended a call: the provider does not, but asks what to do next while the caller is there."""
    if done.end_reason:
        return HungUpBy.AGENT if done.end_reason == EndReason.AGENT else HungUpBy.US
    if facts.was_thanked:
        return HungUpBy.US
    if not facts.dials:
        return HungUpBy.US if done.action == CallAction.HANG_UP and facts.own.answered_at else HungUpBy.CALLER
    last = facts.dials[-1]
    if not last.caller_stayed:
        return HungUpBy.CALLER
    if done.action == CallAction.STREAM:  # it was closed, and nobody else is asked
        return HungUpBy.AGENT
    if last.state != LegState.COMPLETED:
        return HungUpBy.US if done.action == CallAction.HANG_UP else HungUpBy.CALLER
    leg = _leg_of(facts, last.leg_sid)
    is_person = leg is not None and leg.kind == LegKind.PERSON
    return HungUpBy.PERSON if is_person else HungUpBy.AGENT


def _leg_of(facts: CallFacts, sid: str) -> LegFacts | None:
    return next((leg for leg in facts.legs if leg.call_sid == sid), None)


def _sip_code(facts: CallFacts) -> int | None:
    """Return what was answered last: by whom we called, else to the caller's own leg."""
    of_legs = [leg.sip_code for leg in facts.legs if leg.sip_code]
    of_dials = [dial.sip_code for dial in facts.dials if dial.sip_code]
    return next(iter((*of_legs[::-1], *of_dials[::-1])), facts.own.sip_code)


def _cause(sip_code: int | None, error_code: int | None) -> str:
    """Say it by the provider's error where that is known: the SIP code only follows from it then."""
    if error_code and error_code in problem_of(error_code).codes:
        return _CAUSES.get(error_code, "")
    return cause_of_status(sip_code) if sip_code and sip_code >= 300 else ""
