"""SIP messages between us and others as a ladder: lifelines side by side, an arrow for each message."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

COLUMN = 150
"""Pixels between two lifelines."""
EDGE = 46
HEIGHT = 34
US = "CallSphere"
NOTHING = SafeString("")
_UNREADABLE = re.compile(r"\d+ bytes that are no SIP message$")
_STATUS = re.compile(r"[1-6]\d\d(?: (?!bytes that are no SIP message$)|$)")


@dataclass
class Rung:
    """One message. `repeats` are the times at which it came again, letter for letter, in milliseconds."""

    at_ms: int
    gap_ms: int | None
    sent: bool
    label: str
    tone: str
    text: str
    column: int
    repeats: list[int] = field(default_factory=list)
    arrow: SafeString = NOTHING

    @property
    def direction(self) -> str:
        """Who to whom, for those who do not see the arrow."""
        return "sent" if self.sent else "received"

    @property
    def title(self) -> str:
        """Over the whole message."""
        return f"{self.label}, {self.direction} at {self.at_ms / 1000:.3f} s"

    @property
    def again(self) -> str:
        """The repetitions in words."""
        if not self.repeats:
            return ""
        times = ", ".join(f"{at / 1000:.1f} s" for at in self.repeats[:6])
        more = "" if len(self.repeats) <= 6 else " and later"
        return f"{len(self.repeats)} more times, at {times}{more}"


@dataclass(frozen=True)
class Ladder:
    """Who takes part, us first, and the messages in their order."""

    parties: list[str]
    rungs: list[Rung]
    heads: SafeString

    @property
    def width(self) -> int:
        """The drawing's width in pixels."""
        return _width(len(self.parties))


def ladder_of(entries: Iterable[Mapping[str, Any]]) -> Ladder:
    """Arrange trace entries (at_ms, direction, summary, text; perhaps peer, method), repetitions folded."""
    parties = [US]
    rungs: list[Rung] = []
    known: dict[tuple[str, str, str], Rung] = {}
    for entry in entries:
        peer = str(entry.get("peer") or "") or "Carrier"
        key = (str(entry["direction"]), peer, str(entry["text"]))
        # A text that there was no room for tells nothing about being the same.
        if entry["text"] and key in known:
            known[key].repeats.append(int(entry["at_ms"]))
            continue
        if peer not in parties:
            parties.append(peer)
        known[key] = rung = _rung(entry, parties.index(peer), rungs[-1] if rungs else None)
        rungs.append(rung)
    for rung in rungs:
        rung.arrow = _arrow(rung, len(parties))
    return Ladder(parties, rungs, _heads(parties))


def _rung(entry: Mapping[str, Any], column: int, before: Rung | None) -> Rung:
    at_ms, summary, text = int(entry["at_ms"]), str(entry["summary"]), str(entry["text"])
    gap = None if before is None else max(0, at_ms - before.at_ms)
    method = _method(text) if entry.get("method") is None else str(entry["method"])
    label = f"{summary} ({method})" if method and _STATUS.match(summary) else summary
    return Rung(at_ms, gap, entry["direction"] == "sent", label, _tone(summary), text, column)


def _method(text: str) -> str:
    """Which request a response answers, from its CSeq."""
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() == "cseq":
            return value.split()[-1] if value.split() else ""
        if not line:
            break
    return ""


def _tone(summary: str) -> str:
    """How a message is drawn: a first 401 or 407 is part of logging in, no failure."""
    if _UNREADABLE.match(summary):
        return "other"
    if not _STATUS.match(summary):
        return "request"
    code = summary[:3]
    if code in ("401", "407"):
        return "challenge"
    return {"1": "provisional", "2": "success", "3": "other"}.get(code[0], "failure")


def _x(column: int) -> int:
    return EDGE + column * COLUMN


def _width(count: int) -> int:
    return 2 * EDGE + (count - 1) * COLUMN


def _arrow(rung: Rung, count: int) -> SafeString:
    start, end = _x(0), _x(rung.column)
    tip, tail = (end, start) if rung.sent else (start, end)
    back = -7 if rung.sent else 7
    middle = HEIGHT - 9
    lines = format_html_join(
        "",
        '<line class="lifeline" x1="{0}" x2="{0}" y1="0" y2="{1}"/>',
        ((_x(n), HEIGHT) for n in range(count)),
    )
    return format_html(
        '<svg class="ladder-arrow tone-{0}" width="{1}" height="{2}" viewBox="0 0 {1} {2}"'
        ' aria-hidden="true">'
        '{3}<line class="ladder-line" x1="{4}" x2="{5}" y1="{6}" y2="{6}"/>'
        '<path class="ladder-tip" d="M{5} {6} l{7} -4 v8 z"/>'
        '<text x="{8}" y="{9}" text-anchor="middle">{10}</text></svg>',
        rung.tone,
        _width(count),
        HEIGHT,
        lines,
        tail,
        tip,
        middle,
        back,
        (start + end) // 2,
        middle - 7,
        _short(rung.label),
    )


def _short(label: str) -> str:
    return label if len(label) <= 24 else f"{label[:23]}…"


def _heads(parties: list[str]) -> SafeString:
    names = format_html_join(
        "",
        '<text x="{}" y="12" text-anchor="middle">{}</text>',
        ((_x(number), _short_party(name)) for number, name in enumerate(parties)),
    )
    return format_html(
        '<svg class="ladder-heads" width="{0}" height="18" viewBox="0 0 {0} 18" aria-hidden="true">{1}</svg>',
        _width(len(parties)),
        names,
    )


def _short_party(name: str) -> str:
    return name if len(name) <= 22 else f"{name[:21]}…"
