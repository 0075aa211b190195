"""What pages show of what callers left, and of texts: lines ready to print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.utils import timezone

from callsphere.calls.enums import Direction, LeftKind, SoundState, TextState
from callsphere.calls.inbox import Left, kind_of
from callsphere.calls.models import Call, CallbackRequest, CallerMessage, TextMessage, VoiceMessage
from callsphere.calls.sound_answers import why_not_there

_ICONS = {LeftKind.MESSAGE: "mail", LeftKind.CALLBACK: "call", LeftKind.VOICE: "play"}
_TEXT_LOOKS = {
    TextState.WAITING: "pending",
    TextState.SENDING: "pending",
    TextState.SENT: "active",
    TextState.DELIVERED: "pass",
    TextState.UNDELIVERED: "fail",
    TextState.FAILED: "fail",
    TextState.UNKNOWN: "warn",
    TextState.RECEIVED: "active",
}


@dataclass(frozen=True, slots=True)
class LeftRow:
    """Something that a caller left. `wanted` says when to call back, `is_late` whether that is over.

    `can_hear` is whether a voice message has its sound; `why_not` says why it has none.
    """

    left: Left
    call: Call
    kind: LeftKind
    icon: str
    name: str
    number: str
    text: str
    is_urgent: bool = False
    wanted: str = ""
    is_late: bool = False
    can_hear: bool = False
    why_not: str = ""


@dataclass(frozen=True, slots=True)
class TextRow:
    """A text message; `looks` is how its state looks, `is_reply` whether the caller wrote it."""

    text: TextMessage
    call: Call
    looks: str
    theirs: str
    ours: str
    is_reply: bool


def left_rows(rows: Iterable[Left]) -> list[LeftRow]:
    """Return what callers left as lines. Each must have its call at hand."""
    now = timezone.now()
    return [_left_row(row, now) for row in rows]


def text_rows(rows: Iterable[TextMessage]) -> list[TextRow]:
    """Return text messages as lines. Each must have its call at hand."""
    return [_text_row(row) for row in rows]


def _text_row(row: TextMessage) -> TextRow:
    is_reply = row.direction == Direction.INBOUND
    theirs, ours = (row.from_number, row.to_number) if is_reply else (row.to_number, row.from_number)
    if row.call is None:
        raise LookupError("a text of no call is no line of any")
    return TextRow(row, row.call, _TEXT_LOOKS[TextState(row.state)], theirs, ours, is_reply)


def _left_row(row: Left, now: datetime) -> LeftRow:
    kind, called = kind_of(row), row.call.their_number
    if isinstance(row, CallerMessage):
        return LeftRow(
            row, row.call, kind, _ICONS[kind], row.name, row.number or called, row.text, row.is_urgent
        )
    if isinstance(row, CallbackRequest):
        is_late = row.is_open and row.wanted_at < now
        wanted = wanted_words(row)
        return LeftRow(
            row, row.call, kind, _ICONS[kind], "", row.number, row.note, wanted=wanted, is_late=is_late
        )
    return _voice_row(row, kind)


def _voice_row(row: VoiceMessage, kind: LeftKind) -> LeftRow:
    can_hear = row.sound_state == SoundState.THERE
    why_not = "" if can_hear else why_not_there(row)
    return LeftRow(
        row, row.call, kind, _ICONS[kind], "", row.call.their_number, "", can_hear=can_hear, why_not=why_not
    )


def wanted_words(callback: CallbackRequest) -> str:
    """Say when to call back, in the time zone that it was agreed on in."""
    try:
        zone: tzinfo = ZoneInfo(callback.time_zone)
        name = callback.time_zone
    except (ZoneInfoNotFoundError, ValueError):  # a name that newer data do not know any more
        zone, name = UTC, "UTC"
    local = callback.wanted_at.astimezone(zone)
    return f"{local:%a} {local.day} {local:%b %Y, %H:%M} ({name})"
