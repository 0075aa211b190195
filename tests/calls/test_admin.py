"""What support sees of calls."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from callsphere.calls.models import (
    Call,
    CallbackRequest,
    CallerMessage,
    CallLeg,
    RealtimeSession,
    TextMessage,
    VoiceMessage,
)
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.agents.conftest import make_agent, publish
from tests.calls.conftest import CALLER, NUMBER, Line
from tests.calls.test_listing import add_call
from tests.calls.test_messages_api import make
from tests.tenants.conftest import desk, sam

__all__ = ["desk", "sam"]
pytestmark = pytest.mark.django_db
LIST = "/admin/calls/callevent/"


def test_support_looks_and_changes_nothing(line: Line, desk: Client) -> None:
    line.tell()
    (event,) = line.events()
    listed, page = desk.get(LIST), desk.get(f"{LIST}{event.pk}/change/")
    assert (listed.status_code, page.status_code) == (200, 200)
    assert (event.call_sid in listed.content.decode(), CALLER in page.content.decode()) == (True, True)
    assert desk.get(f"{LIST}?q={event.call_sid}").status_code == 200
    answers = [desk.post(f"{LIST}add/"), desk.post(f"{LIST}{event.pk}/delete/", {"post": "yes"})]
    assert [answer.status_code for answer in answers] == [403, 403]
    assert len(line.events()) == 1


@pytest.mark.parametrize(
    ("model", "address"),
    [
        (CallerMessage, "/admin/calls/callermessage/"),
        (CallbackRequest, "/admin/calls/callbackrequest/"),
        (TextMessage, "/admin/calls/textmessage/"),
    ],
)
def test_what_calls_left_behind(line: Line, desk: Client, model: Any, address: str) -> None:
    row = make(line, model)
    listed, page = desk.get(address), desk.get(f"{address}{row.pk}/change/")
    assert (listed.status_code, page.status_code) == (200, 200)
    assert str(row.call_id) in page.content.decode()
    assert all(text not in page.content.decode() for text in ("Please call.", "Jane Roe", CALLER, "Hello"))
    assert desk.post(f"{address}{row.pk}/delete/", {"post": "yes"}).status_code == 403


def test_a_long_list_takes_no_more_queries(line: Line, desk: Client) -> None:
    counts = []
    for _ in range(2):
        line.tell()
        line.tell()
        desk.get(LIST)
        with CaptureQueriesContext(connection) as queries:
            desk.get(LIST)
        counts.append(len(queries))
    assert counts[0] == counts[1]


def add_whole_call(line: Line, minutes: int = 0) -> Call:
    """Store a call under way with a leg, a session and a message."""
    call = add_call(line, minutes, state="in_progress")
    version = publish(line.person, make_agent(line.person, f"Agent {minutes}"))
    with tenant_context(line.person.tenant):
        of_call = {"tenant": line.person.tenant, "call": call}
        CallLeg.objects.create(**of_call, call_sid="CA1", kind="agent", target="sip:agent.example")
        RealtimeSession.objects.create(**of_call, version=version, why="It rings")
        VoiceMessage.objects.create(**of_call, recording_sid="RE1", duration_s=7)
    return call


def test_calls_sessions_and_messages_are_looked_at(line: Line, desk: Client) -> None:
    call = add_whole_call(line)
    for name in ("call", "realtimesession", "voicemessage"):
        listed = desk.get(f"/admin/calls/{name}/?q={call.pk}")
        assert (listed.status_code, line.person.tenant.name in listed.content.decode()) == (200, True)
        assert desk.post(f"/admin/calls/{name}/add/").status_code == 403
    page = desk.get(f"/admin/calls/call/{call.pk}/change/").content.decode()
    assert ("sip:agent.example" in page, CALLER in page) == (True, True)


@pytest.mark.parametrize("written", [CALLER, "+1 (212) 555-0100", "12125550100", NUMBER])
def test_a_number_of_either_side_finds_calls_however_it_is_written(
    line: Line, desk: Client, written: str
) -> None:
    add_call(line)
    other = add_call(line, 1, their_number="+4930901820", our_number="+4930901821", phone_number=None)
    listed = desk.get("/admin/calls/call/", {"q": written}).content.decode()
    assert (CALLER in listed, other.their_number in listed) == (True, False)
    assert "A whole number of either side" in listed


def test_a_call_says_what_went_wrong_and_where_to_read_on(line: Line, desk: Client) -> None:
    call = add_call(line, outcome="failed", sip_code=503, cause="carrier_overloaded")
    page = desk.get(f"/admin/calls/call/{call.pk}/change/").content.decode()
    assert "The carrier is overloaded or in maintenance" in page
    assert "Look at the carrier&#x27;s status page." in page
    done = f"?tenant={call.tenant_id}&amp;object_id={call.pk}"
    assert f"/admin/tenants/auditevent/{done}" in page
    assert desk.get(f"/admin/tenants/auditevent/{done.replace('&amp;', '&')}").status_code == 200
    for model in ("calls/callevent", "calls/realtimesession", "agents/toolinvocation"):
        term = call.call_sid if model == "calls/callevent" else call.pk
        link = f"/admin/{model}/?q={term}"
        assert link in page
        assert desk.get(link).status_code == 200


def test_the_first_page_leads_to_calls_and_agents(desk: Client) -> None:
    page = desk.get("/admin/").content.decode()
    assert page.count("/admin/calls/call/") == page.count("/admin/agents/agent/") == 2  # menu and list
    assert [desk.get(f"/admin/{app}/").status_code for app in ("calls", "agents")] == [200, 200]


def test_support_hangs_up_for_a_reason_that_the_audit_log_tells(line: Line, desk: Client) -> None:
    call = add_whole_call(line)
    address = f"/admin/calls/call/{call.pk}/hang_up/"
    assert "Whoever talks is cut off" in desk.get(address).content.decode()
    assert desk.post(address, {"reason": ""}).status_code == 200
    answer = desk.post(address, {"reason": "The customer asked on the phone."})
    assert answer.status_code == 302
    with tenant_context(line.person.tenant):
        call.refresh_from_db()
        event = AuditEvent.objects.get(verb="call.hung_up")
    assert (call.end_reason, event.actor_kind, event.reason) == (
        "asked",
        "staff",
        "The customer asked on the phone.",
    )


def test_a_call_that_is_over_is_told(line: Line, desk: Client) -> None:
    call = add_call(line)
    answer = desk.post(f"/admin/calls/call/{call.pk}/hang_up/", {"reason": "The customer asked."})
    assert "This call has ended already." in answer.content.decode()


@pytest.mark.parametrize("name", ["call", "realtimesession", "voicemessage"])
def test_a_long_list_of_calls_takes_no_more_queries(line: Line, desk: Client, name: str) -> None:
    counts = []
    for number in range(2):
        add_whole_call(line, number)
        desk.get(f"/admin/calls/{name}/")
        with CaptureQueriesContext(connection) as queries:
            desk.get(f"/admin/calls/{name}/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
