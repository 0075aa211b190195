"""How often something is asked of OpenAI, and when again: a caller waits meanwhile."""

from __future__ import annotations

import time
from collections.abc import Callable

from callsphere.providers.openai.errors import Unavailable, in_plain_words

MOST = 3
PAUSE_S = 0.25
"""Before the second try, in seconds; before the third twice as long."""
LONGEST_PAUSE_S = 2.0
"""Whoever is told to wait longer gives up: the SDK itself would wait for up to a minute."""


class Tries:
    """Counts the tries of one thing."""

    def __init__(self) -> None:
        self.may_be_done = False
        """Whether an earlier try may have been carried out."""
        self._count = 0

    def pause_after(self, error: Unavailable) -> float:
        """Return how long to wait before the next try, in seconds; raise the error when there is none."""
        self._count += 1
        self.may_be_done = self.may_be_done or error.outcome_unknown
        if self._count == MOST or error.retry_after > LONGEST_PAUSE_S:
            raise error
        return max(PAUSE_S * self._count, error.retry_after)


def ask(question: Callable[[], object]) -> None:
    """Ask something through the SDK, again while that may help. Raises RealtimeError."""
    tries = Tries()
    while True:
        try:
            with in_plain_words(may_be_done=tries.may_be_done):
                question()
            return
        except Unavailable as error:
            pause = tries.pause_after(error)
        time.sleep(pause)
