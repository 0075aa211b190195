"""How pages speak of calls: pure, models in, words out. How long something took is written by the page."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from agents.enums import Runtime
from callsphere.calls.enums import CallAction, CallOutcome, CallState, Direction, EndReason, HungUpBy, LegKind
from callsphere.calls.models import Call, CallLeg, RealtimeSession
from callsphere.lib.e164 import as_written
from callsphere.providers.openai.prices import CURRENCY
from callsphere.providers.twilio.problems import Problem, problem_of
from callsphere.sip.causes import CAUSES
from callsphere.sip.message.reasons import REASONS

_GIVEN_UP = 487
"""A call that was cancelled before anybody took it (RFC 3261 §21.4.25)."""
_ENDED_BY = {
    HungUpBy.CALLER: "The caller hung up.",
    HungUpBy.AGENT: "The agent hung up.",
    HungUpBy.PERSON: "The person who was called hung up.",
    HungUpBy.US: "CallSphere hung up.",
}
_REASONS = {
    EndReason.ASKED: "Somebody of yours hung it up.",
    EndReason.TOO_LONG: "It reached the longest time that the agent may talk.",
    EndReason.AGENT: "The agent was done, and hung up.",
}
_TONES = {"pass": "info", "warn": "warn", "fail": "fail"}
_VERSTAT = {
    "TN-Validation-Passed-A": ("pass", "Signed A: the caller's carrier vouches for caller and number"),
    "TN-Validation-Passed-B": (
        "pass",
        "Signed B: the carrier knows the caller, not whether the number is theirs",
    ),
    "TN-Validation-Passed-C": ("warn", "Signed C: nobody vouches for the caller or the number"),
    "TN-Validation-Failed": ("fail", "The signature does not fit: the number may be forged"),
    "No-TN-Validation": ("skipped", "Not signed: nobody says whether the number is true"),
}


@dataclass(frozen=True, slots=True)
class Headline:
    """A call in words. `looks` is how its state looks.

    How long it took, `seconds`, is written behind `words`, or into them where they hold {}; `since` is when a
    call that goes on began.
    """

    looks: str
    words: str
    seconds: int | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Explanation:
    """Why something did not work: what happened, what to change, on whose side; a tone of the pages."""

    tone: str
    title: str
    meaning: str
    fix: str
    who: str


_PLAIN = {
    CallOutcome.VOICEMAIL.value: Headline("active", "Left a message"),
    CallOutcome.TURNED_AWAY.value: Headline("skipped", "Told that nobody is there"),
    CallOutcome.MACHINE.value: Headline("skipped", "A machine answered"),
    CallOutcome.BUSY.value: Headline("warn", "Busy"),
}
"""What is said of a call that came to this, whoever it was."""
_BUSY = (486, 600)
_BUSY_AGENT = (
    "It takes no more calls at once. Let it take more, or set how many calls the number's route takes."
)
_SILENT_AGENT = (
    "See that a server answers calls at the agent's SIP address, and that user name and password are those "
    "of the version that answered."
)
_OF_STREAM = Explanation(
    "fail",
    "Your media stream did not take the call",
    "No connection to the agent's WebSocket address came about, or it broke.",
    "See that a server answers at that address, with a certificate that is valid for its name, and that it "
    "does not refuse the call's token.",
    "you",
)


def headline_of(call: Call) -> Headline:
    """Return a call's state in words."""
    if call.state != CallState.ENDED:
        return _live(call)
    waited = _waited_s(call)
    match call.outcome:
        case CallOutcome.AGENT:
            return Headline("pass", f"Answered by {agent_name(call)}", call.talked_s)
        case CallOutcome.PERSON:
            return Headline("pass", f"Answered by {party_words(call.sent_to) or 'a person'}", call.talked_s)
        case CallOutcome.MISSED if call.direction == Direction.OUTBOUND:
            return Headline("warn", "Hung up before the agent was there")
        case CallOutcome.MISSED:
            return Headline("warn", "Missed after {}", waited)
        case CallOutcome.NO_ANSWER:
            return Headline("warn", "Nobody answered for {}", waited)
    return _PLAIN.get(call.outcome) or Headline("fail", _failed(call))


def _live(call: Call) -> Headline:
    if call.end_reason:
        return Headline("pending", "Hanging up…")
    if call.state == CallState.RINGING:
        return Headline("pending", "Ringing", since=call.started_at)
    return Headline("active", _under_way(call), since=call.answered_at or call.started_at)


def _under_way(call: Call) -> str:
    """Say what the caller does now: the agent that the call was for may be off the line."""
    match call.action:
        case CallAction.PERSON:
            return f"Talking with {party_words(call.sent_to) or 'a person'}"
        case CallAction.VOICEMAIL:
            return "Leaving a message"
        case CallAction.HANG_UP:
            return "Hearing that nobody is there"
    return f"Talking with {agent_name(call)}"


def agent_name(call: Call) -> str:
    """Return the name of the agent that a call was for."""
    return call.agent.name if call.agent else "an agent"


def _waited_s(call: Call) -> int | None:
    if call.ended_at is None:
        return None
    return max(0, round((call.ended_at - call.started_at).total_seconds()))


def _failed(call: Call) -> str:
    why, problem = "", _problem(call)
    if problem is not None:
        why = _within(problem.title)
    elif call.cause in CAUSES:
        why = _within(CAUSES[call.cause].title)
    elif call.sip_code:
        why = REASONS.get(call.sip_code, "").lower()
    code = f" ({call.sip_code})" if call.sip_code else ""
    return f"Failed: {why}{code}" if why else f"Failed{code}"


def _problem(call: Call) -> Problem | None:
    """Return what the provider's error means, where it is known: it says more than the SIP code does."""
    found = problem_of(call.error_code) if call.error_code else None
    return found if found is not None and call.error_code in found.codes else None


