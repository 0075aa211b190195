"""Starting campaigns, and everything after."""

from __future__ import annotations

from collections.abc import Collection
from functools import partial

from django.db import transaction

from callsphere.celery import wake
from callsphere.lib.errors import Refused
from callsphere.outbound.campaigns.briefs import NAME, placeholders
from callsphere.outbound.enums import CampaignState, ContactState
from callsphere.outbound.models import Campaign, CampaignContact, Dialler
from callsphere.outbound.queries import numbers_to_call_from
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.models import Tenant
from tenants.services.editing import locked

TASK, QUEUE = "outbound.place_calls", "deliver"
_OVER = (CampaignState.FINISHED, CampaignState.CANCELED)


def start_campaign(*, tenant: Tenant, actor: Actor, campaign: Campaign) -> Campaign:
    """Have a draft's contacts called; the agent's published version talks to all of them.

    Raises Refused with what is missing.
    """
    with transaction.atomic():
        row = _in(tenant, campaign, (CampaignState.DRAFT,), "This campaign was started already.")
        if row.agent.published is None:
            raise Refused("Publish the campaign's agent first.", code="not_published")
        _check_callable(row)
        _check_contacts(row)
        row.agent_version, row.started_at = row.agent.published, database_now()
        return _run(row, actor, "started")


def pause_campaign(*, tenant: Tenant, actor: Actor, campaign: Campaign) -> Campaign:
    """Place no new calls; those that are under way go on. Raises Refused when it does not run."""
    with transaction.atomic():
        row = _in(tenant, campaign, (CampaignState.RUNNING,), "Only a campaign that runs can be paused.")
        return _set(row, CampaignState.PAUSED, actor, "paused")


def resume_campaign(*, tenant: Tenant, actor: Actor, campaign: Campaign) -> Campaign:
    """Go on with a paused campaign. Raises Refused when it is not paused, or cannot call any more."""
    with transaction.atomic():
        row = _in(tenant, campaign, (CampaignState.PAUSED,), "Only a paused campaign can go on.")
        _check_callable(row)
        return _run(row, actor, "resumed")


def cancel_campaign(*, tenant: Tenant, actor: Actor, campaign: Campaign) -> Campaign:
    """End a campaign for good: nobody is called any more; calls that are under way go on.

    Raises Refused when it does not run and is not paused.
    """
    with transaction.atomic():
        states = (CampaignState.RUNNING, CampaignState.PAUSED)
        row = _in(tenant, campaign, states, "This campaign is not under way.")
        row.ended_at = database_now()
        waiting = CampaignContact.objects.filter(tenant=tenant, campaign=row, state=ContactState.WAITING)
        waiting.update(state=ContactState.CANCELED, due_at=None)
        return _set(row, CampaignState.CANCELED, actor, "canceled")


def check_takes_contacts(campaign: Campaign) -> None:
    """Raise Refused where nobody would call a new contact. Call it with the campaign locked."""
    if campaign.state in _OVER:
        raise Refused("This campaign is over. Make another one for these contacts.", code="over")


def _in(tenant: Tenant, campaign: Campaign, states: Collection[str], words: str) -> Campaign:
    row = locked(Campaign, tenant, campaign.pk)
    if row.state not in states:
        raise Refused(words, code="wrong_state")
    return row


def _check_callable(campaign: Campaign) -> None:
    if campaign.agent.deleted_at is not None:
        raise Refused("The agent was deleted. Make a campaign with another one.", code="agent_deleted")
    number = campaign.phone_number
    if number is None or not numbers_to_call_from(campaign.tenant).filter(pk=number.pk).exists():
        words = "Choose one of your numbers that is active and takes calls."
        raise Refused(words, code="number_not_active")
    if not campaign.windows:
        raise Refused("Say at which hours people may be called (`windows`).", code="no_windows")


def _check_contacts(campaign: Campaign) -> None:
    contacts = CampaignContact.objects.filter(tenant=campaign.tenant_id, campaign=campaign)
    if not contacts.filter(state=ContactState.WAITING).exists():
        raise Refused("Add somebody to call first.", code="no_contacts")
    for name in sorted(placeholders(campaign.brief) - {NAME}):
        if not contacts.filter(columns__has_key=name).exists():
            words = f"The brief names {{{name}}}, which no contact has. Correct it, or upload that column."
            raise Refused(words, code="unknown_column")


def _run(row: Campaign, actor: Actor, done: str) -> Campaign:
    Dialler.objects.bulk_create([Dialler(tenant_id=row.tenant_id)], ignore_conflicts=True)
    transaction.on_commit(partial(wake, TASK, QUEUE))
    return _set(row, CampaignState.RUNNING, actor, done)


def _set(row: Campaign, state: CampaignState, actor: Actor, done: str) -> Campaign:
    row.state, row.error, row.version = state, "", row.version + 1
    row.save()
    record_event(tenant=row.tenant, actor=actor, verb=f"campaign.{done}", obj=row)
    return row
