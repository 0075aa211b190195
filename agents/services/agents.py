"""Making, editing and deleting agents. An edit changes the draft alone: calls go on as published."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils import timezone

from agents.agent_templates import agent_templates
from agents.models import Agent
from agents.services.drafts import AUDITED, EDITABLE, apply
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event, snapshot
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
        insert(agent, tenant=tenant, actor=actor, verb="agent.created", fields=fields, wrong=wrong)
    return agent


def edit_draft(
    *,
    tenant: Tenant,
    actor: Actor,
    agent: Agent,
    expected_version: int | None,
    sip_secret: str | None = None,
    **changes: Any,
) -> Agent:
    """Change the draft, or the name; return the agent as stored. Calls are answered as published.

    `sip_secret` is a new password, or an empty text to forget the stored one. Raises ValidationError by
    field, VersionConflict, and Refused when the agent is gone.
    """
    check_names(changes, EDITABLE)
    with transaction.atomic():
        row = lock_agent(tenant, agent.pk)
        check_version(row, expected_version, {**changes, "sip_secret": sip_secret} if sip_secret else changes)
        before = snapshot(row, AUDITED)
        wrong = FieldErrors()
        apply(row, changes, sip_secret, wrong)
        save_edit(row, before, tenant=tenant, actor=actor, verb="agent.updated", wrong=wrong)
    return row


def delete_agent(*, tenant: Tenant, actor: Actor, agent: Agent, expected_version: int | None = None) -> None:
    """Take an agent away. Its versions stay, so that calls that they answered can be explained.

    Raises VersionConflict, and Refused when it is gone.
    """
    with transaction.atomic():
        row = lock_agent(tenant, agent.pk)
        check_version(row, expected_version, {})
        row.published = row.published_at = None
        row.sip_secret, row.sip_sign_in_set_at = "", None
        row.deleted_at = timezone.now()
        row.version += 1
        row.save()
        record_event(tenant=tenant, actor=actor, verb="agent.deleted", obj=row)


def lock_agent(tenant: Tenant, pk: uuid.UUID) -> Agent:
    """Return an agent, locked until the transaction ends. Raises Refused when it is gone."""
    row = locked(Agent, tenant, pk)
    if row.deleted_at is not None:
        raise Refused("This agent was deleted in the meantime.", code="deleted_meanwhile")
    return row


def _filled_in(key: str) -> dict[str, Any]:
    if not key:
        return {}
    found = agent_templates().get(key)
    if found is None:
        raise field_error("template", f"Choose one of: {', '.join(agent_templates())}.", "invalid_choice")
    return found.configuration()
