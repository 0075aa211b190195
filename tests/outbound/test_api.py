"""Placing calls through the API, and the list of numbers not to call."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.outbound.models import OutboundCall
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.agents.conftest import make_agent, publish
from tests.calls.conftest import NUMBER, Line, make_line
from tests.conftest import Person

pytestmark = pytest.mark.django_db
CALLS, OUTBOUND, LIST = "/api/v1/calls/", "/api/v1/outbound-calls/", "/api/v1/do-not-call/"
TO = "+12125550199"
LIST_QUERIES = 12


@pytest.fixture
def body(line: Line) -> dict[str, Any]:
    """What asks for a call."""
    with tenant_context(line.person.tenant):
        line.number.country = "US"
        line.number.save(update_fields=["country"])
    agent = make_agent(line.person)
    publish(line.person, agent)
    return {"phone_number_id": str(line.number.pk), "to_number": TO, "agent_id": str(agent.pk)}


def place(person: Person, body: dict[str, Any], **headers: str) -> Any:
    return person.api("calls:read", "calls:write").post(
        CALLS, body, content_type="application/json", headers=headers
    )


def test_a_call_is_asked_for_and_followed(line: Line, body: dict[str, Any]) -> None:
    answer = place(line.person, {**body, "brief": "Jo wants an offer."})
    assert answer.status_code == 202, answer.content
    shown = answer.json()
    expected = {
        "from_number": NUMBER,
        "to_number": TO,
        "state": "waiting",
        "brief": "Jo wants an offer.",
        "machine_action": "go_on",
        "call_id": None,
        "error": "",
    }
    assert {name: shown[name] for name in expected} == expected
    assert line.person.api("calls:read").get(f"{OUTBOUND}{shown['id']}/").json() == shown
    with tenant_context(line.person.tenant):
        assert AuditEvent.objects.filter(verb="outbound_call.ordered").count() == 1


def test_the_same_request_sent_again_asks_for_one_call(line: Line, body: dict[str, Any]) -> None:
    answers = [place(line.person, body, **{"Idempotency-Key": "once-1"}).json() for _ in range(2)]
    assert answers[0] == answers[1]
    with tenant_context(line.person.tenant):
        assert OutboundCall.objects.count() == 1


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"to_number": "+12"}, "to_number", "no phone number"),
        ({"to_number": "+19005550123"}, "to_number", "cost the caller extra"),
        ({"to_number": "+442079460000"}, "to_number", "the countries of your own numbers: US"),
        ({"to_number": NUMBER}, "to_number", "cannot call itself"),
        ({"machine_action": "leave_message"}, "machine_message", "Write what is to be said"),
        ({"agent_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "agent_id", "no such agent"),
        ({"phone_number_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "phone_number_id", "active"),
    ],
)
def test_what_cannot_be_called_is_said(
    line: Line, body: dict[str, Any], changed: dict[str, Any], field: str, words: str
) -> None:
    answer = place(line.person, {**body, **changed})
    assert answer.status_code == 400, answer.content
    (error,) = answer.json()["errors"]
    assert (error["field"], words in error["message"]) == (field, True), error


def test_numbers_and_agents_of_others_do_not_exist(line: Line, body: dict[str, Any], charlie: Person) -> None:
    other = make_line(charlie, "+14155550109", "+4930901829")
    agent = make_agent(charlie)
    publish(charlie, agent)
    answer = place(line.person, {**body, "phone_number_id": str(other.number.pk)})
    assert [error["field"] for error in answer.json()["errors"]] == ["phone_number_id"]
    answer = place(line.person, {**body, "agent_id": str(agent.pk)})
    assert [error["field"] for error in answer.json()["errors"]] == ["agent_id"]


def test_a_call_that_waits_is_taken_back_once(line: Line, body: dict[str, Any]) -> None:
    pk = place(line.person, body).json()["id"]
    api = line.person.api("calls:read", "calls:write")
    answers = [api.post(f"{OUTBOUND}{pk}/cancel/") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert (answers[0].json()["state"], answers[1].json()["type"]) == (
        "canceled",
        "urn:callsphere:error:not_waiting",
    )


def test_numbers_not_to_call_are_not_called(line: Line, body: dict[str, Any]) -> None:
    api = line.person.api("calls:read", "calls:write")
    entry = api.post(LIST, {"number": TO, "reason": "Asked us to"}, content_type="application/json")
    assert (entry.status_code, entry.json()["number"], entry.json()["reason"]) == (201, TO, "Asked us to")
    refused = place(line.person, body)
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callsphere:error:do_not_call")
    again = api.post(LIST, {"number": TO}, content_type="application/json")
    assert (again.status_code, again.json()["errors"][0]["message"]) == (
        400,
        "This number is on the list already.",
    )
    assert api.delete(f"{LIST}{entry.json()['id']}/").status_code == 204
    assert place(line.person, body).status_code == 202


def test_reading_is_not_enough_to_call(line: Line, body: dict[str, Any]) -> None:
    api = line.person.api("calls:read")
    assert api.post(CALLS, body, content_type="application/json").status_code == 403
    assert api.post(LIST, {"number": TO}, content_type="application/json").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_take_as_many_queries_for_any_rows(line: Line, body: dict[str, Any], rows: int) -> None:
    for number in range(rows):
        place(line.person, {**body, "to_number": f"+1212555020{number}"})
        line.person.api("calls:read", "calls:write").post(
            LIST, {"number": f"+1212555030{number}"}, content_type="application/json"
        )
    api = line.person.api("calls:read")
    for address in (OUTBOUND, LIST):
        with CaptureQueriesContext(
            connection,
        ) as asked:
            assert len(api.get(address).json()["results"]) == rows
        assert len(asked) <= LIST_QUERIES
