"""What people do with what callers left: they deal with it, or find that they have not yet."""

from __future__ import annotations

from typing import TypeVar

from django.db import transaction

from callsphere.calls.enums import CallbackState
from callsphere.calls.models import CallbackRequest, CallerMessage, VoiceMessage
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.models import Tenant
from tenants.services.editing import locked

LONGEST_NAME = 254
_Left = TypeVar("_Left", CallerMessage, CallbackRequest, VoiceMessage)
_NOUNS = {CallerMessage: "caller_message", CallbackRequest: "callback", VoiceMessage: "voice_message"}


def handle_message(*, tenant: Tenant, actor: Actor, message: CallerMessage) -> CallerMessage:
    """Say that somebody has dealt with a message. Raises Refused when somebody has already, or it is gone."""
    return _handle(tenant, actor, message)


def handle_callback(*, tenant: Tenant, actor: Actor, callback: CallbackRequest) -> CallbackRequest:
    """Say that somebody has called back. Raises Refused when somebody has already, or it is gone."""
    return _handle(tenant, actor, callback)


def handle_voice_message(*, tenant: Tenant, actor: Actor, message: VoiceMessage) -> VoiceMessage:
    """Say that somebody has dealt with a voice message.

    Raises Refused when somebody has already, or it is gone.
    """
    return _handle(tenant, actor, message)


def reopen_message(*, tenant: Tenant, actor: Actor, message: CallerMessage) -> CallerMessage:
    """Say that a message has yet to be dealt with. Raises Refused when it is open, or gone."""
    return _reopen(tenant, actor, message)


def reopen_callback(*, tenant: Tenant, actor: Actor, callback: CallbackRequest) -> CallbackRequest:
    """Say that the caller has yet to be called back. Raises Refused when that is open, or gone."""
    return _reopen(tenant, actor, callback)


def reopen_voice_message(*, tenant: Tenant, actor: Actor, message: VoiceMessage) -> VoiceMessage:
    """Say that a voice message has yet to be dealt with. Raises Refused when it is open, or gone."""
    return _reopen(tenant, actor, message)


def _handle(tenant: Tenant, actor: Actor, left: _Left) -> _Left:
    with transaction.atomic():
        row = locked(type(left), tenant, left.pk)
        if row.handled_at is not None:
            done = "called back" if isinstance(row, CallbackRequest) else "dealt with it"
            raise Refused(f"{row.handled_by or 'Somebody'} has {done} already.", code="handled_already")
        row.handled_at, row.handled_by = database_now(), actor.label[:LONGEST_NAME]
        _save(row)
        record_event(tenant=tenant, actor=actor, verb=f"{_NOUNS[type(row)]}.handled", obj=row)
    return row


def _reopen(tenant: Tenant, actor: Actor, left: _Left) -> _Left:
    with transaction.atomic():
        row = locked(type(left), tenant, left.pk)
        if row.handled_at is None:
            raise Refused("It is open already.", code="open_already")
        row.handled_at, row.handled_by = None, ""
        _save(row)
        record_event(tenant=tenant, actor=actor, verb=f"{_NOUNS[type(row)]}.reopened", obj=row)
    return row


def _save(row: CallerMessage | CallbackRequest | VoiceMessage) -> None:
    fields = ["handled_at", "handled_by"]
    if isinstance(row, CallbackRequest):
        row.state = CallbackState.OPEN if row.handled_at is None else CallbackState.DONE
        fields.append("state")
    row.save(update_fields=fields)
