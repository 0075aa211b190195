"""What the provider tells of calls: proven, stored once, and answered at once.

A request names an account. The account leads to the tenant, its auth token proves the request, and only then
is looked at whether the number or trunk in the address is that tenant's. Signatures carry no time and may
come again: what is stored already is not stored twice, and gets the same answer.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from django.http import QueryDict

from callsphere.calls import answering
from callsphere.calls.enums import EventKind
from callsphere.calls.instructions import Place
from callsphere.calls.models import CallEvent
from callsphere.calls.payload import (
    call_sid_of,
    known_fields,
    root_sid_of,
    sequence_number_of,
    subject_of,
)
from callsphere.calls.places import Called, find_number, find_trunk, store_on_number
from callsphere.calls.proving import Prover, read_prover, remembered_prover
from callsphere.providers.twilio.webhooks import why_unproven
from tenants.context import tenant_context
from tenants.models import Tenant
from trunks.models import PhoneNumber, Trunk

_UNANSWERED = (EventKind.STATUS, EventKind.RECORDING)
"""Told by the way: nothing is to be answered."""
_Taken = TypeVar("_Taken")


class Unproven(Exception):
    """Nothing shows that the provider sent this about something of ours; `str()` says why, for the log."""


class NotACall(Exception):
    """The provider did send it, and no call is named in it."""


@dataclass(frozen=True, slots=True)
class Told:
    """A request as it came. `place` is the model and `place_id` the row that the address names.

    `url` is the address that the provider was given, its query included; `after` says in it who was called
    before.
    """

    kind: EventKind
    place: type[PhoneNumber] | type[Trunk]
    place_id: uuid.UUID
    url: str
    form: QueryDict
    signature: str
    signature_settings: str
    after: str = ""

    @property
    def path(self) -> str:
        """Where the addresses of this number or trunk begin."""
        return f"/voice/{'' if self.place is PhoneNumber else 'trunk/'}{self.place_id}/"


def take(told: Told) -> str:
    """Store what was told and return TwiML for what comes next; empty where nothing was asked.

    Call it outside any context. Raises Unproven and NotACall; then nothing is stored.
    """
    return proven(told.form.get("AccountSid", ""), partial(_take, told))


def proven(account_sid: str, take_by: Callable[[Prover], _Taken]) -> _Taken:
    """Return what `take_by` makes of a request, given what proves those of an account. Raises Unproven."""
    prover = remembered_prover(account_sid)
    if prover is not None:
        with suppress(Unproven):  # by what was known; the account may have another token by now
            return take_by(prover)
    prover = read_prover(account_sid)
    if prover is None:
        raise Unproven("unknown_account")
    return take_by(prover)


def check_signature(prover: Prover, url: str, form: QueryDict, signature: str, settings: str) -> None:
    """Raise Unproven unless the account's token has signed an address and its fields."""
    why = why_unproven(prover.token, url, form, signature, settings)
    if why:
        raise Unproven(why)


def _take(told: Told, prover: Prover) -> str:
    check_signature(prover, told.url, told.form, told.signature, told.signature_settings)
    if told.place is PhoneNumber and told.kind in _UNANSWERED and call_sid_of(told.form):
        _proven(store_on_number(told.place_id, prover, _event(told.kind, told.form, prover.tenant)))
        return ""
    with tenant_context(prover.tenant):
        called = _proven(_find_place(told, prover))
        _store(told, prover.tenant, called)
        return _answer(told, prover.tenant, called)


def _proven(called: Called | None) -> Called:
    if called is None or not called.is_proven:
        raise Unproven("unknown_place" if called is None else "unknown_account")
    return called


def _answer(told: Told, tenant: Tenant, called: Called) -> str:
    place = Place(told.path)
    if told.kind == EventKind.INCOMING:
        return answering.answer_call(tenant, called, told.form, place)
    if told.kind == EventKind.FALLBACK:
        return answering.rescue_call(tenant, called, told.form, place)
    if told.kind == EventKind.DIALLED:
        return answering.go_on(tenant, called, told.form, place, told.after)
    return answering.thank_for_message() if told.kind == EventKind.RECORDED else ""


def _find_place(told: Told, prover: Prover) -> Called | None:
    if told.place is PhoneNumber:
        return find_number(told.place_id, prover)
    return find_trunk(told.place_id, told.form.get("To", ""), prover)


def _store(told: Told, tenant: Tenant, called: Called) -> None:
    store_event(told.kind, told.form, tenant, number_id=called.number_id, trunk_id=called.trunk_id)


def store_event(
    kind: EventKind,
    form: QueryDict,
    tenant: Tenant,
    *,
    number_id: uuid.UUID | None,
    trunk_id: uuid.UUID | None = None,
) -> None:
    """Store what was told of a call, once. Call it inside the tenant's context. Raises NotACall."""
    if not call_sid_of(form):
        raise NotACall
    event = _event(kind, form, tenant)
    event.phone_number_id, event.trunk_id = number_id, trunk_id
    CallEvent.objects.bulk_create([event], ignore_conflicts=True)


def _event(kind: EventKind, form: QueryDict, tenant: Tenant) -> CallEvent:
    """Return what was told, as it is stored, its place left out."""
    payload = known_fields(form)
    return CallEvent(
        tenant=tenant,
        kind=kind,
        call_sid=call_sid_of(form),
        root_sid=root_sid_of(form),
        subject=subject_of(form),
        sequence_number=sequence_number_of(form) if kind == EventKind.STATUS else None,
        call_status=(payload.get("CallStatus") or payload.get("StreamEvent", ""))[:20],
        payload=payload,
    )
