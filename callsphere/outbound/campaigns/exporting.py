"""What became of a campaign's contacts, as a file: read in portions, each in a transaction of its own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from callsphere.lib.spreadsheets import cell, lines
from callsphere.outbound.campaigns.queries import contacts_of
from callsphere.outbound.models import Campaign, CampaignContact
from tenants.audit import Actor, record_event
from tenants.context import tenant_context
from tenants.models import Tenant

_PORTION = 1_000
_COLUMNS = (
    *("id", "number", "name", "state", "outcome", "attempts", "called_at", "next_call_at", "last_call_id"),
    *("time_zones", "error_code", "error"),
)


def export_results(*, tenant: Tenant, actor: Actor, campaign: Campaign) -> Iterator[str]:
    """Return the contacts as CSV, in the order of the file that they came with, and write down who took them.

    Call it inside the tenant's context, and take the pieces outside any.
    """
    record_event(
        tenant=tenant, actor=actor, verb="campaign.results_exported", obj=campaign, even_read_only=True
    )
    contacts = CampaignContact.objects.filter(tenant=tenant, campaign=campaign).order_by("id")
    own: dict[str, None] = {}
    for columns in contacts.values_list("columns", flat=True).iterator():
        own.update(dict.fromkeys(columns))
    return _pieces(tenant, campaign, list(own))


def _pieces(tenant: Tenant, campaign: Campaign, own: list[str]) -> Iterator[str]:
    names = [f"{name} (uploaded)" if name in _COLUMNS else name for name in own]
    yield lines([[*_COLUMNS, *map(cell, names)]])
    contacts = _portion(tenant, campaign, None)
    while contacts:
        yield lines(_row(contact, own) for contact in contacts)
        contacts = _portion(tenant, campaign, contacts[-1])


def _portion(tenant: Tenant, campaign: Campaign, last: CampaignContact | None) -> list[CampaignContact]:
    with tenant_context(tenant):
        contacts = contacts_of(tenant, campaign.pk).order_by("id")
        return list((contacts.filter(id__gt=last.pk) if last else contacts)[:_PORTION])


def _row(contact: Any, own: list[str]) -> Iterator[Any]:
    made = {"time_zones": " ".join(contact.time_zones), "next_call_at": contact.due_at}
    for column in _COLUMNS:
        value = made[column] if column in made else getattr(contact, column)
        yield value.isoformat() if column.endswith("_at") and value else cell(value)
    yield from (cell(contact.columns.get(name, "")) for name in own)
