"""A caller dials, Twilio's double leads the call to OpenAI's, and the real process holds it."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from callsphere.calls import applying
from callsphere.calls.models import Call, RealtimeSession, TranscriptLine
from callsphere.local.doubles.twilio.voice.agents import AgentSide
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, make_route, publish
from tests.conftest import Person
from tests.databases import ROOT
from tests.e2e.workers import database_url
from tests.openai_double import DoubledOpenAI
from tests.trunks.numbers.conftest import NUMBER, Desk, stored
from tests.twilio_double import DoubledTwilio
from tests.voice_peers import CALLER, FAST
from tests.waiting import wait_until
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db(transaction=True)
GREETING = "Welcome to Acme Dental."
Start = Callable[[], "subprocess.Popen[bytes]"]


@pytest.fixture
def owner(
    alice: Person,
    twilio: DoubledTwilio,
    openai_double: DoubledOpenAI,
    live_server: LiveServer,
    settings: Any,
) -> Person:
    """Alice with a number whose calls an agent at OpenAI takes."""
    settings.PUBLIC_URL = live_server.url
    openai_double.send_webhooks_to(f"{live_server.url}/webhooks/openai/")
    switchboard = twilio.twilio.switchboard
    switchboard.agents = AgentSide(base=openai_double.url)
    switchboard.pace.speed, switchboard.pace.poll_s, switchboard.pace.priced_after_s = FAST, 0.01, 0
    desk = Desk(twilio)
    desk.open(alice)
    desk.order(alice)
    provision_due()
    agent = make_agent(alice, greeting=GREETING, builtin_tools=["hang_up"])
    publish(alice, agent)
    make_route(alice, stored(alice), agent)
    return alice


@pytest.fixture
def start(openai_double: DoubledOpenAI, tmp_path: Path) -> Iterator[Start]:
    """Start `manage.py realtime`, and wait until it looks for calls. It ends with the test."""
    running: list[subprocess.Popen[bytes]] = []

    def begin() -> subprocess.Popen[bytes]:
        alive = tmp_path / "realtime-alive"
        alive.unlink(missing_ok=True)
        env = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "callsphere.settings",
            "TMPDIR": str(tmp_path),
            "DATABASE_URL": database_url(),
            "OPENAI_BASE_URL": openai_double.url,
            "OPENAI_API_KEY": openai_double.double.exchange.key,
            "OPENAI_PROJECT_ID": openai_double.double.exchange.project,
            "OPENAI_WEBHOOK_SECRET": "whsec_b3BlbmFpLWRvdWJsZS1vZi10ZXN0cw==",
        }
        running.append(subprocess.Popen([sys.executable, "manage.py", "realtime"], cwd=ROOT, env=env))
        wait_until(alive.exists)
        return running[-1]

    yield begin
    for each in running:
        each.kill()
        each.wait()


def ring(twilio: DoubledTwilio, **options: Any) -> str:
    values = {"to": NUMBER, "from": CALLER, "play": True, **options}
    answer = httpx.post(f"{twilio.url}/_double/calls", json=values, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["sid"])


def is_over(twilio: DoubledTwilio, sid: str) -> bool:
    url = f"{twilio.url}/_double/calls/{sid}"
    return bool(httpx.get(url, trust_env=False, timeout=60).json()["is_over"])


def session(owner: Person) -> RealtimeSession | None:
    with tenant_context(owner.tenant):
        return RealtimeSession.objects.first()


def is_held(owner: Person, claim: int) -> bool:
    found = session(owner)
    return found is not None and found.greeted_at is not None and found.claim == claim


def test_an_agent_takes_the_call_and_hangs_up(owner: Person, twilio: DoubledTwilio, start: Start) -> None:
    start()
    sid = ring(twilio)
    wait_until(lambda: is_over(twilio, sid))
    wait_until(lambda: (found := session(owner)) is not None and found.state == "over")
    applying.apply_waiting()
    with tenant_context(owner.tenant):
        call = Call.objects.get()
        lines = list(TranscriptLine.objects.values_list("speaker", "text"))
    assert (call.state, call.outcome, call.hung_up_by, call.end_reason) == (
        "ended",
        "agent",
        "agent",
        "agent",
    )
    assert lines[0] == ("agent", GREETING)
    assert lines[-1] == ("agent", "Thank you for calling, Maria. Goodbye.")


def test_a_call_goes_on_while_processes_come_and_go(
    owner: Person, twilio: DoubledTwilio, openai_double: DoubledOpenAI, start: Start
) -> None:
    openai_double.ways.pace = 1000.0
    first = start()
    sid = ring(twilio)
    wait_until(lambda: is_held(owner, 1))
    first.send_signal(signal.SIGTERM)
    assert first.wait(120) == 0
    start()
    wait_until(lambda: is_held(owner, 2))
    found = session(owner)
    assert found is not None
    wait_until(lambda: openai_double.call(found.openai_call_id)["attached"] == 1)
    openai_double.hang_up(found.openai_call_id)
    wait_until(lambda: is_over(twilio, sid))
    wait_until(lambda: (ended := session(owner)) is not None and ended.state == "over")
