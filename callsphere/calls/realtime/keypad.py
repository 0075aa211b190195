"""Keys that callers press, gathered into runs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from callsphere.calls.keys import KEYS, LONGEST_RUN

PAUSE = timedelta(seconds=10)
"""After so long without a key what follows is another run."""


@dataclass(slots=True)
class Keypad:
    """The run under way: its number, its keys, when it began, and when the last one was pressed."""

    run: int = 0
    keys: str = ""
    began_at: datetime | None = None
    last_at: datetime | None = None

    def press(self, key: str, at: datetime) -> datetime | None:
        """Add a key; return when the run began, or None for what is no key, or one too many."""
        if key not in KEYS:
            return None
        if self.began_at is None or self.last_at is None or at - self.last_at > PAUSE:
            self.run, self.keys, self.began_at = self.run + 1, "", at
        self.last_at = at
        if len(self.keys) == LONGEST_RUN:
            return None
        self.keys += key
        return self.began_at
