"""What the provider tells of calls: proven, stored once, and answered at once.

A request names an account. The account leads to the tenant, its auth token proves the request, and only then
is looked at whether the number or trunk in the address is that tenant's. Signatures carry no time and may
come again: what is stored already is not stored twice, and gets the same answer.
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass

from django.http import QueryDict

from callsphere.calls.dialled import numbers_meant
from callsphere.calls.enums import EventKind
from callsphere.calls.models import CallEvent
from callsphere.calls.payload import call_sid_of, known_fields, sequence_number_of
from callsphere.calls.sentences import sentence_for
from callsphere.providers.twilio.webhooks import why_unproven
from tenants.context import tenant_context
from tenants.keys import reveal
from trunks.models import PhoneNumber, ProviderAccount, Trunk
from trunks.models.numbers import OVER_STATES
from trunks.numbers.accounts import find_tenant_of_account


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
    tenant = find_tenant_of_account(account_sid)
    if tenant is None:
        raise Unproven("unknown_account")
    with tenant_context(tenant):
        account = _proven_account(account_sid, told)
        number, trunk = _find_place(told)
        _store(told, account, number, trunk)
        return sentence_for(told.kind, account.tenant, number, trunk)


def _proven_account(sid: str, told: Told) -> ProviderAccount:
    account = ProviderAccount.objects.select_related("tenant").filter(sid=sid).first()
    if account is None:
        raise Unproven("unknown_account")
    token = reveal(account, "auth_token")
    why = why_unproven(token, told.url, told.form, told.signature, told.signature_settings)
    if why:
        raise Unproven(why)
    return account


def _find_place(told: Told) -> tuple[PhoneNumber | None, Trunk | None]:
    """Return the number and the trunk that a call is on; at least one of the two."""
    if told.place is PhoneNumber:
        number = PhoneNumber.objects.filter(pk=told.place_id).first()
        if number is None:
            raise Unproven("unknown_number")
        return number, None
    trunk = Trunk.objects.filter(pk=told.place_id).first()
    if trunk is None:
        raise Unproven("unknown_trunk")
    meant = numbers_meant(told.form.get("To", ""), trunk.home_country)
    mine = PhoneNumber.objects.filter(trunk=trunk, number__in=meant).exclude(state__in=OVER_STATES)
    return mine.first() if meant else None, trunk


def _store(told: Told, account: ProviderAccount, number: PhoneNumber | None, trunk: Trunk | None) -> None:
    call_sid = call_sid_of(told.form)
    if not call_sid:
        raise NotACall
    payload = known_fields(told.form)
    event = CallEvent(
        tenant=account.tenant,
        phone_number=number,
        trunk=trunk,
        kind=told.kind,
        call_sid=call_sid,
        sequence_number=sequence_number_of(told.form) if told.kind == EventKind.STATUS else None,
        call_status=payload.get("CallStatus", "")[:20],
        payload=payload,
    )
    CallEvent.objects.bulk_create([event], ignore_conflicts=True)
