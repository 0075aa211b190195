"""Which of the tenant's own tools an agent's draft may use, and which of a version's are still there."""

from __future__ import annotations

import uuid
from collections.abc import Iterable

from agents.diff import choices_of
from agents.models import Agent, AgentTool, AgentVersion, Tool
from tenants.models import Tenant
from tenants.services.editing import field_error

TOOLS_PER_AGENT = 30


def find_tools(tenant: Tenant, ids: Iterable[uuid.UUID]) -> list[Tool]:
    """Return the tools of these ids, locked, so that none is deleted meanwhile. Raises ValidationError."""
    wanted = {*ids}
    if len(wanted) > TOOLS_PER_AGENT:
        raise field_error("tool_ids", f"Choose at most {TOOLS_PER_AGENT} tools.", "max_length")
    rows = Tool.objects.select_for_update(no_key=True).filter(tenant=tenant, pk__in=wanted, deleted_at=None)
    found = list(rows.order_by("pk"))
    if len(found) < len(wanted):
        raise field_error("tool_ids", "There is no such tool.", "does_not_exist")
    return found


def choose_tools(agent: Agent, tools: list[Tool]) -> dict[str, list[list[str]]]:
    """Let a stored agent, locked, use exactly these; return what has changed, as the log tells it."""
    choices = choices_of(agent)
    before, wanted = {each.tool_id: each for each in choices}, {tool.pk: tool for tool in tools}
    if before.keys() == wanted.keys():
        return {}
    gone = [each.pk for pk, each in before.items() if pk not in wanted]
    AgentTool.objects.filter(tenant=agent.tenant_id, pk__in=gone).delete()
    AgentTool.objects.bulk_create(
        AgentTool(tenant=agent.tenant, agent=agent, tool=tool)
        for pk, tool in wanted.items()
        if pk not in before
    )
    return {"tools": [sorted(each.tool.name for each in choices), sorted(tool.name for tool in tools)]}


def deleted_tools_of(version: AgentVersion) -> list[str]:
    """Return the names of a version's tools that were deleted. The others are locked: none is meanwhile."""
    tools = Tool.objects.select_for_update(no_key=True, of=("self",))
    used = tools.filter(version_choices__version=version)
    return [tool.name for tool in used.filter(tenant=version.tenant_id).order_by("pk") if tool.deleted_at]
