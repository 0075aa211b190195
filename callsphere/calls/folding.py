"""What became of a call, from all that was told of it: pure, and the same in whatever order it was told.

Facts: Twilio's pages "Call resource" (status callbacks), "TwiML: <Dial>" (action) and "TwiML: <Record>".
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from itertools import groupby
from typing import Protocol

from callsphere.calls.enums import CallState, Direction, EventKind, LegKind, LegState

_STATES = {
    "queued": LegState.CALLING,
    "initiated": LegState.CALLING,
    "ringing": LegState.RINGING,
    "in-progress": LegState.IN_PROGRESS,
    "answered": LegState.IN_PROGRESS,
    "stream-started": LegState.IN_PROGRESS,
    "completed": LegState.COMPLETED,
    "busy": LegState.BUSY,
    "no-answer": LegState.NO_ANSWER,
    "failed": LegState.FAILED,
    "canceled": LegState.CANCELED,
}
_UNDER_WAY = (LegState.CALLING, LegState.RINGING, LegState.IN_PROGRESS)
_RECORDING_SID = re.compile(r"RE[0-9a-f]{32}")
_CLOCKS_APART = timedelta(hours=1)
"""A moment that the provider names is believed when it is no further than this from when we heard of it."""


class Told(Protocol):
    """An event, as much of it as is needed here; `callsphere.calls.models.CallEvent` is one."""

    @property
    def kind(self) -> str: ...
    @property
    def call_sid(self) -> str: ...
    @property
    def sequence_number(self) -> int | None: ...
    @property
    def call_status(self) -> str: ...
    @property
    def payload(self) -> dict[str, str]: ...
    @property
    def received_at(self) -> datetime: ...


@dataclass(frozen=True, slots=True)
class LegFacts:
    """One party of a call. `target` is who was called; for the caller's own leg who calls.

    `heard_at` is when we were first told of it: the provider's own moments are whole seconds.
    """

    call_sid: str
    kind: LegKind
    target: str
    heard_at: datetime
    state: LegState = LegState.CALLING
    started_at: datetime | None = None
    answered_at: datetime | None = None
    ended_at: datetime | None = None
    sip_code: int | None = None
    error_code: int | None = None
    attestation: str = ""

    @property
    def is_over(self) -> bool:
        return self.state not in _UNDER_WAY


@dataclass(frozen=True, slots=True)
class DialFacts:
    """How calling somebody ended. `caller_stayed`: the caller was still there then."""

    leg_sid: str
    state: LegState
    sip_code: int | None
    caller_stayed: bool
    at: datetime


@dataclass(frozen=True, slots=True)
class CallFacts:
    """What is known of a call. `own` is the leg of the other party: the caller's, or whom we called.

    `was_thanked`: they were there still when their message had been taken, and heard our goodbye. `legs`
    stand in the order in which they were called.
    """

    direction: Direction
    our_number: str
    their_number: str
    started_at: datetime
    own: LegFacts
    legs: tuple[LegFacts, ...]
    dials: tuple[DialFacts, ...]
    recordings: dict[str, int | None]
    verstat: str
    price: str
    price_unit: str
    stream_failed: bool
    was_thanked: bool
    answered_by: str

    @property
    def by_machine(self) -> bool:
        """Whether what answered our call was no person (Twilio's page "Answering Machine Detection")."""
        return self.answered_by.startswith(("machine", "fax"))

    @property
    def state(self) -> CallState:
        if self.own.is_over:
            return CallState.ENDED
        return CallState.IN_PROGRESS if self.answered_at else CallState.RINGING

    @property
    def answered_at(self) -> datetime | None:
        """Return when somebody, or something that records, was there for the other party."""
        moments = [leg.answered_at for leg in self.legs if leg.answered_at]
        return min(moments) if moments else self.own.answered_at


def fold(root_sid: str, events: Iterable[Told]) -> CallFacts:
    """Return what all events of a call say together. There is at least one."""
    in_order = sorted(events, key=_order)
    own = [event for event in in_order if event.call_sid == root_sid]
    others = [event for event in in_order if event.call_sid != root_sid]
    first = min(in_order, key=lambda event: event.received_at)
    outbound = any(event.payload.get("Direction", "").startswith("outbound") for event in own)
    caller, called = _parties(own or in_order)
    return CallFacts(
        direction=Direction.OUTBOUND if outbound else Direction.INBOUND,
        our_number=caller if outbound else called,
        their_number=called if outbound else caller,
        started_at=first.received_at,
        own=_fold_leg(root_sid, LegKind.PERSON, own, first.received_at),
        legs=_fold_legs(others),
        dials=tuple(dict.fromkeys(_dial(event) for event in own if event.kind == EventKind.DIALLED)),
        recordings=_recordings(own),
        verstat=_first(own, "StirVerstat"),
        price=_price(_first(own, "Price")),
        price_unit=_first(own, "PriceUnit")[:3],
        stream_failed=bool(_first(own, "StreamError")),
        was_thanked=any(
            event.kind == EventKind.RECORDED and event.call_status == "in-progress" for event in own
        ),
        answered_by=_first(own, "AnsweredBy")[:24],
    )


def _order(event: Told) -> tuple[str, int, datetime]:
    """By leg, and within it as the provider counted; before that, by time, what it did not count."""
    counted = -1 if event.sequence_number is None else event.sequence_number
    return event.call_sid, counted, event.received_at


def _fold_legs(events: list[Told]) -> tuple[LegFacts, ...]:
    """Fold each leg. Their ids are random: who was called when is a matter of time alone."""
    legs = []
    for sid, group in groupby(events, lambda event: event.call_sid):
        told = list(group)
        legs.append(_fold_leg(sid, _kind_of(told), told, min(event.received_at for event in told)))
    return tuple(sorted(legs, key=lambda leg: (leg.started_at or leg.heard_at, leg.heard_at)))


def _fold_leg(sid: str, kind: LegKind, events: list[Told], heard_at: datetime) -> LegFacts:
    leg = LegFacts(sid, kind, _first(events, "To"), heard_at, attestation=_first(events, "StirStatus")[:1])
    for event in events:
        leg = _went_on(leg, event)
    return leg


def _went_on(leg: LegFacts, event: Told) -> LegFacts:
    """Apply one event. An end is an end: what comes later, told late or without a count, undoes nothing."""
    state, at = _STATES.get(event.call_status), moment_of(event)
    leg = replace(
        leg,
        started_at=min(leg.started_at, at) if leg.started_at else at,
        sip_code=_sip_code(event.payload.get("SipResponseCode")) or leg.sip_code,
        error_code=_number(event.payload.get("ErrorCode")) or leg.error_code,
    )
    talked = _number(event.payload.get("CallDuration"))
    if state == LegState.COMPLETED and leg.answered_at is None and talked:
        leg = replace(leg, answered_at=at - timedelta(seconds=talked))
    if state is None or leg.is_over:
        return leg
    if state not in _UNDER_WAY:
        return replace(leg, state=state, ended_at=at)
    if state == LegState.IN_PROGRESS and leg.answered_at is None:
        leg = replace(leg, answered_at=at)
    goes_back = _UNDER_WAY.index(state) < _UNDER_WAY.index(leg.state)
    return leg if goes_back else replace(leg, state=state)


def _dial(event: Told) -> DialFacts:
    state = _STATES.get(event.payload.get("DialCallStatus", ""), LegState.FAILED)
    return DialFacts(
        leg_sid=event.payload.get("DialCallSid", ""),
        state=LegState.COMPLETED if state == LegState.IN_PROGRESS else state,
        sip_code=_sip_code(event.payload.get("DialSipResponseCode")),
        # the request for what to do next says how the caller's leg is: it is over when the caller hung up
        caller_stayed=event.call_status in ("in-progress", "ringing"),
        at=event.received_at,
    )


def _recordings(events: list[Told]) -> dict[str, int | None]:
    found: dict[str, int | None] = {}
    for event in events:
        sid = event.payload.get("RecordingSid", "")
        if event.kind in (EventKind.RECORDED, EventKind.RECORDING) and _RECORDING_SID.fullmatch(sid):
            found[sid] = _number(event.payload.get("RecordingDuration")) or found.get(sid)
    return found


def _kind_of(events: list[Told]) -> LegKind:
    """Return whom a leg leads to: agents have SIP addresses, people numbers."""
    is_sip = _first(events, "To").lower().startswith(("sip:", "sips:"))
    return LegKind.AGENT if is_sip else LegKind.PERSON


def _parties(events: list[Told]) -> tuple[str, str]:
    return _first(events, "From"), _first(events, "To")


def _first(events: list[Told], name: str) -> str:
    return next((event.payload[name] for event in events if event.payload.get(name)), "")


def moment_of(event: Told) -> datetime:
    """Return when it happened: as the provider says (RFC 2822, in `Timestamp`), else when we heard of it."""
    try:
        named = parsedate_to_datetime(event.payload.get("Timestamp", "")).astimezone(UTC)
    except (ValueError, OverflowError):
        return event.received_at
    if abs(named - event.received_at) > _CLOCKS_APART:
        return event.received_at
    return named


def _price(text: str) -> str:
    """Return what a call costs, as a decimal number; the provider counts it as negative."""
    digits = text.lstrip("-")
    return digits if re.fullmatch(r"\d{1,6}(\.\d{1,5})?", digits) else ""


def _sip_code(text: str | None) -> int | None:
    code = _number(text)
    return code if code and 100 <= code <= 699 else None


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isascii() and text.isdigit() and len(text) <= 9 else None
