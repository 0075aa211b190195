"""The log of built-in tools, which lets each act once for each request of a model.

Call these inside the tenant's context. A run that has a row without an outcome is under way, or its worker
died: nobody knows how far it came.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Any

from agents.enums import BuiltinTool, InvocationKind, Outcome
from agents.masking import masked
from agents.models import AgentVersion, ToolInvocation
from agents.models.tools import LONGEST_DETAIL
from callsphere.lib.crypto import SecretUnreadable
from tenants.clock import database_now
from tenants.keys import reveal, seal_for
from tenants.models import Tenant

LONGEST_ID = 128


def claim_run(
    *,
    tenant: Tenant,
    version: AgentVersion,
    builtin: BuiltinTool,
    reference: str,
    function_call_id: str,
    arguments: Any,
) -> tuple[ToolInvocation, bool]:
    """Return the row of a run, locked, and whether the caller is the one who is to act.

    Two at once: the second waits at the unique index until the first has committed or given up.
    """
    run = ToolInvocation(
        tenant=tenant,
        version=version,
        builtin=builtin,
        kind=InvocationKind.CALL,
        reference=reference,
        function_call_id=function_call_id[:LONGEST_ID],
        arguments=masked(arguments),
    )
    ToolInvocation.objects.bulk_create([run], ignore_conflicts=True)
    same = ToolInvocation.objects.filter(
        tenant=tenant, reference=reference, function_call_id=run.function_call_id
    )
    kept = same.select_for_update(no_key=True).get()
    return kept, kept.pk == run.pk


def is_under_way(
    *, tenant: Tenant, builtins: Collection[BuiltinTool], reference: str, since: datetime, besides: str
) -> bool:
    """Whether one of these tools, asked for since then, has not ended; `besides` is a request left out."""
    runs = ToolInvocation.objects.filter(tenant=tenant, reference=reference, ended_at=None)
    runs = runs.filter(builtin__in=builtins, created_at__gte=since)
    return runs.exclude(function_call_id=besides[:LONGEST_ID]).exists()


def store_run(run: ToolInvocation, outcome: Outcome, answer: dict[str, Any], *, detail: str = "") -> None:
    """Write down what came of a run: masked for people, sealed for the model that may ask again."""
    run.outcome, run.detail, run.answer = outcome, detail[:LONGEST_DETAIL], masked(answer)
    run.sealed_answer = seal_for(run, "sealed_answer", json.dumps(answer))
    run.ended_at = database_now()
    run.duration_ms = max(0, round((run.ended_at - run.created_at).total_seconds() * 1000))
    run.tries = 1
    run.save(
        update_fields=["outcome", "detail", "answer", "sealed_answer", "ended_at", "duration_ms", "tries"]
    )


def answer_of(run: ToolInvocation) -> dict[str, Any] | None:
    """Return what a run answered; None when that is not known, or not any more."""
    if not run.sealed_answer:
        return None
    try:
        answer: dict[str, Any] = json.loads(reveal(run, "sealed_answer"))
    except SecretUnreadable:
        return None
    return answer
