"""Who is at the other end of a number or SIP address that is called, and what they do.

| the number ends in, or the SIP user is | somebody |
|---|---|
| 91, `busy` | is busy |
| 92, `nobody` | never answers |
| 93, `down` | cannot be reached: 503 |
| 94, `machine` | is an answering machine |
| 95, `wrong` | is not there: 404 |
| 96, `brief` | hangs up at once |
| 97, `takes` | presses 1 when asked for a key |
| 98, `passes` | presses 2 when asked for a key |
| anything else | answers after two seconds and talks for twenty |
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

OUTCOMES = ("answers", "busy", "no-answer", "failed")
_REASONS = {"busy": 486, "no-answer": 487, "failed": 503}


@dataclass(frozen=True, slots=True)
class Line:
    """What happens when a line is called.

    `outcome` comes after `rings_s` seconds; a line that never answers is rung until the caller gives up.
    Whoever answers hangs up after `talks_s`, or talks until somebody else ends it (None). `digits` are
    what they type when asked.
    """

    outcome: str = "answers"
    code: int = 0
    rings_s: float = 2.0
    talks_s: float | None = 20.0
    is_machine: bool = False
    digits: str = ""

    @property
    def sip_code(self) -> int:
        """The SIP response that the line gives in the end."""
        return self.code or _REASONS.get(self.outcome, 200)

    def answered_by(self, mode: str) -> str:
        """Return what detection says of it: with `DetectMessageEnd` it waits for the machine's beep."""
        if not self.is_machine:
            return "human"
        return "machine_end_beep" if mode == "DetectMessageEnd" else "machine_start"


_ANSWERS = Line()
_BY_ENDING: Mapping[str, Line] = {
    "91": Line("busy"),
    "92": Line("no-answer"),
    "93": Line("failed", rings_s=0.5),
    "94": Line(is_machine=True),
    "95": Line("failed", code=404, rings_s=0.5),
    "96": Line(talks_s=0.5),
    "97": Line(talks_s=120, digits="1"),
    "98": Line(talks_s=120, digits="2"),
}
_BY_USER: Mapping[str, Line] = {
    name: _BY_ENDING[ending]
    for name, ending in (
        *(("busy", "91"), ("nobody", "92"), ("down", "93")),
        *(("machine", "94"), ("wrong", "95"), ("brief", "96"), ("takes", "97"), ("passes", "98")),
    )
}


def line_of(target: str, own: Mapping[str, Any]) -> Line:
    """Return the line of a number or SIP address, changed by what a call says of it or of all (`*`).

    Raises ValueError for what is no property of a line.
    """
    user = re.sub(r"^sips?:", "", target).partition("@")[0]
    line = _BY_USER.get(user) or (_BY_ENDING.get(user[-2:], _ANSWERS) if user[-2:].isdigit() else _ANSWERS)
    return _changed(line, {**own.get("*", {}), **own.get(target.partition("?")[0], {})})


def check_lines(own: Mapping[str, Any]) -> None:
    """Raise ValueError for what is no property of a line."""
    for values in own.values():
        _changed(_ANSWERS, values)


def _changed(line: Line, values: Mapping[str, Any]) -> Line:
    unknown = set(values) - {each.name for each in fields(Line)}
    if unknown or values.get("outcome", "answers") not in OUTCOMES:
        raise ValueError(f"no such line: {', '.join(sorted(unknown)) or values['outcome']}")
    return replace(line, **values)
