"""Calling a tool and writing down, masked, what came of it: in calls at once, as a test by a worker."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from functools import partial
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction

from agents.enums import InvocationKind, Outcome
from agents.masking import masked
from agents.models import AgentVersion, Tool, ToolInvocation, VersionTool
from agents.models.tools import LONGEST_DETAIL
from agents.parameters import LONGEST_ARGUMENTS, NO_JSON, as_json
from agents.services.tools import lock_tool
from agents.tool_calls import Endpoint, Result, call_tool
from callsphere.celery import wake
from callsphere.lib.crypto import SecretUnreadable
from callsphere.lib.errors import Refused
from callsphere.lib.netguard import AddressPolicy
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.context import platform_context, tenant_context
from tenants.keys import reveal, seal_for
from tenants.models import Tenant
from tenants.services.editing import field_error

LEASE = timedelta(seconds=120)
"""Longer than any tool's time limit."""
AT_ONCE = 8
"""Tests of one worker at the same time: one endpoint that hangs keeps no others waiting."""
TESTS_WAITING = 5
KEPT = timedelta(days=30)
LONGEST_CALL = timedelta(hours=5)
"""No call lasts as long."""
TASK, QUEUE = "agents.run_tool_tests", "deliver"
_NOT_THERE = Result(Outcome.UNUSABLE, "The agent has no such tool, or it was deleted.")
_UNREADABLE = Result(Outcome.UNUSABLE, "Its secrets cannot be opened. Enter them again.")
_INTERRUPTED = Result(
    Outcome.INTERRUPTED, "It may have been called: it is not repeated, since that could do harm."
)
_BROKE = Result(Outcome.INTERRUPTED, "Something went wrong on our side. Write to support if it does again.")

log = structlog.get_logger(__name__)
Clock = Callable[[], datetime]


def invoke(*, tenant: Tenant, version: AgentVersion, name: str, arguments: Any, reference: str) -> Result:
    """Call a tool that a version of an agent uses, for the call `reference`, and write it down.

    Call it outside any context: it opens its own, and waits for the endpoint between them. Never raises for
    what the model or the endpoint does wrong; the result says what to tell the model.
    """
    with tenant_context(tenant):
        row = (
            VersionTool.objects.select_related("tool")
            .filter(tenant=tenant, version=version, name=name)
            .first()
        )
        tool = row.tool if row and row.tool.deleted_at is None else None
        endpoint = _endpoint_of(tool, row.parameters) if row and tool else None
    if tool is None:
        return _NOT_THERE
    result = _call(endpoint, arguments, reference)
    with tenant_context(tenant):
        ToolInvocation.objects.create(
            tenant=tenant,
            tool=tool,
            version=version,
            kind=InvocationKind.CALL,
            reference=reference[:64],
            arguments=masked(arguments),
            ended_at=database_now(),
            **_written(result),
        )
    return result


def request_test(*, tenant: Tenant, actor: Actor, tool: Tool, arguments: Any) -> ToolInvocation:
    """Ask for a tool to be called with these arguments; a worker does it within seconds.

    They are checked then, as an agent's would be. Raises ValidationError, and Refused when the tool is gone
    or too many tests wait.
    """
    if not isinstance(arguments, dict):
        raise field_error("arguments", 'Send an object, such as {"day": "2027-01-04"}.', "object")
    try:
        text = as_json(arguments)
    except ValueError:
        raise field_error("arguments", f"This is no JSON: {NO_JSON}.", "no_json") from None
    if len(text) > LONGEST_ARGUMENTS:
        raise field_error("arguments", f"Use at most {LONGEST_ARGUMENTS} bytes.", "max_length")
    with transaction.atomic():
        row = lock_tool(tenant, tool.pk)
        if ToolInvocation.objects.filter(tenant=tenant, due_at__isnull=False).count() >= TESTS_WAITING:
            raise Refused("Wait until your other tests have ended.", code="testing")
        test = ToolInvocation(tenant=tenant, tool=row, kind=InvocationKind.TEST, arguments=masked(arguments))
        test.sealed_arguments = seal_for(test, "sealed_arguments", text.decode())
        test.due_at = database_now()
        test.save(force_insert=True)
        record_event(tenant=tenant, actor=actor, verb="tool.tested", obj=row)
        transaction.on_commit(partial(wake, TASK, QUEUE))
    return test


