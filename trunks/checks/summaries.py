"""What pages show of readiness checks: lines and step lists ready to print, as tenants may read them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.html import format_html_join
from django.utils.safestring import SafeString

from callsphere.sip.causes import CAUSES, Cause
from callsphere.sip.check.report import STEPS
from tenants.enums import ActorKind
from trunks.checks.queries import check_before
from trunks.checks.reports import RunReport, runs_of, step_results, told_cause_of
from trunks.checks.wording import STEP_TITLES, carrier_message, comparison, days_between
from trunks.enums import CheckState, Verdict
from trunks.models import ReadinessCheck

_WHO = {"you": "on your side", "carrier": "on your carrier's side", "callsphere": "on our side"}
_FLAG = re.compile(r" \(--[a-z-]+\)")
"""What the command line adds to its sentences."""
_CALL_ID = re.compile(r"^(?:Call-ID|i)[ \t]*:[ \t]*(\S+)", re.I | re.M)


@dataclass(frozen=True, slots=True)
class CheckRow:
    """A check as a line: its state as `status` draws it, and what it was about."""

    check: ReadinessCheck
    state: str
    label: str
    cause: Cause | None
    asked: str
    by: str

    @property
    def at(self) -> datetime:
        """When it was asked for."""
        return self.check.created_at


@dataclass(frozen=True, slots=True)
class RunView:
    """One gateway of a check: its steps for the step list, and what is wrong."""

    uri: str
    state: str
    label: str
    steps: list[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The end of a check in one callout. `others`: what is wrong at its other gateways, a line each."""

    tone: str
    title: str
    cause: Cause | None
    detail: str
    message: str
    others: tuple[str, ...] = ()


def check_row(check: ReadinessCheck) -> CheckRow:
    """Return a check as a line."""
    state, label = _state(check)
    return CheckRow(check, state, label, told_cause_of(check), asked_words(check), by_words(check))


def check_rows(checks: Iterable[ReadinessCheck]) -> list[CheckRow]:
    """Return checks as lines."""
    return [check_row(check) for check in checks]


def asked_words(check: ReadinessCheck) -> str:
    """Say what a check did: "OPTIONS, sign-in, call to +1…"."""
    parts = ["OPTIONS"]
    if check.register:
        parts.append("sign-in")
    if check.call:
        parts.append(f"call to {check.call}")
    return ", ".join(parts)


def by_words(check: ReadinessCheck) -> str:
    """Say who asked for a check."""
    match check.requested_kind:
        case ActorKind.STAFF:
            return "CallSphere support"
        case ActorKind.API_KEY:
            return f"API key “{check.requested_by}”"
        case ActorKind.SYSTEM:
            return "Schedule"
    return check.requested_by


def run_views(check: ReadinessCheck) -> list[RunView]:
    """Return the gateways of a check with their steps; those that are still to come are there too."""
    runs = runs_of(check)
    if not runs and check.is_open:
        return [RunView("", "pending", "Waiting", [])]
    return [_run_view(run, is_open=check.is_open) for run in runs]


def outcome_of(check: ReadinessCheck) -> Outcome | None:
    """Return how a check ended; None while it runs."""
    if check.is_open:
        return None
    if check.state == CheckState.CANCELLED:
        return Outcome("info", "The check was stopped", None, "What it had begun was ended.", "")
    if check.state == CheckState.FAILED:
        return Outcome("warn", "The check did not come to its end", None, check.problem, "")
    cause = told_cause_of(check)
    if check.verdict == Verdict.PASS or cause is None:
        return Outcome("ok", "This line works", None, _what_worked(check), "")
    tone = "fail" if check.verdict == Verdict.FAIL else "warn"
    step = _step_of(check, cause)
    detail = f"{STEP_TITLES[step['name']]}: {step['detail']}" if step else ""
    message = _message(check, cause, step) if cause.who == "carrier" and step else ""
    return Outcome(tone, cause.title, cause, detail, message, _other_troubles(check, cause))


