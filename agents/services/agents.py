"""Making, editing and deleting agents. An edit changes the draft alone: calls go on as published."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from typing import Any

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from agents.agent_templates import agent_templates
from agents.models import Agent, AgentVersion, NumberRoute, Tool
from agents.services.choices import choose_tools, find_tools
from agents.services.drafts import AUDITED, EDITABLE, apply
from callsphere.lib.e164 import as_written
from callsphere.lib.errors import Refused, VersionConflict
from tenants.audit import Actor, record_event, snapshot
from tenants.keys import seal_for
from tenants.models import Tenant
from tenants.services.editing import (
    FieldErrors,
    check_names,
    check_room,
    check_version,
    field_error,
    insert,
    lock_tenant,
    locked,
    save_edit,
)

AGENTS_PER_TENANT = 100


def create_agent(
    *,
    tenant: Tenant,
    actor: Actor,
    name: str,
    template: str = "",
    sip_secret: str | None = None,
    tool_ids: Iterable[uuid.UUID] = (),
    **changes: Any,
) -> Agent:
    """Make an agent, which takes no calls before it is published.

    `template` is the key of what fills in the draft; `changes` come on top. Raises ValidationError by field,
    and LimitReached.
    """
    check_names(changes, EDITABLE)
    agent = Agent(tenant=tenant)
    wrong = FieldErrors()
    filled_in: dict[str, Any] = {}
    with wrong.gathered():
        filled_in = _filled_in(template)
        agent.template = template
    with transaction.atomic():
        rows = Agent.objects.filter(tenant=lock_tenant(tenant), deleted_at=None)
        check_room(rows, AGENTS_PER_TENANT, f"You have {AGENTS_PER_TENANT} agents. Delete one first.")
        apply(agent, {"name": name, **filled_in, **changes}, sip_secret, wrong)
        fields = ("template", *AUDITED)
        tools: list[Tool] = []
        with wrong.gathered():
            tools = find_tools(tenant, tool_ids)
        insert(agent, tenant=tenant, actor=actor, verb="agent.created", fields=fields, wrong=wrong)
        choose_tools(agent, tools)
    return agent


def edit_draft(
    *,
    tenant: Tenant,
    actor: Actor,
    agent: Agent,
    expected_version: int | None,
    sip_secret: str | None = None,
    tool_ids: Iterable[uuid.UUID] | None = None,
    **changes: Any,
) -> Agent:
    """Change the draft, or the name; return the agent as stored. Calls are answered as published.

    `sip_secret` is a new password, or an empty text to forget the stored one; `tool_ids` are the tools of
    the tenant's own that it may use, all of them. Raises ValidationError by
    field, VersionConflict, and Refused when the agent is gone.
    """
    check_names(changes, EDITABLE)
    with transaction.atomic():
        row = lock_agent(tenant, agent.pk)
        secret = {"sip_secret": sip_secret} if sip_secret else {}
        try:
            check_version(row, expected_version, {**changes, **secret})
        except VersionConflict as conflict:
            raise _with_tools(conflict, row, tool_ids) from None
        before = snapshot(row, AUDITED)
        wrong = FieldErrors()
        apply(row, changes, sip_secret, wrong)
        tools: list[Tool] | None = None
        with wrong.gathered():
            tools = None if tool_ids is None else find_tools(tenant, tool_ids)
        who: dict[str, Any] = {"tenant": tenant, "actor": actor, "verb": "agent.updated"}
        is_stored = save_edit(row, before, wrong=wrong, **who)
        chosen = {} if tools is None else choose_tools(row, tools)
        if chosen:
            row.version += 0 if is_stored else 1
            row.save(update_fields=["version", "updated_at"])
            record_event(obj=row, changes=chosen, **who)
    return row


def _with_tools(
    conflict: VersionConflict, agent: Agent, tool_ids: Iterable[uuid.UUID] | None
) -> VersionConflict:
    """Return the conflict with the tools that were chosen, where they differ: they are rows of their own."""
    if tool_ids is None:
        return conflict
    yours = [str(pk) for pk in tool_ids]
    chosen = agent.tool_choices.order_by("tool__name", "tool_id").values_list("tool_id", flat=True)
    theirs = [str(pk) for pk in chosen]
    if set(yours) == set(theirs):
        return conflict
    return VersionConflict(
        current_version=conflict.current_version,
        yours={**conflict.yours, "tool_ids": yours},
        theirs={**conflict.theirs, "tool_ids": theirs},
    )


def delete_agent(*, tenant: Tenant, actor: Actor, agent: Agent, expected_version: int | None = None) -> None:
    """Take an agent away, and destroy its passwords.

    Its versions stay, so that calls that they answered can be explained.

    Raises VersionConflict, and Refused when it is gone, or while a route leads to it.
    """
    with transaction.atomic():
        row = lock_agent(tenant, agent.pk)
        check_version(row, expected_version, {})
        numbers = numbers_led_to(row)
        if numbers:
            named = ", ".join(map(as_written, numbers[:5]))
            raise Refused(f"Lead calls to {named} elsewhere first.", code="agent_routed")
        row.published = row.published_at = None
        row.sip_secret, row.sip_sign_in_set_at = "", None
        row.deleted_at = timezone.now()
        row.version += 1
        row.save()
        _destroy_secrets_of_versions(row)
        record_event(tenant=tenant, actor=actor, verb="agent.deleted", obj=row)


def numbers_led_to(agent: Agent) -> list[str]:
    """Return the numbers whose routes name an agent, as the one that answers or as one that stands in."""
    named = Q(agent=agent) | Q(closed_agent=agent) | Q(overflow_agent=agent) | Q(fallback_agent=agent)
    routes = NumberRoute.objects.filter(named, tenant=agent.tenant_id)
    return sorted(routes.values_list("phone_number__number", flat=True))


def lock_agent(tenant: Tenant, pk: uuid.UUID) -> Agent:
    """Return an agent, locked until the transaction ends. Raises Refused when it is gone."""
    row = locked(Agent, tenant, pk)
    if row.deleted_at is not None:
        raise Refused("This agent was deleted in the meantime.", code="deleted_meanwhile")
    return row


def _destroy_secrets_of_versions(agent: Agent) -> None:
    """Seal nothing in place of each password: that there was one belongs to what a version said."""
    versions = AgentVersion.objects.filter(tenant=agent.tenant_id, agent=agent).exclude(sip_secret="")
    for version in versions.only("tenant", "sip_secret"):
        version.sip_secret = seal_for(version, "sip_secret", "")
        version.save(update_fields=["sip_secret"])


def _filled_in(key: str) -> dict[str, Any]:
    if not key:
        return {}
    found = agent_templates().get(key)
    if found is None:
        raise field_error("template", f"Choose one of: {', '.join(agent_templates())}.", "invalid_choice")
    return found.configuration()