def run_due_tests(clock: Clock = database_now) -> int:
    """Run the tests that wait, some at once; return how many. Any number of workers may do so."""
    claimed = _claim_tests(clock())
    with ThreadPoolExecutor(AT_ONCE) as pool:
        results = list(pool.map(_run, [_prepared(test) for test in claimed]))
    return sum(_store(test, result, clock) for test, result in zip(claimed, results, strict=True))


def forget_old_invocations(clock: Clock = database_now) -> int:
    """Delete what ended more than 30 days ago; return how many that were.

    What built-in tools told the model is forgotten when no call of then can go on any more.
    """
    now = clock()
    with platform_context("forget invocations of tools"):
        rows = ToolInvocation.objects
        rows.filter(created_at__lt=now - LONGEST_CALL).exclude(sealed_answer="").update(sealed_answer="")
        rows.filter(outcome="", due_at=None, created_at__lt=now - KEPT).delete()
        return rows.filter(ended_at__lt=now - KEPT).delete()[0]


def _claim_tests(now: datetime) -> list[ToolInvocation]:
    with platform_context("claim tests of tools"):
        rows = ToolInvocation.objects.select_for_update(skip_locked=True, of=("self",))
        due = list(rows.filter(due_at__lte=now).select_related("tool", "tenant").order_by("due_at")[:AT_ONCE])
        for test in due:
            test.claim, test.due_at = test.claim + 1, now + LEASE
            test.save(update_fields=["claim", "due_at"])
    return due


def _prepared(test: ToolInvocation) -> Callable[[], Result]:
    """Open what a test needs, before threads start: they use no database."""
    tool = test.tool
    if tool is None or tool.deleted_at is not None:
        return lambda: _NOT_THERE
    if test.claim > 1 and not tool.is_idempotent:
        return lambda: _INTERRUPTED
    try:
        with tenant_context(test.tenant):
            arguments = json.loads(reveal(test, "sealed_arguments"))
            endpoint = _endpoint_of(tool, tool.parameters)
    except SecretUnreadable:
        return lambda: _UNREADABLE
    return partial(_call, endpoint, arguments, f"test-{test.pk}")


def _run(do: Callable[[], Result]) -> Result:
    """Run a test. One that breaks ends too: repeated, it would break the others beside it again and again."""
    try:
        return do()
    except Exception:
        log.exception("tool_test_broke")
        return _BROKE


def _store(test: ToolInvocation, result: Result, clock: Clock) -> int:
    ended = {"ended_at": clock(), "due_at": None, "sealed_arguments": ""}
    with tenant_context(test.tenant):
        mine = ToolInvocation.objects.filter(
            tenant=test.tenant, pk=test.pk, claim=test.claim, due_at__isnull=False
        )
        return mine.update(**ended, **_written(result))


def _endpoint_of(tool: Tool, parameters: dict[str, Any]) -> Endpoint | None:
    """Return where a tool is called, its secrets opened; None when they cannot be."""
    try:
        headers = json.loads(reveal(tool, "secret_headers")) if tool.secret_headers else {}
        secret = reveal(tool, "signing_secret")
    except SecretUnreadable:
        return None
    return Endpoint(
        name=tool.name,
        url=tool.endpoint,
        parameters=parameters,
        timeout_s=tool.timeout_s,
        is_idempotent=tool.is_idempotent,
        signing_secret=secret,
        headers=headers,
    )


def _call(endpoint: Endpoint | None, arguments: Any, reference: str) -> Result:
    if endpoint is None:
        return _UNREADABLE
    policy = AddressPolicy.from_strings(settings.NETGUARD_ALLOW)
    return call_tool(endpoint, arguments, reference=reference, policy=policy)


def _written(result: Result) -> dict[str, Any]:
    return {
        "outcome": result.outcome,
        "detail": result.detail[:LONGEST_DETAIL].replace("\0", ""),
        "status": result.status,
        "answer": masked(result.answer),
        "tries": result.tries,
        "duration_ms": result.duration_ms,
    }
