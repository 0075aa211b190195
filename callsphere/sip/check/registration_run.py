"""`sip register` without its command line: register, refresh, remove, and say what came of it."""

from __future__ import annotations

import datetime as dt
import time
from collections.abc import Callable
from dataclasses import dataclass

from callsphere.sip.agent.registration import Attempt
from callsphere.sip.check.plan import Plan
from callsphere.sip.check.registering import Registrant
from callsphere.sip.check.report import Outcome, Verdict, failed, verdict_of
from callsphere.sip.digest import Authenticator
from callsphere.sip.trace import Trace, TraceEntry
from callsphere.sip.uri import SipUriError, parse_gateway_uri


@dataclass(frozen=True, slots=True)
class RegistrationReport:
    """A finished registration. `attempts` are (milliseconds since the start, status, cause)."""

    outcome: Outcome
    target: str
    started_at: str
    duration_ms: int
    expires_granted: int | None
    attempts: tuple[tuple[int, int | None, str | None], ...]
    trace: tuple[TraceEntry, ...]

    @property
    def verdict(self) -> Verdict:
        """pass, warn or fail."""
        return verdict_of([self.outcome.result])

    @property
    def cause(self) -> str | None:
        """Why it is not a plain pass."""
        return None if self.verdict == "pass" else self.outcome.cause

    def as_json(self) -> dict[str, object]:
        """The object that `sip register --json` prints."""
        return {
            "verdict": self.verdict,
            "cause": self.cause,
            "target": self.target,
            "started_at": self.started_at,
            "duration_ms": self.duration_ms,
            "expires_granted": self.expires_granted,
            "attempts": [
                {"at_ms": at_ms, "status": status, "cause": cause} for at_ms, status, cause in self.attempts
            ],
            "trace": [entry.as_json() for entry in self.trace],
        }


class RegistrationRun:
    """Registers, refreshes `plan.refreshes` times at once, and removes the binding unless `plan.keep`.

    `on_outcome` hears of each of these with its name.
    """

    def __init__(self, plan: Plan, on_outcome: Callable[[str, Outcome], None] | None = None) -> None:
        self.trace = Trace(time.monotonic(), plan.redactor())
        self._plan = plan
        self._on_outcome = on_outcome
        self._started = time.monotonic()
        self._started_at = dt.datetime.now(dt.UTC)
        self._failures: list[Attempt] = []

    async def run(self) -> RegistrationReport:
        """Do it; whatever happens, the binding is removed if it is to be."""
        registrant = None
        try:
            uri = parse_gateway_uri(self._plan.uri)
        except SipUriError as error:
            outcome = failed("uri_invalid", str(error))
            self._tell("register", outcome)
        else:
            agent = self._plan.agent(self.trace)
            registrant = Registrant(agent, self._plan, uri, Authenticator(self._plan.credentials))
            try:
                outcome = await self._register(registrant)
            finally:
                removed = await registrant.remove()
                if removed is not None:
                    self._tell("remove", removed)
                agent.close()
        return self._report(outcome, registrant)

    async def _register(self, registrant: Registrant) -> Outcome:
        outcome = await registrant.register()
        self._tell("register", outcome)
        for _ in range(self._plan.refreshes):
            if outcome.failed:
                break
            refreshed = await registrant.refresh()
            self._tell("refresh", refreshed)
            if refreshed.failed:
                outcome = refreshed
        return outcome

    def _tell(self, name: str, outcome: Outcome) -> None:
        if self._on_outcome is not None:
            self._on_outcome(name, outcome)

    def _report(self, outcome: Outcome, registrant: Registrant | None) -> RegistrationReport:
        attempts = registrant.attempts if registrant is not None else []
        listed = [(self._at_ms(attempt), attempt.status, attempt.cause) for attempt in attempts]
        if not listed:
            listed = [(0, None, outcome.cause)]
        return RegistrationReport(
            outcome=outcome,
            target=self.trace.redactor.text(self._plan.uri),
            started_at=self._started_at.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            duration_ms=round((time.monotonic() - self._started) * 1000),
            expires_granted=registrant.granted if registrant is not None and not outcome.failed else None,
            attempts=tuple(listed),
            trace=tuple(self.trace.entries),
        )

    def _at_ms(self, attempt: Attempt) -> int:
        return max(0, round((attempt.sent_at - self._started) * 1000))
