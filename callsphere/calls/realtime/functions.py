"""Functions that the model calls: each is run once, whoever holds the session, and what it returns is kept.

That it begins is stored before it is run. A worker that takes the session over waits for what another runs,
and where that one died says that it may have been done: to repeat it could do harm.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from agents.enums import BuiltinTool, Outcome
from agents.invoking import invoke
from agents.models import AgentVersion
from agents.models.tools import LONGEST_TIMEOUT_S
from agents.tool_calls import Result
from callsphere.calls.builtin_tools import After, run_builtin
from callsphere.calls.enums import CallAction, CallState, EndReason
from callsphere.calls.models import Call, FunctionCall
from callsphere.calls.realtime.claims import Held, holding
from callsphere.calls.realtime.metrics import FUNCTIONS
from callsphere.calls.realtime.notes import add_note
from callsphere.lib.crypto import SecretUnreadable
from tenants.context import tenant_context
from tenants.keys import reveal, seal_for
from tenants.models import Tenant

log = structlog.get_logger(__name__)
LONGEST_RUN = timedelta(seconds=LONGEST_TIMEOUT_S + 10)
"""After so long nobody runs a function any more."""
FAREWELL_WITHIN = timedelta(seconds=45)
"""When the provider ends a call whose agent is done, should nobody have done so."""
INTERRUPTED = json.dumps({"error": "It was interrupted and may have been done. Do not repeat it."})
OUR_FAULT = json.dumps({"error": "Something went wrong on our side."})
_NO_JSON = json.dumps({"error": "The arguments are no JSON."})


@dataclass(frozen=True, slots=True)
class Wanted:
    """A function that the model wants to be called; `arguments` is JSON, as the model wrote it."""

    function_call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class Ended:
    """What a function returned, for the model. `hangs_up`: the call is to end."""

    output: str
    hangs_up: bool = False


@dataclass(frozen=True, slots=True)
class Unanswered:
    """A function whose result the model does not have; without `output` somebody may still run it."""

    function_call_id: str
    output: str
    begun_at: datetime


def run(held: Held, version: AgentVersion, wanted: Wanted) -> Ended | None:
    """Run a function and keep what it returned; None when it was begun before.

    Whatever goes wrong is told to the model. Raises ClaimLost.
    """
    if not _begin(held, wanted):
        return None
    try:
        ended, wrong = _run(held, version, wanted)
    except Exception:
        log.exception("function_broke", function=wanted.name, call=str(held.call_id))
        ended, wrong = Ended(OUR_FAULT), "something went wrong on our side"
    return _end(held, wanted.function_call_id, ended, wrong and f"{wanted.name}: {wrong}.")


def unanswered(held: Held) -> list[Unanswered]:
    """Return the functions whose results the model does not have."""
    with holding(held):
        rows = list(FunctionCall.objects.filter(session_id=held.session_id, answered_at=None))
        return [Unanswered(row.function_call_id, _output(row), row.created_at) for row in rows]


def find_output(held: Held, function_call_id: str) -> str:
    """Return what a function returned; empty while it is run. What nobody runs any more was interrupted."""
    with holding(held):
        row = FunctionCall.objects.get(session_id=held.session_id, function_call_id=function_call_id)
        if row.ended_at is None and row.created_at < timezone.now() - LONGEST_RUN:
            _store_output(row, INTERRUPTED)
            add_note(held, f"{function_call_id}:ended", f"{row.name}: it was interrupted.")
        return _output(row)


def store_answered(held: Held, function_call_ids: list[str]) -> None:
    """Store that the model has these results, and forget them."""
    with holding(held):
        rows = FunctionCall.objects.filter(
            session_id=held.session_id, function_call_id__in=function_call_ids, ended_at__isnull=False
        )
        rows.update(answered_at=timezone.now(), sealed_output="")


def _begin(held: Held, wanted: Wanted) -> bool:
    with holding(held) as session:
        _row, is_new = FunctionCall.objects.get_or_create(
            tenant_id=session.tenant_id,
            session=session,
            function_call_id=wanted.function_call_id,
            defaults={"name": wanted.name[:64]},
        )
        return is_new


def _run(held: Held, version: AgentVersion, wanted: Wanted) -> tuple[Ended, str]:
    """Run a function; return what it returned, and what went wrong where no invocation tells of it."""
    try:
        arguments = json.loads(wanted.arguments or "{}")
    except ValueError:
        return Ended(_NO_JSON), "the arguments are no JSON"
    tenant = Tenant(pk=held.tenant_id)
    if wanted.name in BuiltinTool.values:
        FUNCTIONS.labels("builtin").inc()
        answer = run_builtin(
            tenant=tenant,
            call_id=held.call_id,
            version=version,
            name=wanted.name,
            arguments=arguments,
            function_call_id=wanted.function_call_id,
        )
        return Ended(answer.output, answer.then == After.HANG_UP), ""
    FUNCTIONS.labels("tool").inc()
    result = invoke(
        tenant=tenant, version=version, name=wanted.name, arguments=arguments, reference=str(held.call_id)
    )
    return Ended(_told(result)), result.detail.rstrip(".") if result.outcome == Outcome.UNUSABLE else ""


def _told(result: Result) -> str:
    """Return a result as the model reads it."""
    if result.outcome == Outcome.OK:
        # an endpoint may answer with half a character, which cannot be sent on
        return json.dumps(result.answer, ensure_ascii=False).encode("utf-8", "replace").decode()
    error = result.detail or f"{Outcome(result.outcome).label}."
    return json.dumps({"error": error}, ensure_ascii=False)


def _end(held: Held, function_call_id: str, ended: Ended, wrong: str) -> Ended:
    """Keep what a function returned, whoever holds the session by now; return what holds of it."""
    with tenant_context(Tenant(pk=held.tenant_id)):
        rows = FunctionCall.objects.select_for_update(of=("self",), no_key=True)
        row = rows.filter(session_id=held.session_id, function_call_id=function_call_id).first()
        if row is None or row.ended_at is not None:  # it was given up
            return Ended(INTERRUPTED)
        _store_output(row, ended.output)
        if wrong:
            add_note(held, f"{function_call_id}:ended", wrong)
        return replace(ended, hangs_up=ended.hangs_up and _have_it_ended(held))


def _have_it_ended(held: Held) -> bool:
    """Store that the agent is done, unless the call has left it; return whether it is to be hung up.

    Should the farewell get lost, the provider ends the call.
    """
    rows = Call.objects.select_for_update(of=("self",), no_key=True).exclude(state=CallState.ENDED)
    call = rows.filter(pk=held.call_id, action=CallAction.REALTIME).first()
    if call is None:
        return False
    latest = timezone.now() + FAREWELL_WITHIN
    call.end_reason = call.end_reason or EndReason.AGENT
    call.end_due_at = min(call.end_due_at or latest, latest)
    call.save(update_fields=["end_reason", "end_due_at"])
    return True


def _store_output(row: FunctionCall, output: str) -> None:
    row.sealed_output, row.ended_at = seal_for(row, "sealed_output", output), timezone.now()
    row.save(update_fields=["sealed_output", "ended_at"])


def _output(row: FunctionCall) -> str:
    if not row.sealed_output:
        return ""
    try:
        return reveal(row, "sealed_output")
    except SecretUnreadable:
        return INTERRUPTED
