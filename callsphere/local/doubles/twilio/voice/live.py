"""A call under way: its time, what happened in it, and how somebody else breaks into it.

Time in calls is its own: `now` counts seconds of the call, and a second of it takes as long as `Pace` says.
What a call waits for may be somebody outside, an agent or a person who talks on until stopped; then its time
is the clock's.
"""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from callsphere.local.doubles.twilio.messages import Row

_LONGEST_TURN = 3600.0
SPEAKS_S = 6.0
"""How long people speak who leave a message."""


def whole_seconds(seconds: float) -> int:
    """Return seconds as calls are counted: those begun are whole, and an answered call lasts one at least."""
    return max(math.ceil(round(seconds, 3)), 1)


class Broken(Exception):
    """Something broke into what the call was doing."""


class Over(Broken):
    """The call ends. `by` is caller, agent, time limit, document or api; `status` what it ends as."""

    def __init__(self, by: str, status: str = "", code: int = 0) -> None:
        super().__init__(by)
        self.by = by
        self.status = status
        self.code = code


class Replaced(Broken):
    """Something else is to be done from now on: TwiML, or the address that is asked."""

    def __init__(
        self, *, twiml: str = "", url: str = "", method: str = "POST", fields: dict[str, str] | None = None
    ) -> None:
        super().__init__("replaced")
        self.fields = fields or {}
        self.twiml = twiml
        self.url = url
        self.method = method


@dataclass
class Pace:
    """How many seconds of calls pass in one; `poll_s` is how often an agent's side is asked, by the clock."""

    speed: float = 1.0
    poll_s: float = 0.1
    priced_after_s: float = 5.0
    """Seconds of the clock after a call's end until its price is known."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What the person at the other end does.

    They hang up after so many seconds, or as soon as any leg has the status `hangs_up_on`; type `digits`, an
    entry for each time they are asked; and speak for `speaks_s` when they are to leave a message. `script` is
    what an agent's double plays.
    """

    hangs_up_after_s: float | None = None
    hangs_up_on: str = ""
    digits: tuple[str, ...] = ()
    speaks_s: float = SPEAKS_S
    script: str = ""


@dataclass
class LiveCall:
    """One call that is not over. `row` is its resource; `fields` go along with whatever is asked or told."""

    account: Row
    row: Row
    fields: dict[str, str]
    pace: Pace
    caller: Caller = field(default_factory=Caller)
    lines: dict[str, Any] = field(default_factory=dict)
    now: float = 0.0
    ends_at: float = math.inf
    began_at: float = field(default_factory=time.time)
    events: list[dict[str, Any]] = field(default_factory=list)
    legs: list[Row] = field(default_factory=list)
    answered_at: float | None = None

    def __post_init__(self) -> None:
        self._turn = threading.Condition()
        self._pending: Broken | None = None
        self._digits = list(self.caller.digits)
        self._is_over = False

    @property
    def sid(self) -> str:
        return str(self.row["sid"])

    @property
    def is_answered(self) -> bool:
        return self.answered_at is not None

    def note(self, kind: str, **what: Any) -> None:
        """Keep what happened, for whoever watches."""
        with self._turn:
            self.events.append({"at": round(self.now, 3), "kind": kind, **what})
            self._turn.notify_all()

    def wait(
        self, seconds: float, *, by_the_clock: bool = False, unless: Callable[[], bool] = lambda: False
    ) -> None:
        """Let so much of the call's time pass; raise Broken when somebody or something breaks into it.

        It returns early once `unless` is true and `wake` was called.
        """
        hangs_up_at = self._hangs_up_at()
        target = min(self.now + seconds, hangs_up_at, self.ends_at)
        speed = 1.0 if by_the_clock else self.pace.speed
        started = time.monotonic()
        with self._turn:
            self._turn.wait_for(
                lambda: self._pending or unless(), timeout=min((target - self.now) / speed, _LONGEST_TURN)
            )
            pending, self._pending = self._pending, None
        if pending is not None or unless():
            self.now = min(target, self.now + (time.monotonic() - started) * speed)
            if pending is not None:
                raise pending
            return
        self.now = target
        if target == hangs_up_at:
            raise Over("caller")
        if target == self.ends_at:
            raise Over("time limit")

    def _hangs_up_at(self) -> float:
        after = self.caller.hangs_up_after_s
        return math.inf if after is None else max(after, self.now)

    def break_in(self, broken: Broken) -> bool:
        """Have what the call is doing now stop with this; False when the call is over."""
        with self._turn:
            if self._is_over:
                return False
            if not isinstance(self._pending, Over):
                self._pending = broken
            self._turn.notify_all()
            return True

    def wake(self) -> None:
        """Have whatever waits look again."""
        with self._turn:
            self._turn.notify_all()

    def close(self) -> None:
        """Nobody breaks into it any more."""
        with self._turn:
            self._is_over = True
            self._turn.notify_all()

    def watch(self, seen: int, seconds: float, until: Callable[[], bool]) -> None:
        """Wait by the clock until more has happened than was seen, or the call is over."""
        with self._turn:
            self._turn.wait_for(lambda: len(self.events) > seen or until(), timeout=seconds)

    def next_digits(self) -> str:
        """Return what the caller types this time; nothing when that is all."""
        return self._digits.pop(0) if self._digits else ""
