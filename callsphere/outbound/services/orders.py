"""Asking for a call, and taking that back."""

from __future__ import annotations

import uuid
from datetime import timedelta
from functools import partial

from django.core.exceptions import ValidationError
from django.db import transaction

from agents.models import Agent, AgentVersion
from callsphere.celery import wake
from callsphere.lib.errors import Refused
from callsphere.outbound.enums import MachineAction, OrderState, Purpose
from callsphere.outbound.models import Dialler, OutboundCall
from callsphere.outbound.queries import callable_countries, must_not_call, numbers_to_call_from
from callsphere.outbound.reachable import callable_number
from tenants.audit import Actor, record_event
from tenants.clock import database_now
from tenants.models import Tenant
from tenants.services.editing import field_error, insert
from trunks.models import PhoneNumber
from trunks.number_format import NumberError

TASK, QUEUE = "outbound.place_calls", "deliver"
WAITS_FOR = timedelta(minutes=30)
"""How long a call may wait for its turn before it is too late for it."""
LONGEST_NAME = 254
_FIELDS = ("from_number", "to_number", "agent", "version", "machine_action")


def order_call(
    *,
    tenant: Tenant,
    actor: Actor,
    phone_number_id: uuid.UUID,
    to_number: str,
    agent_id: uuid.UUID,
    brief: str = "",
    machine_action: str = MachineAction.GO_ON,
    machine_message: str = "",
) -> OutboundCall:
    """Ask for a call from one of the tenant's numbers, in which an agent's published version talks.

    A worker places it within seconds when there is room among the tenant's calls at a time, and gives it up
    after WAITS_FOR. Raises ValidationError by field, and Refused when the number must not be called.
    """
    version, number = _published(tenant, agent_id), _number(tenant, phone_number_id)
    to = _number_to_call(tenant, to_number, number)
    if machine_action == MachineAction.LEAVE_MESSAGE and not machine_message.strip():
        raise field_error("machine_message", "Write what is to be said to the machine.", "required")
    now = database_now()
    row = OutboundCall(
        tenant=tenant,
        purpose=Purpose.AGENT,
        phone_number=number,
        from_number=number.number,
        to_number=to,
        agent_id=version.agent_id,
        version=version,
        brief=brief.strip(),
        machine_action=machine_action,
        machine_message=machine_message.strip(),
        requested_by=actor.label[:LONGEST_NAME],
        due_at=now,
        expires_at=now + WAITS_FOR,
    )
    with transaction.atomic():
        Dialler.objects.bulk_create([Dialler(tenant=tenant)], ignore_conflicts=True)
        insert(row, tenant=tenant, actor=actor, verb="outbound_call.ordered", fields=_FIELDS)
        transaction.on_commit(partial(wake, TASK, QUEUE))
    return row


def cancel_call(*, tenant: Tenant, actor: Actor, order: OutboundCall) -> OutboundCall:
    """Take back a call that was not placed yet. Raises Refused when it was: hang it up instead."""
    with transaction.atomic():
        row = OutboundCall.objects.select_for_update(no_key=True).get(tenant=tenant, pk=order.pk)
        if row.state != OrderState.WAITING:
            raise Refused("This call does not wait any more. Hang it up in the call log.", code="not_waiting")
        row.state, row.due_at, row.ended_at = OrderState.CANCELED, None, database_now()
        row.save(update_fields=["state", "due_at", "ended_at"])
        record_event(tenant=tenant, actor=actor, verb="outbound_call.canceled", obj=row)
    return row


def _published(tenant: Tenant, agent_id: uuid.UUID) -> AgentVersion:
    rows = Agent.objects.filter(tenant=tenant, pk=agent_id, deleted_at=None).select_related("published")
    agent = rows.first()
    if agent is None:
        raise field_error("agent_id", "You have no such agent.", "unknown")
    if agent.published is None:
        raise field_error(
            "agent_id", "This agent has no published version. Publish it first.", "not_published"
        )
    return agent.published


def _number(tenant: Tenant, phone_number_id: uuid.UUID) -> PhoneNumber:
    number = numbers_to_call_from(tenant).filter(pk=phone_number_id).first()
    if number is None:
        words = "Choose one of your numbers that is active and takes calls."
        raise field_error("phone_number_id", words, "not_active")
    return number


def _number_to_call(tenant: Tenant, text: str, number: PhoneNumber) -> str:
    try:
        to = callable_number(text, callable_countries(tenant), number.country)
    except NumberError as error:
        raise field_error("to_number", str(error), "invalid") from error
    if to == number.number:
        raise ValidationError({"to_number": ValidationError("A number cannot call itself.", code="invalid")})
    if must_not_call(tenant, to):
        raise Refused(f"{to} is on your list of numbers not to call.", code="do_not_call")
    return to
