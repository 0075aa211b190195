"""How the audit log speaks of agents and what belongs to them."""

import uuid

from django.urls import reverse

from agents.enums import BuiltinTool, RouteAction
from agents.models import Agent, BusinessHours, NumberRoute, Tool
from tenants.audit_lines import Kind, add_kind, add_sentences
from tenants.models import Tenant

_BUILT_IN = {each.value: str(each.label) for each in BuiltinTool}
_ACTIONS = {each.value: str(each.label) for each in RouteAction}


def add_kinds() -> None:
    """Teach the log every kind of object that this app's services change."""
    add_kind(Kind(Agent, "agent", "agents", _find_agents, values=_BUILT_IN))
    add_kind(Kind(Tool, "tool", "tools", _find_tools))
    add_kind(Kind(BusinessHours, "business hours", "business hours", _find_hours))
    add_kind(Kind(NumberRoute, "route of", "routes of numbers", _find_routes, values=_ACTIONS))
    add_sentences(
        {
            "tested": "tested the {noun} {name}",
            "signing_secret_renewed": "renewed the signing secret of the {noun} {name}",
            "published": "published the {noun} {name}",
            "rolled_back": "let an earlier version of the {noun} {name} answer again",
        }
    )


def _find_agents(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = Agent.objects.filter(tenant=tenant, pk__in=ids, deleted_at=None).values_list("pk", flat=True)
    return {pk: reverse("agents:detail", kwargs={"tenant": tenant.slug, "agent_id": pk}) for pk in rows}


def _find_routes(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = NumberRoute.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", "phone_number")
    where = {"tenant": tenant.slug}
    return {pk: reverse("routes:detail", kwargs={**where, "number_id": number}) for pk, number in rows}


def _find_tools(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = Tool.objects.filter(tenant=tenant, pk__in=ids, deleted_at=None).values_list("pk", flat=True)
    return {pk: reverse("agents:tool", kwargs={"tenant": tenant.slug, "tool_id": pk}) for pk in rows}


def _find_hours(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = BusinessHours.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True)
    page = reverse("agents:hours", kwargs={"tenant": tenant.slug})
    return {pk: f"{page}#hours-{pk}" for pk in rows}
