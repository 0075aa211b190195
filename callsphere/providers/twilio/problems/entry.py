"""What one problem says."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Who = Literal["you", "operator", "carrier", "callsphere", "twilio"]


@dataclass(frozen=True, slots=True)
class Problem:
    """Why Twilio did not do what was asked, or why a call failed.

    `name` is stable. `codes` are Twilio's error codes that mean it. `who` has to act: the customer (`you`),
    who runs this installation (`operator`), the customer's carrier, we, or Twilio. `title` is a headline,
    `meaning` what happened, `fix` what to do, `where` the place to do it (empty when there is nothing to do
    but wait). `retryable`: the same request may succeed later without anybody doing anything.
    """

    name: str
    codes: tuple[int, ...]
    who: Who
    title: str
    meaning: str
    fix: str
    where: str = ""
    retryable: bool = False
