"""What people do with calls that are going on."""

from __future__ import annotations

from functools import partial

from django.db import transaction

from callsphere.calls.enums import CallState, EndReason
from callsphere.calls.models import Call
from callsphere.celery import wake
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.models import Tenant

TASK, QUEUE = "calls.end_calls", "deliver"


def hang_up(*, tenant: Tenant, actor: Actor, call: Call, reason: str = "") -> Call:
    """Have a call ended by a worker, within seconds. Raises Refused when it is over already."""
    with transaction.atomic():
        row = Call.objects.select_for_update(no_key=True).get(tenant=tenant, pk=call.pk)
        if row.state == CallState.ENDED:
            raise Refused("This call has ended already.", code="call_over")
        row.end_reason, row.end_due_at = EndReason.ASKED, database_now()
        row.save(update_fields=["end_reason", "end_due_at"])
        record_event(tenant=tenant, actor=actor, verb="call.hung_up", obj=row, reason=reason)
        transaction.on_commit(partial(wake, TASK, QUEUE))
    return row
