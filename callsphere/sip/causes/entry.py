"""What one cause says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Result = Literal["pass", "warn", "fail"]
Who = Literal["you", "carrier", "callsphere"]


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a step did not simply pass.

    `code` is the stable name, `result` what it makes of the step, `who` has to act (None: nobody),
    `title` a headline, `meaning` what was seen, `fix` the concrete thing to do. All three texts
    are for people who have never read an RFC.
    """

    code: str
    result: Result
    who: Who | None
    title: str
    meaning: str
    fix: str
