"""What a check says: steps, verdict, and the object that the command line, the API and the page share."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from callsphere.sip.causes import Who, cause
from callsphere.sip.trace import TraceEntry

Result = Literal["pass", "warn", "fail", "skipped"]
Verdict = Literal["pass", "warn", "fail"]

STEPS = (
    *("target", "dns", "connect", "tls", "options", "register"),
    *("invite", "ack", "session_timer", "hold", "refresh", "bye"),
)
"""Every step in its order."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a step. `target` names the one it is about where that is not the call's.

    `discloses` says that the detail tells what our name servers, guard or network say of a place that the
    peer has named: who reads it on somebody else's machine could look around there.
    """

    result: Result
    cause: str | None
    detail: str
    target: str | None = None
    discloses: bool = False

    @property
    def failed(self) -> bool:
        """Whether steps that need this one make no sense."""
        return self.result == "fail"


def passed(detail: str, *, noted: str | None = None) -> Outcome:
    """All is well; `noted` is a cause worth telling all the same."""
    return Outcome("pass", noted, detail)


def troubled(code: str, detail: str, target: str | None = None, *, discloses: bool = False) -> Outcome:
    """A cause; the dictionary says whether it is a warning or a failure."""
    return Outcome(cause(code).result, code, detail, target, discloses)


def failed(code: str, detail: str, target: str | None = None) -> Outcome:
    """A cause that ends the way here, whatever it is elsewhere."""
    return Outcome("fail", code, detail, target)


def warned(code: str, detail: str, target: str | None = None) -> Outcome:
    """A cause that the trunk still works with."""
    return Outcome("warn", code, detail, target)


def skipped(why: str) -> Outcome:
    """Not tried."""
    return Outcome("skipped", None, why)


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a check; `ms` is how long it took, `discloses` as in Outcome."""

    name: str
    result: Result
    cause: str | None
    detail: str
    ms: int
    target: str | None
    discloses: bool = False

    @property
    def who(self) -> Who | None:
        """Who has to act, None when nobody has."""
        return None if self.cause is None else cause(self.cause).who

    @property
    def fix(self) -> str | None:
        """What to do, None when there is nothing."""
        return None if self.cause is None else cause(self.cause).fix

    def as_json(self) -> dict[str, object]:
        """The object in `steps`."""
        return {
            "name": self.name,
            "result": self.result,
            "cause": self.cause,
            "detail": self.detail,
            "fix": self.fix,
            "who": self.who,
            "ms": self.ms,
            "target": self.target,
        }


@dataclass(frozen=True, slots=True)
class CheckReport:
    """A finished check. `started_at` is an ISO 8601 time in UTC."""

    target: str
    started_at: str
    duration_ms: int
    steps: tuple[Step, ...]
    trace: tuple[TraceEntry, ...]

    @property
    def verdict(self) -> Verdict:
        """The worst of the steps."""
        return verdict_of(step.result for step in self.steps)

    @property
    def cause(self) -> str | None:
        """That of the first failing step, else of the first warning, else None."""
        for result in ("fail", "warn"):
            for step in self.steps:
                if step.result == result:
                    return step.cause
        return None

    def as_json(self) -> dict[str, object]:
        """The object that `sip check --json` prints."""
        return {
            "verdict": self.verdict,
            "cause": self.cause,
            "target": self.target,
            "started_at": self.started_at,
            "duration_ms": self.duration_ms,
            "steps": [step.as_json() for step in self.steps],
            "trace": [entry.as_json() for entry in self.trace],
        }


def verdict_of(results: Iterable[Result]) -> Verdict:
    """fail when anything failed, else warn when anything warned, else pass."""
    found = set(results)
    return "fail" if "fail" in found else "warn" if "warn" in found else "pass"


def with_detail(outcome: Outcome, more: str) -> Outcome:
    """The outcome with something added to its detail."""
    return replace(outcome, detail=f"{outcome.detail} {more}".strip())
