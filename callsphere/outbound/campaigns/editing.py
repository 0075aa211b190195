"""Making, changing and deleting campaigns."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.db.models.functions import Coalesce

from agents.models import Agent
from agents.plans import read_weekly
from callsphere.lib.errors import Refused
from callsphere.outbound.enums import CampaignState, ContactState
from callsphere.outbound.models import Campaign, CampaignContact, OutboundCall
from callsphere.outbound.queries import numbers_to_call_from
from tenants.audit import Actor, snapshot
from tenants.clock import database_now
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
    name_fields_of_constraints,
    one_line,
    remove,
    save_edit,
    several_lines,
)
from trunks.models import PhoneNumber

CAMPAIGNS_PER_TENANT = 500
FIELDS = (
    *("name", "agent", "phone_number", "brief", "windows", "most_at_once", "most_attempts"),
    *("pause_minutes", "machine_action", "machine_message"),
)
_CHANGES = tuple({"agent": "agent_id", "phone_number": "phone_number_id"}.get(name, name) for name in FIELDS)
_EDITABLE = (CampaignState.DRAFT, CampaignState.PAUSED)
_DELETABLE = (CampaignState.DRAFT, CampaignState.FINISHED, CampaignState.CANCELED)
name_fields_of_constraints({"campaign_message_given": "machine_message"})


def create_campaign(
    *,
    tenant: Tenant,
    actor: Actor,
    name: str,
    agent_id: uuid.UUID,
    phone_number_id: uuid.UUID,
    **fields: Any,
) -> Campaign:
    """Make a campaign, which calls nobody before it is started.

    Raises ValidationError by field, and LimitReached.
    """
    check_names(fields, _CHANGES)
    campaign, wrong = Campaign(tenant=tenant), FieldErrors()
    given = {"name": name, "agent_id": agent_id, "phone_number_id": phone_number_id, **fields}
    _apply(campaign, given, wrong)
    with transaction.atomic():
        rows = Campaign.objects.filter(tenant=lock_tenant(tenant))
        check_room(
            rows, CAMPAIGNS_PER_TENANT, f"You have {CAMPAIGNS_PER_TENANT} campaigns. Delete one first."
        )
        insert(campaign, tenant=tenant, actor=actor, verb="campaign.created", fields=FIELDS, wrong=wrong)
    return campaign


def edit_campaign(
    *, tenant: Tenant, actor: Actor, campaign: Campaign, expected_version: int | None, **changes: Any
) -> Campaign:
    """Change a campaign that is a draft or paused; return it as stored.

    Raises ValidationError by field, VersionConflict, and Refused when it is gone, running or over.
    """
    check_names(changes, _CHANGES)
    with transaction.atomic():
        row = locked(Campaign, tenant, campaign.pk)
        if row.state not in _EDITABLE:
            words = (
                "Pause the campaign to change it." if row.state == CampaignState.RUNNING else "It is over."
            )
            raise Refused(words, code="not_editable")
        check_version(row, expected_version, changes)
        before, wrong = snapshot(row, FIELDS), FieldErrors()
        _apply(row, changes, wrong)
        save_edit(row, before, tenant=tenant, actor=actor, verb="campaign.updated", wrong=wrong)
        if row.windows != before["windows"]:
            _plan_again(row)
    return row


def delete_campaign(
    *, tenant: Tenant, actor: Actor, campaign: Campaign, expected_version: int | None = None
) -> None:
    """Delete a campaign with its contacts; the calls it placed stay.

    Raises VersionConflict, and Refused when it is gone or not over.
    """
    with transaction.atomic():
        row = locked(Campaign, tenant, campaign.pk)
        check_version(row, expected_version, {})
        contacts = CampaignContact.objects.filter(tenant=tenant, campaign=row)
        if row.state not in _DELETABLE or contacts.filter(state=ContactState.CALLING).exists():
            raise Refused("Cancel the campaign first, and let its last calls end.", code="not_over")
        OutboundCall.objects.filter(tenant=tenant, campaign=row).update(
            campaign=None, contact=None, attempt=None
        )
        contacts.delete()
        remove(row, tenant=tenant, actor=actor, verb="campaign.deleted", fields=FIELDS)


def _apply(campaign: Campaign, changes: Mapping[str, Any], wrong: FieldErrors) -> None:
    for name, value in changes.items():
        with wrong.gathered():
            if name == "agent_id":
                campaign.agent = _agent(campaign, value)
            elif name == "phone_number_id":
                campaign.phone_number = _number(campaign.tenant, value)
            else:
                setattr(campaign, name, _read(name, value))


def _read(name: str, value: Any) -> Any:
    if name == "windows":
        return read_weekly(value, "windows")
    if name == "name":
        return one_line(name, value)
    return several_lines(name, value) if name in ("brief", "machine_message") else value


def _agent(campaign: Campaign, agent_id: uuid.UUID) -> Agent:
    if campaign.state != CampaignState.DRAFT and agent_id != campaign.agent_id:
        words = "The agent that started is the one that goes on. Make another campaign for another agent."
        raise field_error("agent_id", words, "started")
    agent = Agent.objects.filter(tenant=campaign.tenant, pk=agent_id, deleted_at=None).first()
    if agent is None:
        raise field_error("agent_id", "You have no such agent.", "unknown")
    return agent


def _number(tenant: Tenant, phone_number_id: uuid.UUID) -> PhoneNumber:
    number = numbers_to_call_from(tenant).filter(pk=phone_number_id).first()
    if number is None:
        words = "Choose one of your numbers that is active and takes calls."
        raise field_error("phone_number_id", words, "not_active")
    return number


def _plan_again(campaign: Campaign) -> None:
    """Have contacts looked at anew whose next call was put off to hours that were."""
    contacts = CampaignContact.objects.filter(tenant=campaign.tenant_id, campaign=campaign)
    now = database_now()
    contacts.filter(state=ContactState.WAITING).update(due_at=Coalesce("earliest_at", now))
    contacts.filter(state=ContactState.REFUSED, error_code="never_allowed").update(
        state=ContactState.WAITING, due_at=Coalesce("earliest_at", now), error="", error_code=""
    )
