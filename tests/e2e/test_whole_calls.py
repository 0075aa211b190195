"""Whole calls: the double calls the product, does as it is told, and the log shows what came of it."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from agents.models import Agent
from callsphere.calls import applying, provider_side, services
from callsphere.calls.models import Call, CallEvent, VoiceMessage
from callsphere.calls.sound_fetching import fetch_due_sounds
from callsphere.calls.sound_keeping import sound_of
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.agents.conftest import make_agent, make_route, publish
from tests.conftest import Person
from tests.trunks.numbers.conftest import NUMBER, Desk, stored
from tests.twilio_double import DoubledTwilio
from tests.voice_peers import CALLER, FAST
from tests.waiting import wait_until
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db(transaction=True)
PERSON = "+442079460000"


@pytest.fixture
def owner(alice: Person, twilio: DoubledTwilio, live_server: LiveServer, settings: Any) -> Person:
    """Alice with a number that was bought, and an agent behind it that nobody can reach."""
    settings.PUBLIC_URL, settings.OPENAI_PROJECT_ID = live_server.url, ""
    pace = twilio.twilio.switchboard.pace
    pace.speed, pace.poll_s, pace.priced_after_s = FAST, 0.01, 0
    desk = Desk(twilio)
    desk.open(alice)
    desk.order(alice)
    provision_due()
    return alice


def routed(owner: Person, **fields: Any) -> Agent:
    agent = make_agent(owner)
    publish(owner, agent)
    make_route(owner, stored(owner), agent, **fields)
    return agent


def ring(twilio: DoubledTwilio, **options: Any) -> str:
    """Call the number; return the call's id."""
    values = {"to": NUMBER, "from": CALLER, "play": True, **options}
    answer = httpx.post(f"{twilio.url}/_double/calls", json=values, trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["sid"])


def wait_until_over(twilio: DoubledTwilio, sid: str) -> None:
    url = f"{twilio.url}/_double/calls/{sid}"
    wait_until(lambda: httpx.get(url, trust_env=False, timeout=60).json()["is_over"])


def states(owner: Person) -> list[str]:
    applying.apply_waiting()
    with tenant_context(owner.tenant):
        return list(Call.objects.values_list("state", flat=True))


def logged(owner: Person) -> Call:
    """Return the only call, with all that was told of it."""
    applying.apply_waiting()
    with tenant_context(owner.tenant):
        return Call.objects.get()


def test_a_person_takes_the_call_that_no_agent_could(owner: Person, twilio: DoubledTwilio) -> None:
    routed(owner, fallback_action="human", fallback_number=PERSON)
    wait_until_over(twilio, ring(twilio, legs={"*": {"talks_s": 30}}))
    call = logged(owner)
    assert (call.state, call.outcome, call.hung_up_by) == ("ended", "person", "person")
    assert (call.their_number, call.our_number, call.sent_to) == (CALLER, NUMBER, PERSON)
    with tenant_context(owner.tenant):
        assert [(leg.target, leg.state) for leg in call.legs.all()] == [(PERSON, "completed")]


def test_a_caller_leaves_a_message_that_can_be_heard(owner: Person, twilio: DoubledTwilio) -> None:
    routed(owner)
    wait_until_over(twilio, ring(twilio))
    assert logged(owner).outcome == "voicemail"
    assert (fetch_due_sounds(), fetch_due_sounds()) == (1, 0)
    with tenant_context(owner.tenant):
        message = VoiceMessage.objects.get()
        sound = sound_of(owner.tenant, message.pk)
    assert message.duration_s
    assert (message.sound_state, sound and len(sound)) == ("there", 44 + 16_000 * message.duration_s)


def test_somebody_hangs_up_a_call_that_goes_on(owner: Person, twilio: DoubledTwilio) -> None:
    routed(owner, fallback_action="human", fallback_number=PERSON)
    sid = ring(twilio, legs={"*": {"talks_s": None}})
    wait_until(lambda: states(owner) == ["in_progress"])
    with tenant_context(owner.tenant):
        services.hang_up(tenant=owner.tenant, actor=owner.actor, call=Call.objects.get())
    assert provider_side.end_due_calls() == 1
    wait_until_over(twilio, sid)
    call = logged(owner)
    assert (call.state, call.hung_up_by, call.end_reason, call.end_due_at) == ("ended", "us", "asked", None)


def test_a_call_that_is_too_long_is_ended(owner: Person, twilio: DoubledTwilio) -> None:
    routed(owner, fallback_action="human", fallback_number=PERSON)
    ring(twilio, legs={"*": {"talks_s": None}})
    wait_until(lambda: states(owner) == ["in_progress"])
    with tenant_context(owner.tenant):
        Call.objects.update(end_due_at=database_now())
    assert (provider_side.end_due_calls(), provider_side.end_due_calls()) == (1, 0)
    wait_until(lambda: states(owner) == ["ended"])
    assert logged(owner).end_reason == "too_long"


def test_what_a_call_cost_is_asked_for(owner: Person, twilio: DoubledTwilio) -> None:
    routed(owner)
    wait_until_over(twilio, ring(twilio))
    assert logged(owner).price is None
    with tenant_context(owner.tenant):
        Call.objects.update(look_due_at=database_now())
    assert provider_side.look_at_due_calls() == 1
    call = logged(owner)
    assert call.price is not None
    assert (call.price > 0, call.price_unit, call.look_due_at) == (True, "USD", None)


def test_a_call_whose_end_was_never_told_is_found_to_be_over(owner: Person, twilio: DoubledTwilio) -> None:
    routed(owner, fallback_action="human", fallback_number=PERSON)
    sid = ring(twilio, legs={"*": {"talks_s": 5}})
    wait_until_over(twilio, sid)
    with tenant_context(owner.tenant):
        CallEvent.objects.filter(kind__in=["status", "dialled"]).delete()
    assert logged(owner).state != "ended"
    with tenant_context(owner.tenant):
        Call.objects.update(look_due_at=database_now())
    assert provider_side.look_at_due_calls() == 1
    assert logged(owner).state == "ended"
