"""How many requests an account has under way at once, and when it may ask again.

Twilio's 429 (20429) caps concurrency for each account. A process therefore holds back itself, and all of it
waits when one request was told to.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager


class Gate:
    """Bounds the requests of one account. `clock` and `sleep` are in seconds."""

    def __init__(
        self,
        at_once: int,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._places = threading.BoundedSemaphore(at_once)
        self._clock = clock
        self.sleep = sleep
        self._not_before = 0.0

    @contextmanager
    def place(self) -> Iterator[None]:
        """Hold a place while a request is under way; wait for one, and for the end of a pause."""
        with self._places:
            wait = self._not_before - self._clock()
            if wait > 0:
                self.sleep(wait)
            yield

    def pause(self, seconds: float) -> None:
        """Let nobody ask for so long."""
        self._not_before = max(self._not_before, self._clock() + seconds)


_gates: dict[tuple[str, int], Gate] = {}
_lock = threading.Lock()


def gate_of(account_sid: str, at_once: int) -> Gate:
    """Return the gate that all requests of an account in this process share."""
    with _lock:
        return _gates.setdefault((account_sid, at_once), Gate(at_once))
