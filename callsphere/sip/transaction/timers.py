"""Timer values (RFC 3261 §17 table 4, RFC 6026 §8.4) and timers kept as data."""

from __future__ import annotations

from dataclasses import dataclass

TRYING_AFTER_S = 0.2
"""An INVITE that gets no answer by then is answered with 100 (RFC 3261 §17.2.1)."""


@dataclass(frozen=True, slots=True)
class Timing:
    """The three values in seconds from which all timers follow (RFC 3261 §17.1.1.1, §17.1.2.2)."""

    t1: float = 0.5
    """Estimated round trip: the first retransmission interval."""
    t2: float = 4.0
    """Longest interval between retransmissions of anything but an INVITE request."""
    t4: float = 5.0
    """How long a message may live in the network."""

    @property
    def transaction(self) -> float:
        """64*T1: timers B, F, H, J, L and M, and D, for which RFC 3261 asks at least 32 s."""
        return 64 * self.t1


RFC_3261 = Timing()
"""The values that RFC 3261 sets."""


class Timers:
    """The running timers of one transaction: letter of the RFC to the time it fires, monotonic seconds."""

    __slots__ = ("_due",)

    def __init__(self) -> None:
        self._due: dict[str, float] = {}

    def start(self, name: str, at: float) -> None:
        """Start a timer, or move it."""
        self._due[name] = at

    def stop(self, *names: str) -> None:
        """Stop timers; those that do not run are passed over."""
        for name in names:
            self._due.pop(name, None)

    def clear(self) -> None:
        """Stop all."""
        self._due.clear()

    def next(self) -> float | None:
        """When the next one fires, None when none runs."""
        return min(self._due.values(), default=None)

    def pop_due(self, now: float) -> tuple[str, float] | None:
        """Take out the earliest timer that is due, with the time it was set to."""
        if not self._due:
            return None
        name = min(self._due, key=self._due.__getitem__)
        return (name, self._due.pop(name)) if self._due[name] <= now else None


def following(due: float, interval: float, now: float) -> float:
    """When a repeated timer fires next: without drift when called late, without a burst when very late."""
    return due + interval if due + interval > now else now + interval
