"""What people read of a readiness check: the objects of `sip check`, as far as tenants may see them.

A refused address reads like a name that does not exist, in the step `dns`, so that nothing can be scanned
through us (see `trunks.wording`).
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from callsphere.lib.errors import Refused
from callsphere.sip.causes import CAUSES, Cause
from callsphere.sip.check.console import Console
from callsphere.sip.check.report import Step
from callsphere.sip.pcap import to_pcap
from callsphere.sip.trace import Trace, TraceEntry
from trunks.enums import CheckState
from trunks.models import ReadinessCheck
from trunks.wording import told_cause

_REFUSED = "address_refused"
_NOT_FOUND = "dns_not_found"
_CONTACT_LEADS_NOWHERE = "No request can be sent to where the answer's Contact and Record-Route lead."


@dataclass(frozen=True, slots=True)
class RunReport:
    """One gateway of a check, with its steps as tenants read them. `verdict` is empty while it runs."""

    uri: str
    verdict: str
    cause: Cause | None
    steps: tuple[dict[str, Any], ...]


def runs_of(check: ReadinessCheck) -> list[RunReport]:
    """Return a check's gateways, in the order in which they are looked at."""
    return [
        RunReport(
            run["uri"],
            run["verdict"],
            told_cause(run["cause"]),
            tuple(told_steps(steps, run["uri"])),
        )
        for run, steps in _by_run(check)
    ]


def told_steps(steps: Sequence[Mapping[str, Any]], uri: str) -> Iterator[dict[str, Any]]:
    """Yield the steps of one gateway as a tenant may read them."""
    hidden = any(step["cause"] in (_REFUSED, _NOT_FOUND) for step in steps)
    refused = any(step["cause"] == _REFUSED for step in steps)
    for step in steps:
        told = dict(step)
        # What a carrier's own headers lack may be told; what our name servers and guard say of them may not.
        discloses = told.pop("discloses", step["cause"] == "contact_unusable")
        if hidden and step["name"] == "target":
            told |= {"result": "pass", "cause": None, "detail": uri, "fix": None, "who": None, "ms": 0}
        elif (refused and step["name"] == "dns") or step["cause"] in (_REFUSED, _NOT_FOUND):
            told |= _no_address(uri)
        elif discloses:
            told["detail"] = _CONTACT_LEADS_NOWHERE
        if hidden:
            told["target"] = None
        yield told


def told_cause_of(check: ReadinessCheck) -> Cause | None:
    """Return the cause of a check as tenants are told it."""
    return told_cause(check.cause)


def as_json(check: ReadinessCheck, *, with_trace: bool = True) -> dict[str, Any]:
    """Return the object that `sip check --json` prints, with the gateways' steps one after the other."""
    cause = told_cause_of(check)
    started = check.started_at.isoformat(timespec="milliseconds") if check.started_at else None
    return {
        "verdict": check.verdict or None,
        "cause": cause.code if cause else None,
        "target": check.target or ", ".join(run["uri"] for run in check.runs) or None,
        "started_at": started.replace("+00:00", "Z") if started else None,
        "duration_ms": check.duration_ms,
        "steps": [step for run in runs_of(check) for step in run.steps],
        "trace": [_message(each) for each in check.trace] if with_trace else [],
    }


def as_text(check: ReadinessCheck, *, for_staff: bool = False) -> str:
    """Return what `sip check --trace` prints: steps, what to do, and every message as a ladder.

    Staff read the true causes.
    """
    stream = io.StringIO()
    console = Console(stream, at_shell=False)
    for number, (run, steps) in enumerate(_by_run(check)):
        if number:
            console.line()
        console.line(f"Readiness check of {run['uri']}")
        for step in steps if for_staff else told_steps(steps, run["uri"]):
            console.step(_step(step))
    if check.state == CheckState.FINISHED:
        console.verdict(check.verdict, check.duration_ms or 0)  # type: ignore[arg-type]  # a verdict, held by a constraint
    else:
        if check.runs:
            console.line()
        console.line(check.problem or CheckState(check.state).label)
    if check.trace:
        console.line()
        for rung in ladder_of(check):
            console.line(rung)
    return stream.getvalue()


def as_pcap(check: ReadinessCheck) -> bytes:
    """Return every message as a capture for Wireshark and its like. Raises Refused while the check runs."""
    if check.is_open:
        raise Refused("Wait for the end of the check.", code="check_running")
    return to_pcap(check.trace, check.started_at or check.created_at)


def file_headers(check: ReadinessCheck, ending: str) -> dict[str, str]:
    """Return the headers with which a report is stored as a file."""
    return {"Content-Disposition": f'attachment; filename="check-{check.pk}.{ending}"'}


def ladder_of(check: ReadinessCheck) -> list[str]:
    """Return every message as a line."""
    trace = Trace(0.0)
    trace.entries = [
        TraceEntry(
            each["at_ms"], each["direction"], each["summary"], each["text"], each["peer"], each["method"]
        )
        for each in check.trace
    ]
    return trace.ladder()


def step_results(check: ReadinessCheck) -> dict[tuple[str, str], tuple[str, str]]:
    """Return result and told cause of each step, by gateway and name."""
    return {
        (run.uri, step["name"]): (step["result"], step["cause"] or "")
        for run in runs_of(check)
        for step in run.steps
    }


def _by_run(check: ReadinessCheck) -> Iterator[tuple[Mapping[str, Any], list[Mapping[str, Any]]]]:
    steps = iter(check.steps)
    for run in check.runs:
        yield run, [step for _, step in zip(range(run["steps"]), steps, strict=False)]


def _no_address(uri: str) -> dict[str, Any]:
    cause = CAUSES[_NOT_FOUND]
    return {
        "result": "fail",
        "cause": cause.code,
        "detail": f"{uri}: no address was found.",
        "fix": cause.fix,
        "who": cause.who,
        "ms": 0,
    }


def _message(entry: Mapping[str, Any]) -> dict[str, Any]:
    return {name: entry[name] for name in ("at_ms", "direction", "summary", "text")}


def _step(step: Mapping[str, Any]) -> Step:
    names = ("name", "result", "cause", "detail", "ms", "target")
    return Step(**{name: step[name] for name in names})
