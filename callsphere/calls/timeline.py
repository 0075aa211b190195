"""What happened in a call, in the order of time: pure, from all that is kept of it.

Events of the provider are forgotten after a while: call, legs and notes then tell the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby

from agents.enums import BuiltinTool, Outcome
from agents.models import ToolInvocation
from callsphere.calls.enums import CallState, Direction, EventKind, HungUpBy, LegState, Speaker
from callsphere.calls.folding import moment_of
from callsphere.calls.models import Call, CallEvent, CallLeg, CallNote, TranscriptLine, VoiceMessage
from callsphere.calls.wording import code_words, leg_words, party_words

SAID, TOOL, STEP = "said", "tool", "step"
_FIRST, _BETWEEN, _LAST = 0, 1, 2
_ENDS = {
    LegState.COMPLETED: ("skipped", "{who} is off the line"),
    LegState.BUSY: ("warn", "{who} is busy"),
    LegState.NO_ANSWER: ("warn", "{who} did not answer"),
    LegState.FAILED: ("fail", "{who} was not reached"),
    LegState.CANCELED: ("skipped", "{who} is not called any more"),
}


@dataclass(frozen=True, slots=True)
class Entry:
    """Something that happened. `seconds` counts from the start of the call; `looks` is how it looks.

    `kind` is SAID, with `speaker`, TOOL, or STEP for all else. `detail` is empty where nothing is to add.
    """

    at: datetime
    seconds: int
    kind: str
    looks: str
    text: str
    detail: str = ""
    speaker: str = ""
    place: int = _BETWEEN
    stands_alone: bool = False
    """Whether it is told by itself, and not as one of many lines."""


@dataclass(frozen=True, slots=True)
class Told:
    """All that is kept of one call."""

    call: Call
    events: Sequence[CallEvent] = ()
    legs: Sequence[CallLeg] = ()
    notes: Sequence[CallNote] = ()
    lines: Sequence[TranscriptLine] = ()
    tools: Sequence[ToolInvocation] = ()
    messages: Sequence[VoiceMessage] = field(default_factory=tuple)


def timeline_of(told: Told) -> list[Entry]:
    """Return everything that happened, the earliest first. What has the same time stays in one order."""
    entries = [*_call(told), *_legs(told), *_events(told), *_notes(told), *_messages(told)]
    entries += [*_lines(told), *_tools(told)]
    started = told.call.started_at
    # the provider tells of whole seconds: what it says began with the call did not begin before
    timed = [
        replace(entry, at=max(entry.at, started), seconds=_seconds(started, entry.at)) for entry in entries
    ]
    return sorted(timed, key=lambda entry: (entry.at, entry.place))


def conversation_of(entries: Iterable[Entry]) -> list[Entry]:
    """Return what was said, and the tools that were used in between."""
    return [entry for entry in entries if entry.kind in (SAID, TOOL)]


def folded(entries: Iterable[Entry]) -> list[Entry]:
    """Return the entries with what was said without a break as one: the conversation stands elsewhere."""
    short: list[Entry] = []
    for is_said, group in groupby(entries, lambda entry: entry.kind == SAID and not entry.stands_alone):
        run = list(group)
        if not is_said or len(run) == 1:
            short += run
            continue
        who = "Caller and agent speak" if len({entry.speaker for entry in run}) > 1 else "The agent speaks"
        short.append(replace(run[0], text=who, detail=f"{len(run)} lines", speaker=""))
    return short


def _seconds(started: datetime, at: datetime) -> int:
    return max(0, int((at - started).total_seconds()))


def _step(at: datetime, looks: str, text: str, detail: str = "", place: int = _BETWEEN) -> Entry:
    return Entry(at, 0, STEP, looks, text, detail, place=place)


def _call(told: Told) -> Iterator[Entry]:
    call = told.call
    theirs = party_words(call.their_number) or "A number that is withheld"
    if call.direction == Direction.OUTBOUND:
        yield _step(call.started_at, "active", f"We call {theirs}", place=_FIRST)
    else:
        yield _step(call.started_at, "active", f"{theirs} calls", place=_FIRST)
    if call.state == CallState.ENDED and call.ended_at:
        by = _hung_up_by(call)
        text = "The call is over"
        yield _step(call.ended_at, "skipped", text, by.replace("callsphere", "CallSphere"), place=_LAST)


def _events(told: Told) -> Iterator[Entry]:
    """Tell what neither call nor legs say: that our answer failed, that somebody's phone rings."""
    names = {leg.call_sid: leg_words(leg, told.call) for leg in told.legs}
    for event in told.events:
        at = moment_of(event)
        if event.kind == EventKind.FALLBACK:
            code = event.payload.get("ErrorCode", "")
            yield _step(at, "fail", "Twilio got no usable answer from us", f"Error {code}" if code else "")
        elif event.call_status == "ringing" and event.call_sid in names:
            yield _step(at, "pending", f"It rings at {_within(names[event.call_sid])}")
        elif event.payload.get("StreamError"):
            yield _step(at, "fail", "The media stream failed", event.payload["StreamError"])


