"""Calls as they stand in the log, made at once."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from django.urls import reverse

from agents import services
from agents.models import Agent, AgentVersion
from callsphere.calls.models import Call, CallKey, TranscriptLine
from callsphere.lib.ids import uuid7_at
from tenants.context import tenant_context
from tests.calls.conftest import CALLER, NUMBER, new_sid
from tests.conftest import Person

NOON = datetime(2026, 11, 27, 12, 0, tzinfo=UTC)


def address(name: str, person: Person, call: Call | None = None) -> str:
    """Return the address of a page of calls in the person's tenant."""
    of_call = {"call_id": call.pk} if call else {}
    return reverse(f"call-log:{name}", kwargs={"tenant": person.tenant.slug, **of_call})


def make_agent(person: Person, name: str = "Front desk") -> Agent:
    """Make an agent that is published."""
    who: dict[str, Any] = {"tenant": person.tenant, "actor": person.actor}
    with tenant_context(person.tenant):
        agent = services.create_agent(**who, name=name, instructions="Answer the phone.")
        services.publish(**who, agent=agent, expected_version=agent.version)
        return Agent.objects.select_related("published__agent").get(pk=agent.pk)


def make_call(person: Person, at: datetime = NOON, **fields: Any) -> Call:
    """Make a call that is over: one of 14 seconds that nobody took, unless fields say otherwise."""
    values: dict[str, Any] = {
        "direction": "inbound",
        "call_sid": new_sid("CA"),
        "our_number": NUMBER,
        "their_number": CALLER,
        "state": "ended",
        "outcome": "missed",
        "hung_up_by": "caller",
        "started_at": at,
        "ended_at": at + timedelta(seconds=14),
        **fields,
    }
    if values["state"] != "ended":
        values |= {"outcome": "", "hung_up_by": "", "ended_at": None}
    with tenant_context(person.tenant):
        call = Call.objects.create(id=uuid7_at(at), tenant=person.tenant, **values)
        CallKey.objects.create(tenant=person.tenant, call=call, call_sid=call.call_sid)
    return call


def answered(version: AgentVersion, seconds: int = 134, at: datetime = NOON) -> dict[str, Any]:
    """Return the fields of a call that a version of an agent took."""
    return {
        "agent": version.agent,
        "version": version,
        "action": "realtime",
        "outcome": "agent",
        "sip_code": 200,
        "answered_at": at + timedelta(seconds=2),
        "ended_at": at + timedelta(seconds=2 + seconds),
        "talked_s": seconds,
    }


def say(call: Call, *texts: str) -> None:
    """Let caller and agent speak in turns, five seconds apart, the agent first."""
    with tenant_context(call.tenant):
        TranscriptLine.objects.bulk_create(
            TranscriptLine(
                tenant=call.tenant,
                call=call,
                item_id=f"item_{number}",
                speaker="caller" if number % 2 else "agent",
                text=text,
                said_at=call.started_at + timedelta(seconds=3 + 5 * number),
            )
            for number, text in enumerate(texts)
        )
