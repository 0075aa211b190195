"""The log as a file, however long: read in portions, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict
from typing import Any

from callsphere.calls.listing import CallFilter, calls_of, with_costs
from callsphere.calls.models import Call
from callsphere.calls.wording import ai_cost_of
from callsphere.lib.spreadsheets import cell, lines
from callsphere.providers.openai.prices import CURRENCY
from tenants.audit import Actor, record_event
from tenants.context import tenant_context
from tenants.models import Tenant

_PORTION = 1_000
_COLUMNS = (
    *("id", "started_at", "answered_at", "ended_at", "direction", "state", "outcome", "hung_up_by"),
    *("our_number", "their_number", "agent", "agent_version", "trunk", "talked_s", "sip_code", "error_code"),
    *("cause", "verstat", "price", "price_unit", "call_sid", "ai_cost", "ai_cost_currency"),
)


def export_calls(*, tenant: Tenant, actor: Actor, which: CallFilter) -> Iterator[str]:
    """Return the calls as CSV, the newest first, in pieces, and write down who took them.

    Call it inside the tenant's context, and take the pieces outside any.
    """
    narrowed = {name: value for name, value in asdict(which).items() if value not in (None, "", False)}
    wanted = {name: [None, str(value)] for name, value in narrowed.items()}
    record_event(
        tenant=tenant, actor=actor, verb="calls.exported", obj=tenant, changes=wanted, even_read_only=True
    )
    return _pieces(tenant, which)


def _pieces(tenant: Tenant, which: CallFilter) -> Iterator[str]:
    yield lines([_COLUMNS])
    calls = _portion(tenant, which, None)
    while calls:
        yield lines(map(_row, calls))
        calls = _portion(tenant, which, calls[-1])


def _portion(tenant: Tenant, which: CallFilter, last: Call | None) -> list[Call]:
    with tenant_context(tenant):
        calls = with_costs(calls_of(tenant, which))
        return list((calls.filter(id__lt=last.pk) if last else calls)[:_PORTION])


def _row(call: Call) -> Iterator[Any]:
    cost = ai_cost_of(call.sessions.all())
    names = {
        "agent": call.agent.name if call.agent else "",
        "agent_version": call.version.number if call.version else "",
        "trunk": call.trunk.name if call.trunk else "",
        "ai_cost": "" if cost is None else f"{cost:.6f}",
        "ai_cost_currency": "" if cost is None else CURRENCY,
    }
    for column in _COLUMNS:
        value: Any = names[column] if column in names else getattr(call, column)
        yield value.isoformat() if column.endswith("_at") and value else cell(value)