def _legs(told: Told) -> Iterator[Entry]:
    for leg in told.legs:
        who = leg_words(leg, told.call)
        if leg.started_at:
            yield _step(leg.started_at, "pending", f"{who} is called", party_words(leg.target))
        if leg.answered_at:
            yield _step(leg.answered_at, "pass", f"{who} answers")
        if leg.ended_at and leg.state in _ENDS:
            looks, text = _ENDS[LegState(leg.state)]
            detail = code_words(leg.sip_code) if leg.sip_code and leg.sip_code >= 300 else ""
            yield _step(leg.ended_at, looks, text.format(who=who), detail)


def _within(who: str) -> str:
    """Return a name as it stands within a sentence."""
    return who[:1].lower() + who[1:] if who.startswith(("The ", "A ", "An ")) else who


def _notes(told: Told) -> Iterator[Entry]:
    for note in told.notes:
        yield _step(note.noted_at, "active", note.text)


def _messages(told: Told) -> Iterator[Entry]:
    for message in told.messages:
        # it is told of when it is there, which is after the caller spoke
        at = min(message.created_at, told.call.ended_at or message.created_at)
        length = "" if message.duration_s is None else f"{message.duration_s} s long"
        yield _step(at, "pass", "The caller left a message", length)


def _lines(told: Told) -> Iterator[Entry]:
    for line in told.lines:
        text = f"{Speaker(line.speaker).label}: “{line.text}”"
        if line.is_keys:
            text = f"The caller {line.text[:1].lower()}{line.text[1:]}"
        yield Entry(
            line.said_at,
            0,
            SAID,
            "active",
            text,
            detail=line.text,
            speaker=line.speaker,
            stands_alone=line.is_keys,
        )


def _tool_name(tool: ToolInvocation) -> str:
    return BuiltinTool(tool.builtin).label if tool.builtin else tool.asked


def _tools(told: Told) -> Iterator[Entry]:
    for tool in told.tools:
        took = tool.duration_ms or 0
        at = (tool.ended_at or tool.created_at) - timedelta(milliseconds=took)
        outcome = Outcome(tool.outcome).label if tool.outcome else "Waits"
        looks = "pass" if tool.outcome == Outcome.OK else "fail"
        timed = f"{outcome} after {took} ms" if took else outcome
        detail = f"{timed}. {tool.detail}" if tool.detail else timed
        yield Entry(at, 0, TOOL, looks, f"The agent used “{_tool_name(tool)}”", detail)


def _hung_up_by(call: Call) -> str:
    if not call.hung_up_by:
        return ""
    if call.direction == Direction.OUTBOUND and call.hung_up_by == HungUpBy.CALLER:
        return "hung up by whoever was called"
    return f"hung up by {HungUpBy(call.hung_up_by).label.lower()}"
