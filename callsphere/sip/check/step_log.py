"""The steps of one run as they finish."""

from __future__ import annotations

import time
from collections.abc import Callable

from callsphere.sip.check.report import STEPS, Outcome, Step, skipped
from callsphere.sip.trace import Redactor


class StepLog:
    """Takes outcomes in whatever order they become known, and tells of steps in the order of STEPS.

    `target` is the one that steps are about unless their outcome names another. A detail loses what
    `redactor` takes out: what a peer said may hold what we keep secret.
    """

    def __init__(self, redactor: Redactor, on_step: Callable[[Step], None] | None = None) -> None:
        self.target: str | None = None
        self._redactor = redactor
        self._on_step = on_step
        self._known: dict[str, Step] = {}
        self._told = 0
        self._since = time.monotonic()

    @property
    def steps(self) -> tuple[Step, ...]:
        """All steps that are known, in order."""
        return tuple(self._known[name] for name in STEPS if name in self._known)

    def finish(self, name: str, outcome: Outcome, ms: int | None = None) -> None:
        """A step has its outcome; without `ms` it took the time since the last one was finished."""
        now = time.monotonic()
        if ms is None:
            ms = 0 if outcome.result == "skipped" else round((now - self._since) * 1000)
        self._since = now
        # What a peer said must neither break JSON readers nor steer terminals.
        detail = "".join(character if character.isprintable() else " " for character in outcome.detail)
        detail = self._redactor.text(detail)
        target = outcome.target or self.target
        self._known[name] = Step(name, outcome.result, outcome.cause, detail, ms, target, outcome.discloses)
        self._tell()

    def skip_rest(self, why: str) -> None:
        """Every step without an outcome was not tried."""
        for name in STEPS:
            if name not in self._known:
                self.finish(name, skipped(why))

    def _tell(self) -> None:
        while self._told < len(STEPS) and STEPS[self._told] in self._known:
            if self._on_step is not None:
                self._on_step(self._known[STEPS[self._told]])
            self._told += 1
