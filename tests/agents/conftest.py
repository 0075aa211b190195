"""Agents to work with."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from django.utils import timezone

from agents import services
from agents.models import Agent, AgentVersion, BusinessHours, NumberRoute, Tool
from tenants.context import tenant_context
from tests.conftest import Person
from trunks.models import PhoneNumber


def make_agent(person: Person, name: str = "Front desk", **fields: Any) -> Agent:
    """Give a person an agent that could be published."""
    with tenant_context(person.tenant):
        return services.create_agent(
            tenant=person.tenant,
            actor=person.actor,
            name=name,
            **{"instructions": "Answer the phone.", **fields},
        )


def publish(person: Person, agent: Agent) -> AgentVersion:
    """Publish what an agent's draft says now."""
    with tenant_context(person.tenant):
        return services.publish(tenant=person.tenant, actor=person.actor, agent=agent, expected_version=None)


def edit(person: Person, agent: Agent, **changes: Any) -> Agent:
    """Edit a draft, whatever its version."""
    with tenant_context(person.tenant):
        return services.edit_draft(
            tenant=person.tenant, actor=person.actor, agent=agent, expected_version=None, **changes
        )


class Backend:
    """A tenant's own system on loopback: keeps what it is sent, and answers as the test says."""

    def __init__(self) -> None:
        self.received: list[tuple[dict[str, str], bytes]] = []
        self.answers: list[tuple[int, bytes]] = []
        self.hold = threading.Event()
        self.hold.set()
        backend = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                backend.received.append(({name.lower(): value for name, value in self.headers.items()}, body))
                backend.hold.wait(60)
                status, answer = backend.answers.pop(0) if backend.answers else (200, b"{}")
                self.send_response(status)
                if 300 <= status < 400:
                    self.send_header("Location", "/elsewhere")
                self.send_header("Content-Length", str(len(answer)))
                self.end_headers()
                with suppress(OSError):  # whoever asked may have gone
                    self.wfile.write(answer)

            def log_message(self, *_arguments: Any) -> None:
                """Keep the test's output clean."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(
            target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True
        )
        self.thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/booking"

    def stop(self) -> None:
        self.hold.set()
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(60)


@pytest.fixture
def backend(settings: Any) -> Iterator[Backend]:
    """A backend that the operator lets be reached."""
    settings.NETGUARD_ALLOW = ["127.0.0.0/8"]
    running = Backend()
    yield running
    running.stop()


DAY = {
    "type": "object",
    "properties": {"day": {"type": "string", "maxLength": 10}, "patient": {"type": "string"}},
    "required": ["day"],
    "additionalProperties": False,
}


def make_tool(person: Person, endpoint: str = "https://tools.example.com/booking", **fields: Any) -> Tool:
    """Give a person a tool."""
    given = {"name": "free_times", "description": "Free times of a day", "parameters": DAY, **fields}
    with tenant_context(person.tenant):
        tool, _secret = services.create_tool(
            tenant=person.tenant, actor=person.actor, endpoint=endpoint, **given
        )
    return tool


NINE_TO_FIVE = [
    {"day": day, "opens": "09:00", "closes": "17:00"}
    for day in ("monday", "tuesday", "wednesday", "thursday", "friday")
]


def make_hours(person: Person, **fields: Any) -> BusinessHours:
    """Give a person business hours: weekdays from nine to five in New York."""
    given = {"name": "Office", "time_zone": "America/New_York", "weekly": NINE_TO_FIVE, **fields}
    with tenant_context(person.tenant):
        return services.create_hours(tenant=person.tenant, actor=person.actor, **given)


def make_number(person: Person, number: str = "+14155550101") -> PhoneNumber:
    """Give a person a number that can be called."""
    with tenant_context(person.tenant):
        return PhoneNumber.objects.create(
            tenant=person.tenant,
            number=number,
            source="bought",
            state="active",
            provider_sid=f"PN{number[1:]:0>32}",
            active_at=timezone.now(),
        )


def make_route(person: Person, number: PhoneNumber, agent: Agent, **fields: Any) -> NumberRoute:
    """Lead calls to a number to an agent."""
    given = {"phone_number_id": number.pk, "agent_id": agent.pk, **fields}
    with tenant_context(person.tenant):
        return services.create_route(tenant=person.tenant, actor=person.actor, **given)
