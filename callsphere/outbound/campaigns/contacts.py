"""Whom a campaign is to call: added one by one, or as a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from django.db import transaction

from callsphere.lib.errors import LimitReached, Refused
from callsphere.outbound.campaigns.reading import (
    MOST_ROWS,
    NUMBER,
    TIME_ZONE,
    Entry,
    FileInvalid,
    LineError,
    fault_of_columns,
    read_file,
)
from callsphere.outbound.campaigns.running import check_takes_contacts
from callsphere.outbound.campaigns.windows import is_zone, zones_of
from callsphere.outbound.enums import ContactState
from callsphere.outbound.models import Campaign, CampaignContact, DoNotCall
from callsphere.outbound.queries import callable_countries
from callsphere.outbound.reachable import callable_number
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.models import Tenant
from tenants.services.editing import (
    field_error,
    insert,
    locked,
    name_fields_of_constraints,
    one_line,
)
from trunks.number_format import NumberError

MOST_CONTACTS = MOST_ROWS
_PORTION = 1_000
_FULL = f"A campaign has at most {MOST_CONTACTS:,} contacts. Make another one for the rest."
_FIELDS = ("campaign", "number", "name", "columns", "time_zones", "state")
name_fields_of_constraints({"campaign_contact_once": "number"})


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A line that was left out: its number is in the campaign, or in an earlier line, already."""

    line: int
    number: str


@dataclass(slots=True)
class Imported:
    """What came of a file: contacts that were added, of whom some must not be called, and lines left out."""

    added: int = 0
    not_to_call: int = 0
    duplicates: list[Duplicate] = field(default_factory=list)
    errors: list[LineError] = field(default_factory=list)


def add_contact(
    *,
    tenant: Tenant,
    actor: Actor,
    campaign: Campaign,
    number: str,
    name: str = "",
    time_zone: str = "",
    columns: Mapping[str, str] | None = None,
) -> CampaignContact:
    """Add somebody to a campaign that is not over. Raises ValidationError by field, Refused, LimitReached."""
    with transaction.atomic():
        row = _open(tenant, campaign)
        given = {key.strip().lower(): value.strip() for key, value in (columns or {}).items()}
        fault = fault_of_columns(given)
        if fault:
            raise field_error("columns", fault, "invalid")
        entry = Entry(0, number, one_line("name", name), time_zone.strip(), given)
        made = _Maker(row).make(entry)
        if isinstance(made, LineError):
            raise field_error(made.column, made.message, "invalid")
        if CampaignContact.objects.filter(tenant=tenant, campaign=row).count() >= MOST_CONTACTS:
            raise LimitReached(_FULL)
        return insert(made, tenant=tenant, actor=actor, verb="campaign_contact.added", fields=_FIELDS)


def import_contacts(*, tenant: Tenant, actor: Actor, campaign: Campaign, content: bytes) -> Imported:
    """Add the contacts of a file (CSV) to a campaign that is not over; lines with errors are left out.

    Raises ValidationError on `file` when nothing can be read, Refused, and LimitReached where they are too
    many together.
    """
    try:
        entries, errors = read_file(content)
    except FileInvalid as error:
        raise field_error("file", str(error), "invalid") from error
    maker = _Maker(campaign)
    read = [(entry, maker.make(entry)) for entry in entries]  # takes seconds, while nobody is kept waiting
    with transaction.atomic():
        row = _open(tenant, campaign)
        there = CampaignContact.objects.filter(tenant=tenant, campaign=row)
        imported = Imported(errors=errors)
        made = _new_ones(read, set(there.values_list("number", flat=True)), imported)
        if there.count() + len(made) > MOST_CONTACTS:
            raise LimitReached(_FULL)
        CampaignContact.objects.bulk_create(made, batch_size=_PORTION)
        imported.added = len(made)
        imported.not_to_call = sum(contact.state == ContactState.DO_NOT_CALL for contact in made)
        imported.errors.sort(key=lambda error: error.line)
        counts = {"added": imported.added, "left_out": len(imported.errors) + len(imported.duplicates)}
        changes = {name: [None, count] for name, count in counts.items()}
        record_event(tenant=tenant, actor=actor, verb="campaign.contacts_added", obj=row, changes=changes)
    return imported


def remove_contact(*, tenant: Tenant, actor: Actor, contact: CampaignContact) -> None:
    """Take somebody out of a campaign who was not called yet. Raises Refused."""
    with transaction.atomic():
        _open(tenant, contact.campaign)
        row = (
            CampaignContact.objects.select_for_update(no_key=True)
            .filter(tenant=tenant, pk=contact.pk)
            .first()
        )
        if row is None or row.calls.exists():
            raise Refused("This contact was called, or is gone: what became of it is kept.", code="called")
        record_event(tenant=tenant, actor=actor, verb="campaign_contact.removed", obj=row)
        row.delete()


def _open(tenant: Tenant, campaign: Campaign) -> Campaign:
    row = locked(Campaign, tenant, campaign.pk)
    check_takes_contacts(row)
    return row


def _new_ones(
    read: list[tuple[Entry, CampaignContact | LineError]], numbers: set[str], imported: Imported
) -> list[CampaignContact]:
    made: list[CampaignContact] = []
    for entry, contact in read:
        if isinstance(contact, LineError):
            imported.errors.append(contact)
        elif contact.number in numbers:
            imported.duplicates.append(Duplicate(entry.line, contact.number))
        else:
            numbers.add(contact.number)
            made.append(contact)
    return made


class _Maker:
    """Makes contacts of a campaign out of what was written."""

    def __init__(self, campaign: Campaign) -> None:
        tenant, number = campaign.tenant, campaign.phone_number
        self._campaign = campaign
        self._own = number.number if number else ""
        self._home = number.country if number else ""
        self._countries = callable_countries(tenant)
        self._forbidden = set(DoNotCall.objects.filter(tenant=tenant).values_list("number", flat=True))
        self._now: datetime = database_now()

    def make(self, entry: Entry) -> CampaignContact | LineError:
        """Return a contact, not stored, or what is wrong with it."""
        try:
            number = callable_number(entry.number, self._countries, self._home)
        except NumberError as error:
            return LineError(entry.line, NUMBER, str(error))
        if number == self._own:
            return LineError(entry.line, NUMBER, "A number cannot call itself.")
        if entry.time_zone and not is_zone(entry.time_zone):
            words = "Write the name of a time zone, such as America/New_York or Europe/Berlin."
            return LineError(entry.line, TIME_ZONE, words)
        zones = [entry.time_zone] if entry.time_zone else zones_of(number)
        if not zones:
            words = "The number does not tell where it is. Write its time zone, such as America/New_York."
            return LineError(entry.line, TIME_ZONE, words)
        return self._contact(entry, number, zones)

    def _contact(self, entry: Entry, number: str, zones: list[str]) -> CampaignContact:
        is_forbidden = number in self._forbidden
        return CampaignContact(
            tenant_id=self._campaign.tenant_id,
            campaign=self._campaign,
            number=number,
            name=entry.name,
            columns=entry.columns,
            time_zones=zones,
            state=ContactState.DO_NOT_CALL if is_forbidden else ContactState.WAITING,
            due_at=None if is_forbidden else self._now,
        )