def _other_troubles(check: ReadinessCheck, told: Cause) -> tuple[str, ...]:
    return tuple(
        f"{run.uri}: {run.cause.title}"
        for run in runs_of(check)
        if run.cause and run.cause != told and run.verdict != Verdict.PASS
    )


def news_of(check: ReadinessCheck) -> list[str]:
    """Say what changed since the check before this one; nothing without one. One query."""
    if check.state != CheckState.FINISHED:
        return []
    before = check_before(check)
    if before is None:
        return []
    days = days_between(check.created_at, before.created_at)
    titles = {code: cause.title for code, cause in CAUSES.items()}
    return comparison(step_results(check), step_results(before), days=days, titles=titles)


def _state(check: ReadinessCheck) -> tuple[str, str]:
    if check.state == CheckState.FINISHED:
        return check.verdict, Verdict(check.verdict).label
    if check.is_open:
        return "pending", CheckState(check.state).label
    return "skipped", CheckState(check.state).label


def _run_view(run: RunReport, *, is_open: bool) -> RunView:
    items = [_item(step) for step in run.steps]
    if is_open and not run.verdict:
        for number, name in enumerate(STEPS[len(run.steps) :]):
            items.append({"title": STEP_TITLES[name], "state": "todo" if number else "running"})
    if run.verdict:
        return RunView(run.uri, run.verdict, Verdict(run.verdict).label, items)
    return RunView(
        run.uri, "pending" if is_open else "skipped", "Running" if is_open else "Not finished", items
    )


def _item(step: dict[str, Any]) -> dict[str, Any]:
    aside = "" if step["result"] == "skipped" else f"{step['ms']} ms"
    return {
        "title": STEP_TITLES[step["name"]],
        "state": step["result"],
        "detail": _detail(step),
        "aside": aside,
    }


def _detail(step: dict[str, Any]) -> SafeString:
    lines = [_FLAG.sub("", step["detail"])]
    cause = CAUSES.get(step["cause"] or "")
    if cause is not None and step["result"] != "pass":
        who = f" ({_WHO[cause.who]})" if cause.who else ""
        lines = [f"{cause.title}{who}.", *lines, f"What to change: {cause.fix}"]
    elif cause is not None:
        lines.append(f"{cause.title}.")
    return format_html_join(SafeString("<br>"), "{}", ((line,) for line in lines if line))


def _what_worked(check: ReadinessCheck) -> str:
    gateways = len(check.runs)
    where = "The gateway" if gateways == 1 else f"All {gateways} gateways"
    verb = "answers" if gateways == 1 else "answer"
    if check.call:
        return f"{where} {verb}, and calls are answered, held, kept alive and hung up as they should be."
    return f"{where} {verb}. Check again with a number to call to see whether calls work too."


def _step_of(check: ReadinessCheck, cause: Cause) -> dict[str, Any] | None:
    steps = [step for run in runs_of(check) for step in run.steps]
    return next((step for step in steps if step["cause"] == cause.code and step["result"] != "pass"), None)


def _message(check: ReadinessCheck, cause: Cause, step: dict[str, Any]) -> str:
    uri = next((run.uri for run in runs_of(check) if step in run.steps), check.target)
    return carrier_message(
        uri,
        cause=cause,
        step=STEP_TITLES[step["name"]],
        detail=step["detail"],
        target=step["target"] or "",
        call_id=_call_id(check, step["name"]),
        at=check.started_at or check.created_at,
        sources=settings.SIP_SOURCE_ADDRESSES,
    )


def _call_id(check: ReadinessCheck, step: str) -> str:
    """The Call-ID under which the carrier finds what failed."""
    method = {"options": "OPTIONS", "register": "REGISTER"}.get(step, "INVITE")
    for entry in check.trace:
        found = _CALL_ID.search(entry["text"]) if entry["method"] == method else None
        if found:
            return found[1]
    return ""
