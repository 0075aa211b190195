"""What people do with what callers left: they deal with it."""

from __future__ import annotations

from django.db import transaction

from callsphere.calls.enums import CallbackState
from callsphere.calls.models import CallbackRequest, CallerMessage
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.models import Tenant

LONGEST_NAME = 254


def handle_message(*, tenant: Tenant, actor: Actor, message: CallerMessage) -> CallerMessage:
    """Say that somebody has dealt with a message. Raises Refused when somebody has already."""
    with transaction.atomic():
        rows = CallerMessage.objects.select_for_update(no_key=True)
        row: CallerMessage = rows.get(tenant=tenant, pk=message.pk)
        if row.handled_at is not None:
            raise Refused(
                f"{row.handled_by or 'Somebody'} has dealt with it already.", code="handled_already"
            )
        row.handled_at, row.handled_by = database_now(), actor.label[:LONGEST_NAME]
        row.save(update_fields=["handled_at", "handled_by"])
        record_event(tenant=tenant, actor=actor, verb="caller_message.handled", obj=row)
    return row


def handle_callback(*, tenant: Tenant, actor: Actor, callback: CallbackRequest) -> CallbackRequest:
    """Say that somebody has called back. Raises Refused when somebody has already."""
    with transaction.atomic():
        rows = CallbackRequest.objects.select_for_update(no_key=True)
        row: CallbackRequest = rows.get(tenant=tenant, pk=callback.pk)
        if row.state == CallbackState.DONE:
            raise Refused(f"{row.handled_by or 'Somebody'} has called back already.", code="handled_already")
        row.state = CallbackState.DONE
        row.handled_at, row.handled_by = database_now(), actor.label[:LONGEST_NAME]
        row.save(update_fields=["state", "handled_at", "handled_by"])
        record_event(tenant=tenant, actor=actor, verb="callback.handled", obj=row)
    return row
