"""Routes from numbers to agents: made, changed, deleted."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction

from agents.addresses import read_e164
from agents.models import Agent, BusinessHours, NumberRoute
from agents.models.routes import WHENS
from agents.services.choices import deleted_tools_of
from tenants.audit import Actor, snapshot
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_version,
    field_error,
    insert,
    locked,
    name_fields_of_constraints,
    name_fields_worked_out,
    remove,
    save_edit,
)
from trunks.models import PhoneNumber
from trunks.models.numbers import OVER_STATES

_WAYS = tuple(f"{when}_{part}" for when in WHENS for part in ("action", "number", "agent_id"))
EDITABLE = ("agent_id", "pinned_version", "hours_id", "most_calls", *_WAYS)
AUDITED = ("phone_number_id", "agent_id", "pinned_id", "hours_id", "most_calls", *_WAYS)
name_fields_of_constraints(
    {
        "number_route_once": "phone_number_id",
        "number_route_fallback_other": "fallback_agent_id",
        "number_route_most_calls": "most_calls",
        **{f"number_route_{when}_whole": f"{when}_action" for when in WHENS},
    }
)
name_fields_worked_out(
    {
        "phone_number_id": ("phone_number",),
        "agent_id": ("agent", "pinned"),
        "pinned_version": ("pinned",),
        "hours_id": ("hours",),
        **{f"{when}_agent_id": (f"{when}_agent",) for when in WHENS},
        **{f"{when}_number": (f"{when}_number",) for when in WHENS},
    }
)


def create_route(
    *, tenant: Tenant, actor: Actor, phone_number_id: uuid.UUID, agent_id: uuid.UUID, **fields: Any
) -> NumberRoute:
    """Lead calls to a number to an agent, as its published version unless `pinned_version` names another.

    `hours_id` are business hours, `most_calls` how many calls are taken at once. `closed_…`, `overflow_…` and
    `fallback_…` (`action`, `number`, `agent_id`) say what becomes of other calls. Raises ValidationError by
    field.
    """
    check_names(fields, EDITABLE)
    with transaction.atomic():
        route, wrong = NumberRoute(tenant=tenant), FieldErrors()
        with wrong.gathered():
            route.phone_number = _number(tenant, phone_number_id)
        _apply(route, {"agent_id": agent_id, **fields}, wrong)
        insert(route, tenant=tenant, actor=actor, verb="number_route.created", fields=AUDITED, wrong=wrong)
    return route


def edit_route(
    *, tenant: Tenant, actor: Actor, route: NumberRoute, expected_version: int | None, **changes: Any
) -> NumberRoute:
    """Change where calls lead, from the next one on; return the route as stored.

    Another agent lets go of a pinned version. Raises ValidationError by field, VersionConflict, and Refused
    when the route is gone.
    """
    check_names(changes, EDITABLE)
    with transaction.atomic():
        row = locked(NumberRoute, tenant, route.pk)
        check_version(row, expected_version, _as_kept(row, changes))
        before, wrong = snapshot(row, AUDITED), FieldErrors()
        _apply(row, changes, wrong)
        save_edit(row, before, tenant=tenant, actor=actor, verb="number_route.updated", wrong=wrong)
    return row


def delete_route(
    *, tenant: Tenant, actor: Actor, route: NumberRoute, expected_version: int | None = None
) -> None:
    """Let calls to a number lead nowhere. Raises VersionConflict, and Refused when the route is gone."""
    with transaction.atomic():
        row = locked(NumberRoute, tenant, route.pk)
        check_version(row, expected_version, {})
        remove(row, tenant=tenant, actor=actor, verb="number_route.deleted", fields=AUDITED)


def _apply(route: NumberRoute, changes: Mapping[str, Any], wrong: FieldErrors) -> None:
    agents = _agents(route.tenant, changes)
    is_same_agent = changes.get("agent_id", route.agent_id) == route.agent_id
    pinned = changes.get("pinned_version", _KEPT if is_same_agent else None)
    for name, value in changes.items():
        with wrong.gathered():
            if name.endswith("agent_id"):
                setattr(route, name.removesuffix("_id"), _published(name, value, agents))
            elif name == "hours_id":
                route.hours = _hours(route.tenant, value)
            elif name.endswith("_number"):
                setattr(route, name, read_e164(name, value))
            elif name != "pinned_version":
                setattr(route, name, value)
    if pinned is not _KEPT:
        with wrong.gathered():
            route.pinned = _version(route, pinned, wrong)
    _forget_what_is_not_used(route, changes)


_KEPT = object()


def _forget_what_is_not_used(route: NumberRoute, changes: Mapping[str, Any]) -> None:
    """Another action lets go of the number or agent of the one before, unless the change itself names one."""
    for when in WHENS:
        action = getattr(route, f"{when}_action")
        if f"{when}_action" not in changes:
            continue
        if action != "human" and f"{when}_number" not in changes:
            setattr(route, f"{when}_number", "")
        if action != "agent" and f"{when}_agent_id" not in changes:
            setattr(route, f"{when}_agent", None)


def _agents(tenant: Tenant, changes: Mapping[str, Any]) -> dict[uuid.UUID, Agent]:
    """Return the agents that are named, locked in one order, so that none is deleted meanwhile."""
    ids = {value for name, value in changes.items() if name.endswith("agent_id") and value}
    rows = Agent.objects.select_for_update(no_key=True).filter(tenant=tenant, pk__in=ids, deleted_at=None)
    return {agent.pk: agent for agent in rows.order_by("pk")}


def _published(field: str, pk: uuid.UUID | None, agents: Mapping[uuid.UUID, Agent]) -> Agent | None:
    if pk is None and field != "agent_id":
        return None
    agent = agents.get(pk) if pk else None
    if agent is None:
        raise field_error(field, "There is no such agent.", "does_not_exist")
    if agent.published_id is None:
        raise field_error(field, f"Publish {agent.name} first: calls have to be answered.", "not_published")
    return agent


def _version(route: NumberRoute, number: int | None, wrong: FieldErrors) -> Any:
    if number is None or "agent_id" in wrong.by_field:
        return None
    version = route.agent.versions.filter(tenant=route.tenant_id, number=number).first()
    if version is None:
        raise field_error("pinned_version", "The agent has no such version.", "does_not_exist")
    gone = [] if version.pk == route.pinned_id else deleted_tools_of(version)
    if gone:
        words = f"Version {number} uses tools that were deleted: {', '.join(gone)}."
        raise field_error("pinned_version", words, "tool_deleted")
    return version


def _hours(tenant: Tenant, pk: uuid.UUID | None) -> BusinessHours | None:
    if pk is None:
        return None
    found = BusinessHours.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=pk).first()
    if found is None:
        raise field_error("hours_id", "There are no such business hours.", "does_not_exist")
    return found


def _number(tenant: Tenant, pk: uuid.UUID) -> PhoneNumber:
    rows = PhoneNumber.objects.select_for_update(no_key=True).filter(tenant=tenant, pk=pk)
    found = rows.exclude(state__in=OVER_STATES).first()
    if found is None:
        raise field_error("phone_number_id", "You have no such number.", "does_not_exist")
    return found


def _as_kept(row: NumberRoute, changes: Mapping[str, Any]) -> dict[str, Any]:
    """Return changes as they are compared and shown: ids as text, a pinned version by its id."""
    kept = {name: str(value) if isinstance(value, uuid.UUID) else value for name, value in changes.items()}
    if "pinned_version" in kept:
        number = kept.pop("pinned_version")
        found = row.agent.versions.filter(tenant=row.tenant_id, number=number).first()
        kept["pinned_id"] = str(found.pk) if found else None
    return kept
