"""Reading agents and routes. Call these inside a tenant's context."""

from __future__ import annotations

from django.db.models import QuerySet

from agents.deciding import Plan, Target, Way
from agents.enums import RouteAction
from agents.models import Agent, AgentVersion, NumberRoute
from agents.models.routes import WHENS
from agents.plans import schedule_of
from tenants.models import Tenant


def agents_of(tenant: Tenant) -> QuerySet[Agent]:
    """Return a tenant's agents with what answers."""
    return (
        Agent.objects.filter(tenant=tenant, deleted_at=None)
        .select_related("published")
        .prefetch_related("tool_choices")
    )


def routes_of(tenant: Tenant) -> QuerySet[NumberRoute]:
    """Return a tenant's routes with all that a decision needs."""
    agents = (f"{name}__published" for name in ("agent", *(f"{when}_agent" for when in WHENS)))
    rows = NumberRoute.objects.filter(tenant=tenant)
    return rows.select_related("phone_number", "pinned", "hours", *agents)


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
