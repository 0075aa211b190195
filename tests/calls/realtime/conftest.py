"""Calls that are led to an agent at OpenAI, and how OpenAI tells of them."""

from __future__ import annotations

import asyncio
import json
import secrets
import threading
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs
from xml.etree import ElementTree

import pytest
from django.test import Client
from django.utils import timezone

from callsphere.calls.models import Call, CallNote, RealtimeSession, TranscriptLine, UnwantedCall
from callsphere.calls.realtime.worker import Worker
from callsphere.calls.tokens import HEADER
from callsphere.local.doubles.openai.webhooks import sign
from tenants.context import platform_context, tenant_context
from tests.agents.conftest import backend as backend  # a fixture
from tests.agents.conftest import make_agent, make_route, publish
from tests.calls.conftest import BASE, Line, make_line, new_sid
from tests.conftest import Person
from tests.openai_double import WEBHOOK_SECRET, DoubledOpenAI
from tests.waiting import wait_until

GREETING = "Welcome to Acme Dental. How can I help you?"


def new_call_id() -> str:
    return f"rtc_{secrets.token_hex(12)}"


def told(call_id: str, headers: dict[str, str], **event: Any) -> dict[str, Any]:
    """Return OpenAI's event of a call that came in."""
    sip_headers = [{"name": name, "value": value} for name, value in headers.items()]
    return {
        "object": "event",
        "id": f"evt_{secrets.token_hex(8)}",
        "type": "realtime.call.incoming",
        "created_at": 1,
        "data": {"call_id": call_id, "sip_headers": sip_headers, "sip_media_security": "srtp"},
        **event,
    }


@dataclass
class Desk:
    """A line whose calls an agent at OpenAI takes."""

    line: Line
    client: Client = field(default_factory=lambda: Client(enforce_csrf_checks=True))

    @property
    def person(self) -> Person:
        return self.line.person

    def ring(self, sid: str = "") -> str:
        """Call the number; return the token with which the call is sent to OpenAI."""
        fields = self.line.fields(CallSid=sid or new_sid("CA"))
        document = ElementTree.fromstring(self.line.tell(fields=fields).content)
        (address,) = (str(each.text) for each in document.iter("Sip"))
        return parse_qs(address.partition("?")[2])[HEADER][0]

    def tell(self, event: dict[str, Any], **options: Any) -> int:
        """Send an event as OpenAI does; return the status of the answer."""
        body = json.dumps(event).encode()
        headers = sign(secrets.token_hex(8), body, options.pop("secret", WEBHOOK_SECRET), **options)
        response = self.client.post(
            "/webhooks/openai/", body, content_type="application/json", headers=headers
        )
        return response.status_code

    def offer(self, call_id: str = "", **headers: str) -> str:
        """Tell of a call with headers such as X_Cs_Call; return its id."""
        call_id = call_id or new_call_id()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        assert self.tell(told(call_id, named)) == 200
        return call_id

    def connect(self, double: DoubledOpenAI, script: str | None = None) -> str:
        """Call the number, and let the call reach OpenAI as Twilio leads it there; return OpenAI's id."""
        return self.offer(call_id=double.ring(script, X_Cs_Call=(token := self.ring())), X_Cs_Call=token)

    def session(self) -> RealtimeSession:
        with tenant_context(self.person.tenant):
            return RealtimeSession.objects.select_related("call", "version", "tenant").get()

    def call(self) -> Call:
        with tenant_context(self.person.tenant):
            return Call.objects.get()

    def change_call(self, **fields: Any) -> None:
        with tenant_context(self.person.tenant):
            Call.objects.update(**fields)

    def change_session(self, **fields: Any) -> None:
        with tenant_context(self.person.tenant):
            RealtimeSession.objects.update(**fields)

    def hand_over(self) -> None:
        """Let the session's lease end until another claims it: its holder may be renewing it just then."""
        claim = self.session().claim

        def is_taken() -> bool:
            with tenant_context(self.person.tenant):
                held = RealtimeSession.objects.filter(claim=claim)
                held.update(due_at=timezone.now() - timedelta(seconds=1))
            return self.session().claim > claim

        wait_until(is_taken, lambda: self.session().__dict__)

    def notes(self) -> list[str]:
        with tenant_context(self.person.tenant):
            return list(CallNote.objects.values_list("text", flat=True))

    def lines(self) -> list[tuple[str, str]]:
        with tenant_context(self.person.tenant):
            return list(TranscriptLine.objects.values_list("speaker", "text"))


def unwanted() -> list[tuple[str, int]]:
    """Return the calls that are to be rejected, and how."""
    with platform_context("test"):
        return list(UnwantedCall.objects.order_by("id").values_list("openai_call_id", "status_code"))


def make_desk(person: Person, **fields: Any) -> Desk:
    """Give a person a line with an agent; `tool_ids` and the agent's fields may be given."""
    line = make_line(person)
    agent = make_agent(person, **{"greeting": GREETING, **fields})
    publish(person, agent)
    make_route(person, line.number, agent)
    return Desk(line)


@pytest.fixture
def desk(alice: Person, openai_double: DoubledOpenAI, settings: Any) -> Desk:
    settings.PUBLIC_URL = BASE
    return make_desk(alice)


class RunningWorker:
    """A worker in a thread of its own, as `manage.py realtime` runs it."""

    def __init__(self, most_calls: int = 10) -> None:
        self.worker = Worker(most_calls=most_calls)
        self._begun = threading.Event()
        self._thread = threading.Thread(target=lambda: asyncio.run(self._main()), daemon=True)
        self._thread.start()
        self._begun.wait(60)

    def stop(self) -> None:
        """Let it hand over what it holds, as a signal does."""
        self._tell(self._stopping.set)
        self._thread.join(120)

    def kill(self) -> None:
        """Let it end without a word: what it held stays claimed until the lease is over."""
        self._tell(self._task.cancel)
        self._thread.join(120)

    def die(self) -> Callable[[], None]:
        """Let it end as `kill` does, but for what is being asked; return what waits for that."""
        self._tell(self._task.cancel)
        wait_until(lambda: not self.worker.held)
        return lambda: self._thread.join(120)

    def holds(self) -> int:
        return len(self.worker.held)

    def _tell(self, act: Callable[[], object]) -> None:
        with suppress(RuntimeError):  # it has ended already
            self._loop.call_soon_threadsafe(act)

    async def _main(self) -> None:
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._task = asyncio.ensure_future(self.worker.run(self._stopping))
        self._begun.set()
        with suppress(asyncio.CancelledError):
            await self._task


@pytest.fixture
def start_worker(
    transactional_db: None, openai_double: DoubledOpenAI, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., RunningWorker]]:
    """Start workers that end with the test. None is too slow to keep what it has: leases end when told to."""
    monkeypatch.setattr("callsphere.calls.realtime.claims.LEASE", timedelta(hours=1))
    running: list[RunningWorker] = []

    def start(**options: Any) -> RunningWorker:
        running.append(RunningWorker(**options))
        return running[-1]

    yield start
    for each in running:
        each.kill()
