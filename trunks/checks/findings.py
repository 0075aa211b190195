"""What a check finds, put together for the database: gateway after gateway, no longer than a row may be."""

from __future__ import annotations

import time
import uuid
from typing import Any

from callsphere.sip.check.report import CheckReport, Step
from callsphere.sip.trace import Trace, TraceEntry
from trunks.checks.checking import Findings, worst
from trunks.storable import storable

MOST_TEXT = 512 * 1024
"""Characters of messages kept of one check: a peer that floods us does not fill our database."""
MOST_MESSAGES = 1000


class Collector:
    """Takes steps and traces of one run after the other."""

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._steps: list[dict[str, Any]] = []
        self._runs: list[dict[str, Any]] = []
        self._traces: list[tuple[int, Trace]] = []

    def begin(self, gateway_id: uuid.UUID, uri: str, trace: Trace) -> None:
        """The next gateway is looked at."""
        after_ms = round((time.monotonic() - self._started) * 1000)
        self._traces.append((after_ms, trace))
        shown = trace.redactor.text(uri)
        self._runs.append(
            {"gateway_id": str(gateway_id), "uri": shown, "verdict": "", "cause": "", "steps": 0}
        )

    def add(self, step: Step) -> None:
        """A step of it is finished."""
        self._steps.append({**storable(step.as_json()), "discloses": step.discloses})
        self._runs[-1]["steps"] += 1

    def end(self, report: CheckReport) -> None:
        """It is done."""
        self._runs[-1].update(
            verdict=report.verdict, cause=report.cause or "", duration_ms=report.duration_ms
        )

    def progress(self) -> Findings:
        """The steps so far."""
        return Findings(tuple(self._steps), tuple(dict(run) for run in self._runs))

    def all(self, *, whole: bool) -> Findings:
        """Steps and messages; a verdict only when the check is `whole`."""
        verdict = worst(run["verdict"] for run in self._runs) if whole else ""
        causes = [run["cause"] for run in self._runs if run["verdict"] == verdict]
        return Findings(
            steps=tuple(self._steps),
            runs=tuple(dict(run) for run in self._runs),
            trace=tuple(self._messages()),
            verdict=verdict,
            cause=next(filter(None, causes), "") if whole else "",
            target=", ".join(run["uri"] for run in self._runs)[:4000],
        )

    def _messages(self) -> list[dict[str, Any]]:
        room = MOST_TEXT
        kept: list[dict[str, Any]] = []
        for after_ms, trace in self._traces:
            for entry in trace.entries:
                if len(kept) >= MOST_MESSAGES:
                    return kept
                text = entry.text if len(entry.text) <= room else ""
                room -= len(text)
                kept.append(storable(_message(entry, after_ms, text)))
        return kept


def _message(entry: TraceEntry, after_ms: int, text: str) -> dict[str, Any]:
    return {
        **entry.as_json(),
        "at_ms": entry.at_ms + after_ms,
        "text": text,
        "peer": entry.peer,
        "method": entry.method,
    }
