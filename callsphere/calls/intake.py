"""What the provider tells of calls: proven, stored once, and answered at once.

A request names an account. The account leads to the tenant, its auth token proves the request, and only then
is looked at whether the number or trunk in the address is that tenant's. Signatures carry no time and may
come again: what is stored already is not stored twice, and gets the same answer.
"""

from __future__ import annotations

import uuid
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import QueryDict

from callsphere.calls.dialled import numbers_meant
from callsphere.calls.enums import EventKind
from callsphere.calls.models import CallEvent
from callsphere.calls.payload import call_sid_of, known_fields, sequence_number_of
from callsphere.calls.proving import Prover, read_prover, remembered_prover
from callsphere.calls.sentences import sentence_for
from callsphere.providers.twilio.webhooks import why_unproven
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.models import PhoneNumber, Trunk
from trunks.models.numbers import OVER_STATES

_OF_TENANT = ("tenant_id", "tenant__id", "tenant__is_active", "tenant__read_only_reason")


class Unproven(Exception):
    """Nothing shows that the provider sent this about something of ours; `str()` says why, for the log."""


class NotACall(Exception):
    """The provider did send it, and no call is named in it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A request as it came. `place` is the model and `place_id` the row that the address names.

    `url` is the address that the provider was given, its query included.
    """

    kind: EventKind
    place: type[PhoneNumber] | type[Trunk]
    place_id: uuid.UUID
    url: str
    form: QueryDict
    signature: str
    signature_settings: str


def take(told: Told) -> str:
    """Store what was told and return the sentence for the caller; nobody hears that of a status.

    Call it outside any context. Raises Unproven and NotACall; then nothing is stored.
    """
    account_sid = told.form.get("AccountSid", "")
    prover = remembered_prover(account_sid)
    if prover is not None:
        with suppress(Unproven):  # by what was known; the account may have another token by now
            return _take(told, prover)
    prover = read_prover(account_sid)
    if prover is None:
        raise Unproven("unknown_account")
    return _take(told, prover)


def _take(told: Told, prover: Prover) -> str:
    why = why_unproven(prover.token, told.url, told.form, told.signature, told.signature_settings)
    if why:
        raise Unproven(why)
    with tenant_context(prover.tenant):
        number, trunk = _find_number(told, prover) if told.place is PhoneNumber else _find_trunk(told, prover)
        place: Any = trunk or number
        if place is None or not place.is_proven:
            raise Unproven("unknown_place" if place is None else "unknown_account")
        _store(told, place.tenant, number, trunk)
        return sentence_for(told.kind, place.tenant, number, trunk)


def _find_number(told: Told, prover: Prover) -> tuple[Any, None]:
    rows = PhoneNumber.objects.filter(pk=told.place_id).only("id", "state", *_OF_TENANT)
    return _proven(rows, prover), None


def _find_trunk(told: Told, prover: Prover) -> tuple[PhoneNumber | None, Any]:
    """Return the trunk, and the number on it that was called, if it is one."""
    rows = Trunk.objects.filter(pk=told.place_id).only("id", "is_enabled", "home_country", *_OF_TENANT)
    trunk = _proven(rows, prover)
    meant = numbers_meant(told.form.get("To", ""), trunk.home_country) if trunk else None
    if not meant:
        return None, trunk
    mine = PhoneNumber.objects.filter(trunk=trunk, number__in=meant).exclude(state__in=OVER_STATES)
    return mine.first(), trunk


def _proven(rows: QuerySet[Any], prover: Prover) -> Any:
    """Return the one row with its tenant and `is_proven`, or None."""
    proven = rows.select_related("tenant").annotate(is_proven=prover.still_holds("tenant_id"))
    return next(iter(proven), None)


def _store(told: Told, tenant: Tenant, number: PhoneNumber | None, trunk: Trunk | None) -> None:
    call_sid = call_sid_of(told.form)
    if not call_sid:
        raise NotACall
    payload = known_fields(told.form)
    event = CallEvent(
        tenant=tenant,
        phone_number=number,
        trunk=trunk,
        kind=told.kind,
        call_sid=call_sid,
        sequence_number=sequence_number_of(told.form) if told.kind == EventKind.STATUS else None,
        call_status=payload.get("CallStatus", "")[:20],
        payload=payload,
    )
    CallEvent.objects.bulk_create([event], ignore_conflicts=True)