def _within(sentence: str) -> str:
    """Return a title as it stands within a sentence; names keep their capitals."""
    first = sentence.split(" ", 1)[0]
    return sentence if first in ("Twilio", "OpenAI", "CallSphere") else sentence[:1].lower() + sentence[1:]


def ended_because(call: Call) -> str:
    """Return who ended a call and why, in a sentence; empty while it goes on and where nothing says."""
    if call.state != CallState.ENDED:
        return ""
    if call.end_reason:
        return _REASONS[EndReason(call.end_reason)]
    if call.hung_up_by == HungUpBy.US and call.outcome == CallOutcome.TURNED_AWAY:
        return "CallSphere said that nobody is there, and hung up."
    if call.direction == Direction.OUTBOUND and call.hung_up_by == HungUpBy.CALLER:
        return "Whoever was called hung up."
    return _ENDED_BY[HungUpBy(call.hung_up_by)] if call.hung_up_by else ""


def explanations_of(
    call: Call, legs: Sequence[CallLeg], sessions: Iterable[RealtimeSession] = ()
) -> list[Explanation]:
    """Return what went wrong and what to do about it: by the provider's error, else by the SIP code."""
    found, problem = [], _problem(call)
    if problem is not None:
        title = f"{problem.title} (error {call.error_code})"
        found.append(Explanation("fail", title, problem.meaning, problem.fix, problem.who))
    refusing = next((leg for leg in reversed(legs) if _refused(leg)), None)
    if call.outcome != CallOutcome.AGENT and refusing is not None and refusing.kind == LegKind.AGENT:
        found.append(_of_agent(call, refusing, sessions))
    elif _stream_was_missed(call):
        found.append(_OF_STREAM)
    elif problem is None and call.cause in CAUSES and call.sip_code != _GIVEN_UP:
        cause = CAUSES[call.cause]
        found.append(
            Explanation(_TONES[cause.result], cause.title, cause.meaning, cause.fix, cause.who or "")
        )
    if problem is None and call.error_code:
        found.append(Explanation("warn", f"Twilio noted error {call.error_code}", "", "", "twilio"))
    return found


def _refused(leg: CallLeg) -> bool:
    return leg.answered_at is None and bool(leg.sip_code) and leg.sip_code != _GIVEN_UP


def _of_agent(call: Call, leg: CallLeg, sessions: Iterable[RealtimeSession]) -> Explanation:
    """Explain why an agent did not take a call: what carriers mean by a code, agents need not."""
    why = next((session.why for session in sessions if session.why), "")
    meaning = f"It answered {code_words(leg.sip_code)}. {why}".strip()
    if call.version is not None and call.version.runtime == Runtime.OPENAI_REALTIME:
        return Explanation(
            "fail",
            "OpenAI did not take the call",
            meaning,
            "See whether OpenAI reports trouble, and whether the project has credit and may use the model. "
            "The number's route says what callers get meanwhile.",
            "operator",
        )
    return Explanation(
        "fail",
        "Your agent's SIP address did not take the call",
        meaning,
        _BUSY_AGENT if leg.sip_code in _BUSY else _SILENT_AGENT,
        "you",
    )


def _stream_was_missed(call: Call) -> bool:
    """Tell whether callers were led elsewhere from a media stream: it has no leg that says so."""
    is_stream = call.version is not None and call.version.runtime == Runtime.MEDIA_STREAM
    return is_stream and call.action not in ("", CallAction.STREAM)


def code_words(code: int | None) -> str:
    """Return a SIP code with its plain name: "486 Busy Here"."""
    return "" if code is None else f"{code} {REASONS.get(code, '')}".strip()


def party_words(address: str) -> str:
    """Return a number as it is read aloud; anything else as it is."""
    return as_written(address)


def leg_words(leg: CallLeg, call: Call) -> str:
    """Say who is on a leg, to begin a sentence with."""
    if leg.kind == LegKind.AGENT:
        return call.agent.name if call.agent else "The agent"
    return party_words(leg.target) or "A person"


def attestation_words(verstat: str) -> tuple[str, str]:
    """Return looks and words for what a carrier found out about the caller's number (Twilio's words)."""
    for beginning, (looks, words) in _VERSTAT.items():
        if verstat.startswith(beginning):
            return looks, words
    return "unknown", verstat or "Nothing is known about the caller's number"


def price_words(call: Call) -> str:
    """Return what a call cost at the provider; empty while that is not known."""
    return "" if call.price is None else f"{call.price.normalize():f} {call.price_unit}".strip()


def ai_cost_of(sessions: Iterable[RealtimeSession]) -> Decimal | None:
    """Return what a call cost at OpenAI, in USD; None where nothing was counted, or a price was not known."""
    costs = [session.cost for session in sessions if session.usage]
    known = [cost for cost in costs if cost is not None]
    return sum(known, Decimal()) if known and len(known) == len(costs) else None


def cost_words(cost: Decimal | None) -> str:
    """Return a cost at OpenAI to a hundredth of a cent; empty for none that is known."""
    return "" if cost is None else f"{cost:.4f} {CURRENCY}"


def money_words(total: Decimal) -> str:
    """Return what many calls cost at OpenAI, to the cent."""
    return f"{total:.2f} {CURRENCY}"


def tokens_of(sessions: Iterable[RealtimeSession]) -> dict[str, int]:
    """Return how many tokens were used, by `in` and `out`; empty where nothing was counted."""
    used = {"in": 0, "out": 0}
    for session in sessions:
        for name, field in (("in", "input_tokens"), ("out", "output_tokens")):
            count = session.usage.get(field, 0)
            used[name] += count if isinstance(count, int) else 0
    return used if any(used.values()) else {}
