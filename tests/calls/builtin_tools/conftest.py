"""A call that an agent with built-in tools holds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import pytest

from agents.enums import BuiltinTool
from agents.models import AgentVersion, ToolInvocation
from callsphere.calls.builtin_tools import BuiltinAnswer, run_builtin
from callsphere.calls.models import Call
from callsphere.lib.ids import uuid7, uuid7_at
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.agents.conftest import edit, make_agent, publish
from tests.calls.conftest import CALLER, NUMBER, Line, make_line, new_sid
from tests.conftest import Person

PERSON = "+12125550155"


@dataclass
class Talk:
    """A call under way to a person's number, and the version that holds it."""

    line: Line
    version: AgentVersion
    call: Call

    @property
    def person(self) -> Person:
        return self.line.person

    def ask(self, name: str, arguments: Any = None, request: str = "") -> BuiltinAnswer:
        """Ask for a tool as a model does; each time anew unless a request is named."""
        return run_builtin(
            tenant=self.person.tenant,
            call_id=self.call.pk,
            version=self.version,
            name=name,
            arguments={} if arguments is None else arguments,
            function_call_id=request or f"call_{uuid7()}",
        )

    def told(self, name: str, arguments: Any = None, request: str = "") -> dict[str, Any]:
        """Return what the model is told."""
        answer: dict[str, Any] = json.loads(self.ask(name, arguments, request).output)
        return answer

    def change(self, **fields: Any) -> None:
        """Change the call's row."""
        with tenant_context(self.person.tenant):
            Call.objects.filter(pk=self.call.pk).update(**fields)

    def choose(self, **fields: Any) -> None:
        """Publish another version of the agent, which holds the call from now on."""
        edit(self.person, self.version.agent, **fields)
        self.version = publish(self.person, self.version.agent)
        self.change(version=self.version)

    def rows(self, model: Any) -> list[Any]:
        """Return all rows of a model that the tenant has, the oldest first."""
        with tenant_context(self.person.tenant):
            return list(model.objects.order_by("created_at", "id"))

    def log(self) -> list[ToolInvocation]:
        return self.rows(ToolInvocation)


def make_call(line: Line, **fields: Any) -> Call:
    """Give a line a call from the usual caller that goes on."""
    started_at: datetime = fields.pop("started_at", None) or database_now() - timedelta(minutes=1)
    values: dict[str, Any] = {
        "direction": "inbound",
        "call_sid": new_sid("CA"),
        "phone_number": line.number,
        "our_number": line.number.number,
        "their_number": CALLER,
        "state": "in_progress",
        "action": "realtime",
        "answered_at": started_at,
        **fields,
    }
    with tenant_context(line.person.tenant):
        return Call.objects.create(
            id=uuid7_at(started_at), tenant=line.person.tenant, started_at=started_at, **values
        )


def make_talk(person: Person, number: str = NUMBER, own: str = "+4930901820") -> Talk:
    """Give a person a call that an agent with all built-in tools holds."""
    line = make_line(person, number, own)
    agent = make_agent(person, builtin_tools=BuiltinTool.values, transfer_number=PERSON)
    version = publish(person, agent)
    return Talk(line, version, make_call(line, agent=agent, version=version))


@pytest.fixture
def talk(alice: Person) -> Talk:
    return make_talk(alice)
