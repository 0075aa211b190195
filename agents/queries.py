"""Reading agents and routes. Call these inside a tenant's context."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from functools import reduce
from operator import or_

from django.db.models import F, OuterRef, Q, QuerySet, Subquery, Window
from django.db.models.functions import RowNumber

from agents.deciding import Plan, Target, Way
from agents.enums import RouteAction
from agents.models import Agent, AgentTool, AgentVersion, NumberRoute, Tool, ToolInvocation, VersionTool
from agents.models.routes import WHENS
from agents.plans import schedule_of
from tenants.models import Tenant
from trunks.models import PhoneNumber


@dataclass(frozen=True, slots=True)
class NumberUse:
    """A route that names an agent: `whens` has "" where it answers, and the ways on which it stands in."""

    route: NumberRoute
    whens: tuple[str, ...]

    @property
    def answers(self) -> bool:
        """Whether calls to the number lead to the agent in the first place."""
        return "" in self.whens


def agents_of(tenant: Tenant) -> QuerySet[Agent]:
    """Return a tenant's agents with what answers."""
    return (
        Agent.objects.filter(tenant=tenant, deleted_at=None)
        .select_related("published")
        .prefetch_related("tool_choices")
    )


def invocations_for(tenant: Tenant, reference: str) -> QuerySet[ToolInvocation]:
    """Return the tools that were called for one call (`reference`), the earliest first."""
    rows = ToolInvocation.objects.filter(tenant=tenant, reference=reference).exclude(reference="")
    return rows.select_related("tool").defer("sealed_arguments").order_by("created_at", "id")


def listed_agents_of(tenant: Tenant) -> QuerySet[Agent]:
    """Return a tenant's agents with what answers, and with the tools of draft and version. Three queries."""
    agents = Agent.objects.filter(tenant=tenant, deleted_at=None).select_related("published")
    return agents.prefetch_related("tool_choices__tool", "published__tools")


def numbers_by_agent(tenant: Tenant, agent: Agent | None = None) -> dict[uuid.UUID, list[NumberUse]]:
    """Return for each agent's id the numbers whose routes name it, answering ones first. One query."""
    routes = NumberRoute.objects.filter(tenant=tenant)
    if agent is not None:
        stands_in = (Q(**{f"{when}_agent": agent}) for when in WHENS)
        routes = routes.filter(reduce(or_, stands_in, Q(agent=agent)))
    found: dict[uuid.UUID, list[NumberUse]] = {}
    for route in routes.select_related("phone_number", "pinned").order_by("phone_number__number"):
        for agent_id, whens in _named(route).items():
            found.setdefault(agent_id, []).append(NumberUse(route, tuple(whens)))
    return {pk: sorted(uses, key=lambda use: not use.answers) for pk, uses in found.items()}


def _named(route: NumberRoute) -> dict[uuid.UUID, list[str]]:
    named: dict[uuid.UUID, list[str]] = {route.agent_id: [""]}
    for when in WHENS:
        stand_in = getattr(route, f"{when}_agent_id")
        if stand_in is not None:
            named.setdefault(stand_in, []).append(when)
    return named


def routes_of(tenant: Tenant) -> QuerySet[NumberRoute]:
    """Return a tenant's routes with all that a decision needs."""
    agents = (f"{name}__published" for name in ("agent", *(f"{when}_agent" for when in WHENS)))
    rows = NumberRoute.objects.filter(tenant=tenant)
    return rows.select_related("phone_number", "pinned", "hours", *agents)


def route_of(number: PhoneNumber) -> NumberRoute | None:
    """Return where calls to a number lead, with all that a decision needs; None for nowhere. One query."""
    return routes_of(number.tenant).filter(phone_number=number).first()


def routes_by_number(tenant: Tenant, numbers: Iterable[uuid.UUID]) -> dict[uuid.UUID, NumberRoute]:
    """Return by number's id where calls lead, each with its agent. One query."""
    rows = NumberRoute.objects.filter(tenant=tenant, phone_number__in=list(numbers))
    return {route.phone_number_id: route for route in rows.select_related("agent", "pinned")}


def newest_versions(tenant: Tenant, most: int) -> list[AgentVersion]:
    """Return the newest versions of each agent there is, `most` of each. One query."""
    rank = Window(RowNumber(), partition_by=F("agent_id"), order_by=F("number").desc())
    rows = AgentVersion.objects.filter(tenant=tenant, agent__deleted_at=None).annotate(rank=rank)
    return list(rows.filter(rank__lte=most).only("agent_id", "number").order_by("agent_id", "-number"))


def plan_of(route: NumberRoute) -> Plan:
    """Return a route, read with `routes_of`, ready to decide about calls."""
    return Plan(
        number=route.phone_number.number,
        target=_target(route.agent, route.pinned),
        ways={when: _way(route, when) for when in WHENS},
        schedule=schedule_of(route.hours) if route.hours else None,
        most_calls=route.most_calls,
    )


def _way(route: NumberRoute, when: str) -> Way:
    agent = getattr(route, f"{when}_agent")
    return Way(
        action=RouteAction(getattr(route, f"{when}_action")),
        number=getattr(route, f"{when}_number"),
        target=_target(agent) if agent else None,
    )


def _target(agent: Agent, pinned: AgentVersion | None = None) -> Target:
    version = pinned or agent.published
    return Target(str(agent.pk), agent.name, version.number if version else None)


def listed_tools_of(tenant: Tenant) -> QuerySet[Tool]:
    """Return a tenant's tools by name, their secrets unread, each with `last_outcome` and `last_at`.

    Both are None where it was never called; an empty outcome is a test that waits.
    """
    calls = ToolInvocation.objects.filter(tool=OuterRef("pk")).order_by("-created_at", "-pk")
    rows = Tool.objects.filter(tenant=tenant, deleted_at=None).defer("secret_headers", "signing_secret")
    return rows.annotate(
        last_outcome=Subquery(calls.values("outcome")[:1]), last_at=Subquery(calls.values("created_at")[:1])
    ).order_by("name")


def users_by_tool(tenant: Tenant) -> dict[uuid.UUID, list[str]]:
    """Return by tool's id the names of the agents that use it, in draft or in what answers. Two queries."""
    drafts = AgentTool.objects.filter(tenant=tenant, agent__deleted_at=None)
    answering = _answering(tenant)
    found: dict[uuid.UUID, set[str]] = {}
    for tool_id, name in [
        *drafts.values_list("tool_id", "agent__name"),
        *answering.values_list("tool_id", "version__agent__name"),
    ]:
        found.setdefault(tool_id, set()).add(name)
    return {pk: sorted(names) for pk, names in found.items()}


def agents_using_tool(tool: Tool) -> list[Agent]:
    """Return the agents that use a tool, in the draft or in what answers calls."""
    answering = _answering(tool.tenant).filter(tool=tool).values("version__agent")
    rows = Agent.objects.filter(Q(tool_choices__tool=tool) | Q(pk__in=answering), tenant=tool.tenant_id)
    return list(rows.filter(deleted_at=None).distinct().order_by("name"))


def _answering(tenant: Tenant) -> QuerySet[VersionTool]:
    """Return the tools of the versions that answer calls: those published, and those that routes pin."""
    pinned = NumberRoute.objects.filter(tenant=tenant, pinned__isnull=False).values("pinned")
    answers = Q(version__agent__published_id=F("version_id")) | Q(version__in=pinned)
    return VersionTool.objects.filter(answers, tenant=tenant)
