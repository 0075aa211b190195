"""People on call, policies and escalations through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.agents.conftest import make_agent
from tests.calls.conftest import NUMBER, Line
from tests.calls.conftest import line as line
from tests.conftest import Person

pytestmark = pytest.mark.django_db
PEOPLE, POLICIES, RUNS = "/api/v1/on-call-people/", "/api/v1/escalation-policies/", "/api/v1/escalations/"
DR = {"name": "Dr Bob", "number": "+1 212 555 0101"}
LIST_QUERIES = 16


@pytest.fixture
def owner(line: Line) -> Person:
    """Somebody with a number in the US."""
    with tenant_context(line.person.tenant):
        line.number.country = "US"
        line.number.save(update_fields=["country"])
    return line.person


def send(
    person: Person, address: str, body: dict[str, Any], *, method: str = "post", version: int = 0
) -> Any:
    api = person.api("calls:read", "calls:write")
    headers = {"If-Match": f'"{version}"'} if version else {}
    return getattr(api, method)(address, body, content_type="application/json", headers=headers)


def add_person(person: Person, **fields: Any) -> str:
    answer = send(person, PEOPLE, {**DR, **fields})
    assert answer.status_code == 201, answer.content
    return str(answer.json()["id"])


def policy_body(line: Line, *tiers: list[str], **fields: Any) -> dict[str, Any]:
    number = {"phone_number_id": str(line.number.pk)}
    return {"name": "After hours", **number, "tiers": list(tiers), **fields}


def make_policy(line: Line, **fields: Any) -> dict[str, Any]:
    answer = send(line.person, POLICIES, policy_body(line, [add_person(line.person)], **fields))
    assert answer.status_code == 201, answer.content
    made: dict[str, Any] = answer.json()
    return made


def start(line: Line, policy: dict[str, Any], **fields: Any) -> Any:
    body = {"policy_id": policy["id"], "summary": "Water everywhere.", "caller_number": "+12125550100"}
    return send(line.person, RUNS, {**body, **fields})


def first_error(answer: Any) -> tuple[int, str, str]:
    (error,) = answer.json()["errors"]
    return answer.status_code, error["field"], error["message"]


def test_a_person_is_added_changed_and_removed(owner: Person) -> None:
    pk = add_person(owner)
    shown = owner.api("calls:read").get(f"{PEOPLE}{pk}/").json()
    assert (shown["name"], shown["number"], shown["takes_texts"]) == ("Dr Bob", "+12125550101", True)
    changed = send(owner, f"{PEOPLE}{pk}/", {"takes_texts": False}, method="patch", version=1)
    assert (changed.status_code, changed.json()["takes_texts"], changed.json()["version"]) == (200, False, 2)
    stale = send(owner, f"{PEOPLE}{pk}/", {"name": "Ann"}, method="patch", version=1)
    assert stale.status_code == 412
    assert send(owner, f"{PEOPLE}{pk}/", {}, method="delete", version=2).status_code == 204
    with tenant_context(owner.tenant):
        verbs = list(AuditEvent.objects.filter(object_kind="oncallperson").values_list("verb", flat=True))
    assert sorted(verbs) == ["on_call_person.added", "on_call_person.removed", "on_call_person.updated"]


def test_a_number_is_on_call_once_and_in_the_tenants_countries(owner: Person) -> None:
    add_person(owner)
    twice = send(owner, PEOPLE, {**DR, "name": "Ann"})
    assert first_error(twice) == (400, "number", "Somebody on call has this number already.")
    far = send(owner, PEOPLE, {**DR, "number": "+442079460000"})
    status, field, words = first_error(far)
    assert (status, field, "the countries of your own numbers: US" in words) == (400, "number", True)


def test_a_policy_says_who_is_asked_when(line: Line, owner: Person) -> None:
    bob, ann = add_person(owner), add_person(owner, name="Ann", number="+12125550102")
    agent = make_agent(owner)
    answer = send(owner, POLICIES, policy_body(line, [bob], [ann, bob], agent_ids=[str(agent.pk)], tier_s=60))
    made = answer.json()
    assert (answer.status_code, made["tiers"], made["agent_ids"]) == (
        201,
        [[bob], [ann, bob]],
        [str(agent.pk)],
    )
    assert (made["tier_s"], made["takes_voicemail"], made["version"]) == (60, False, 1)
    changed = send(owner, f"{POLICIES}{made['id']}/", {"tiers": [[ann]]}, method="patch", version=1)
    assert (changed.status_code, changed.json()["tiers"], changed.json()["version"]) == (200, [[ann]], 2)
    in_use = send(owner, f"{PEOPLE}{ann}/", {}, method="delete", version=1)
    assert (in_use.status_code, in_use.json()["type"]) == (409, "urn:callsphere:error:person_in_use")
    with tenant_context(owner.tenant):
        (event,) = AuditEvent.objects.filter(verb="escalation_policy.updated", changes__has_key="tiers")[:1]
    assert event.changes["tiers"] == [[["Dr Bob"], ["Ann", "Dr Bob"]], [["Ann"]]]


def test_an_agent_is_served_by_one_policy(line: Line, owner: Person) -> None:
    agent = str(make_agent(owner).pk)
    made = make_policy(line, agent_ids=[agent])
    other = send(owner, POLICIES, policy_body(line, made["tiers"][0], name="Other", agent_ids=[agent]))
    assert first_error(other) == (
        400,
        "agent_ids",
        "Front desk is served by After hours: take it out there first.",
    )


@pytest.mark.parametrize(
    ("changed", "field"),
    [
        ({"tiers": []}, "tiers"),
        ({"tiers": [[]]}, "tiers"),
        ({"tiers": [["01890a5d-ac96-774b-bcce-b302099a8057"]]}, "tiers"),
        ({"phone_number_id": "01890a5d-ac96-774b-bcce-b302099a8057"}, "phone_number_id"),
        ({"agent_ids": ["01890a5d-ac96-774b-bcce-b302099a8057"]}, "agent_ids"),
        ({"tier_s": 10}, "tier_s"),
    ],
)
def test_what_a_policy_cannot_say(line: Line, owner: Person, changed: dict[str, Any], field: str) -> None:
    answer = send(owner, POLICIES, {**policy_body(line, [add_person(owner)]), **changed})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (400, field)


def test_an_escalation_is_started_once_for_a_key_and_followed(line: Line, owner: Person) -> None:
    policy = make_policy(line)
    answers = [start(line, policy, key="alarm-1") for _ in range(2)]
    assert [answer.status_code for answer in answers] == [201, 201]
    shown = answers[0].json()
    assert answers[1].json() == shown
    expected = {
        "policy_name": "After hours",
        "state": "ringing",
        "tier": 1,
        "caller_number": "+12125550100",
        "summary": "Water everywhere.",
        "key": "alarm-1",
        "accepted_name": "",
    }
    assert {name: shown[name] for name in expected} == expected
    assert [(ask["name"], ask["state"]) for ask in shown["asks"]] == [("Dr Bob", "asked")]
    assert [step["kind"] for step in shown["steps"]] == ["started", "tier", "asked", "not_texted"]
    assert NUMBER in shown["steps"][-1]["words"]  # why this number sends no texts
    assert owner.api("calls:read").get(f"{RUNS}{shown['id']}/").json() == shown


def test_it_is_canceled_once(line: Line, owner: Person) -> None:
    pk = start(line, make_policy(line)).json()["id"]
    answers = [send(owner, f"{RUNS}{pk}/cancel/", {}) for _ in range(2)]
    assert [answer.status_code for answer in answers] == [200, 409]
    assert (answers[0].json()["state"], answers[1].json()["type"]) == (
        "canceled",
        "urn:callsphere:error:escalation_over",
    )


def test_reading_is_not_enough(line: Line, owner: Person) -> None:
    policy = make_policy(line)
    api = owner.api("calls:read")
    for address, body in ((PEOPLE, DR), (RUNS, {"policy_id": policy["id"], "summary": "x"})):
        assert api.post(address, body, content_type="application/json").status_code == 403


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_take_as_many_queries_for_any_rows(line: Line, owner: Person, rows: int) -> None:
    for number in range(rows):
        bob = add_person(owner, number=f"+1212555020{number}")
        body = policy_body(line, [bob], name=f"Policy {number}")
        start(line, send(owner, POLICIES, body).json())
    api = owner.api("calls:read")
    for address in (PEOPLE, POLICIES, RUNS):
        with CaptureQueriesContext(connection) as asked:
            assert len(api.get(address).json()["results"]) == rows
        assert len(asked) <= LIST_QUERIES
