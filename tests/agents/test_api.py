"""Agents, tools, business hours and routes through the API."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from tests.agents.conftest import DAY, NINE_TO_FIVE, make_agent, make_number, make_tool, publish
from tests.conftest import Person

pytestmark = pytest.mark.django_db
AGENTS, TOOLS, HOURS, ROUTES = (
    f"/api/v1/{name}/" for name in ("agents", "tools", "business-hours", "number-routes")
)
TOOL = {
    "name": "free_times",
    "description": "Free times of a day",
    "endpoint": "https://tools.example.com/booking",
    "parameters": DAY,
}


@pytest.fixture
def api(alice: Person) -> APIClient:
    return alice.api()


def errors_of(response: Any) -> list[tuple[str, str]]:
    """Return the wrong fields of an answer, each with its code."""
    return [(error["field"], error["code"]) for error in response.json()["errors"]]


def post(api: APIClient, address: str, sent: Any, status: int = 201) -> Any:
    answer = api.post(address, sent)
    assert answer.status_code == status, answer.json()
    return answer.json()


def test_the_life_of_an_agent(api: APIClient) -> None:
    agent = post(api, AGENTS, {"name": "Desk", "instructions": "Answer."})
    own = f"{AGENTS}{agent['id']}/"
    assert api.post(f"{own}publish/", {"version": 7}).status_code == 412
    assert post(api, f"{own}publish/", {"note": "First", "version": 1}, 200)["published_version"] == 1
    edited = api.patch(own, {"greeting": "Hello."}, headers={"If-Match": '"2"'})
    assert (edited.status_code, edited.headers["ETag"]) == (200, '"3"')
    assert [each["field"] for each in api.get(f"{own}changes/").json()["results"]] == ["greeting"]
    assert post(api, f"{own}publish/", {}, 200)["published_version"] == 2
    versions = api.get(f"{own}versions/").json()["results"]
    assert [(each["number"], each["note"], each["greeting"]) for each in versions] == [
        (2, "", "Hello."),
        (1, "First", ""),
    ]
    (change,) = api.get(f"{own}versions/{versions[0]['id']}/changes/").json()["results"]
    assert (change["field"], change["lines"]) == ("greeting", ["@@ -0,0 +1 @@", "+Hello."])
    assert api.get(f"{own}versions/{versions[1]['id']}/changes/").json()["results"] == []
    assert post(api, f"{own}roll-back/", {"number": 1}, 200)["published_version"] == 1
    assert post(api, f"{own}publish/", {}, 200)["published_version"] == 3
    assert api.delete(own, headers={"If-Match": '"6"'}).status_code == 204
    assert (api.get(own).status_code, api.get(f"{own}versions/").status_code) == (404, 404)


def test_template_and_what_is_left_out(api: APIClient) -> None:
    (template,) = api.get("/api/v1/agent-templates/").json()["results"]
    agent = post(api, AGENTS, {"name": "Desk", "template": template["key"], "voice": "sage"})
    assert (agent["greeting"], agent["voice"], agent["longest_call_s"], agent["template"]) == (
        template["greeting"],
        "sage",
        1200,
        "healthcare-receptionist",
    )
    refused = api.post(f"{AGENTS}{agent['id']}/publish/", {})
    assert refused.status_code == 400
    assert {each["field"]: each["code"] for each in refused.json()["errors"]} == {
        "instructions": "to_fill_in",
        "greeting": "to_fill_in",
        "transfer_number": "required",
    }


def test_password_goes_in_and_never_comes_out(api: APIClient) -> None:
    sent = {"name": "Desk", "runtime": "sip_uri", "sip_uri": "sip:a@sbc.example.com", "sip_username": "us"}
    made = api.post(AGENTS, {**sent, "sip_secret": "hush-hush"})
    assert made.json()["sip_sign_in_set_at"] is not None
    for answer in (made, api.get(made.headers["Location"]), api.get(AGENTS)):
        assert "hush-hush" not in answer.content.decode()
        assert '"sip_secret"' not in answer.content.decode()


def test_everything_that_is_wrong_is_told_at_once(api: APIClient) -> None:
    answer = api.post(AGENTS, {"name": "", "voice": "bob", "language": "xx", "sip_uri": "x", "speed": 2})
    assert answer.status_code == 400
    assert {field for field, _code in errors_of(answer)} == {"name", "voice", "language", "sip_uri", "speed"}


def test_a_lost_update_is_refused(api: APIClient) -> None:
    own = f"{AGENTS}{post(api, AGENTS, {'name': 'Desk'})['id']}/"
    assert api.patch(own, {"greeting": "A."}).status_code == 428
    assert api.patch(own, {"greeting": "A."}, headers={"If-Match": '"1"'}).status_code == 200
    late = api.patch(own, {"greeting": "B."}, headers={"If-Match": '"1"'})
    assert (late.status_code, late.json()["theirs"]) == (412, {"greeting": "A."})


def test_the_life_of_a_tool(api: APIClient) -> None:
    tool = post(api, TOOLS, {**TOOL, "secret_headers": {"Authorization": "Bearer hush"}})
    own = f"{TOOLS}{tool['id']}/"
    assert (tool["signing_secret"][:6], tool["header_names"]) == ("whsec_", ["Authorization"])
    read = api.get(own).json()
    assert ("signing_secret" in read, "secret_headers" in read, "hush" in str(read)) == (False, False, False)
    again = post(api, f"{own}signing-secret/", {}, 200)
    assert again["signing_secret"] not in ("", tool["signing_secret"])
    changed = api.patch(own, {"timeout_s": 9}, headers={"If-Match": '"2"'}).json()
    assert (changed["timeout_s"], changed["header_names"]) == (9, ["Authorization"])
    test = post(api, f"{own}test/", {"arguments": {"day": "2027-01-04"}}, 202)
    assert (test["outcome"], test["arguments"]) == ("", {"day": "text of 10"})
    assert api.get(f"{own}invocations/{test['id']}/").json() == test
    agent = post(api, AGENTS, {"name": "Desk", "tool_ids": [tool["id"]]})
    assert agent["tool_ids"] == [tool["id"]]
    refused = api.delete(own, headers={"If-Match": '"3"'})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callsphere:error:tool_in_use")


def test_a_schema_that_cannot_be_used(api: APIClient) -> None:
    answer = api.post(TOOLS, {**TOOL, "parameters": {"type": "object", "properties": {"a": {"type": 1}}}})
    assert errors_of(answer) == [("parameters", "schema")]


def test_hours_route_and_dry_run(api: APIClient, alice: Person) -> None:
    agent, number = make_agent(alice), make_number(alice)
    publish(alice, agent)
    hours = post(api, HOURS, {"name": "Office", "time_zone": "America/New_York", "weekly": NINE_TO_FIVE})
    sent = {"phone_number_id": str(number.pk), "agent_id": str(agent.pk), "hours_id": hours["id"]}
    route = post(api, ROUTES, {**sent, "fallback_action": "human", "fallback_number": "+1 212 555 0100"})
    assert (route["number"], route["fallback_number"], route["pinned_version"]) == (
        "+14155550101",
        "+12125550100",
        None,
    )
    dry_run = f"{ROUTES}{route['id']}/dry-run/"
    open_at, closed_at = "2027-01-04T10:00:00-05:00", "2027-01-04T20:00:00-05:00"
    found = [
        post(api, dry_run, asked, 200)
        for asked in ({"at": open_at}, {"at": closed_at}, {"at": open_at, "unreachable": True}, {})
    ]
    assert [(each["action"], each["agent_version"], each["number"]) for each in found[:3]] == [
        ("answer", 1, ""),
        ("voicemail", None, ""),
        ("human", None, "+12125550100"),
    ]
    assert found[0]["agent_id"] == str(agent.pk)
    for never in ("9999-12-31T23:00:00Z", "0001-01-01T00:00:00Z"):
        assert errors_of(api.post(dry_run, {"at": never})) in [[("at", "max_value")], [("at", "min_value")]]
    floating = post(api, dry_run, {"at": "2027-01-04T10:00:00"}, 400)
    assert [(each["field"], each["code"]) for each in floating["errors"]] == [("at", "no_offset")]
    pinned = api.patch(f"{ROUTES}{route['id']}/", {"pinned_version": 1}, headers={"If-Match": '"1"'})
    assert pinned.json()["pinned_version"] == 1
    in_use = api.delete(f"{HOURS}{hours['id']}/", headers={"If-Match": '"1"'})
    assert (in_use.status_code, in_use.json()["type"]) == (409, "urn:callsphere:error:hours_in_use")


def test_ids_of_others_do_not_exist(api: APIClient, alice: Person, charlie: Person) -> None:
    theirs, tool = make_agent(charlie), make_tool(charlie)
    publish(charlie, theirs)
    mine = post(api, AGENTS, {"name": "Desk", "instructions": "Answer."})
    refused = api.post(AGENTS, {"name": "Other", "tool_ids": [str(tool.pk)]})
    assert errors_of(refused) == [("tool_ids", "does_not_exist")]
    post(api, f"{AGENTS}{mine['id']}/publish/", {}, 200)
    foreign = str(theirs.pk)
    sent = {"phone_number_id": str(make_number(charlie).pk), "agent_id": foreign, "hours_id": foreign}
    ways = {f"{when}_agent_id": foreign for when in ("closed", "overflow", "fallback")}
    refused = api.post(ROUTES, {**sent, **ways})
    assert {field for field, code in errors_of(refused) if code == "does_not_exist"} == {*sent, *ways}
    route = post(
        api, ROUTES, {"phone_number_id": str(make_number(alice, "+14155550102").pk), "agent_id": mine["id"]}
    )
    for name in ("agent_id", "hours_id", *ways):
        answer = api.patch(f"{ROUTES}{route['id']}/", {name: foreign}, headers={"If-Match": '"1"'})
        assert (name, "does_not_exist") in errors_of(answer)


def test_a_key_that_may_only_look(alice: Person) -> None:
    make_agent(alice)
    looking = alice.api("agents:read")
    assert (looking.get(AGENTS).status_code, looking.post(AGENTS, {"name": "A"}).status_code) == (200, 403)
    assert alice.api("trunks:read").get(AGENTS).status_code == 403


def count_queries(api: APIClient, address: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert api.get(address).status_code == 200
    return len(captured)


def test_lists_ask_the_database_as_often_for_three_as_for_one(api: APIClient, alice: Person) -> None:
    counts: dict[str, list[int]] = {}
    for n in range(3):
        tool = make_tool(alice, name=f"tool_{n}")
        agent = make_agent(alice, f"Desk {n}", tool_ids=[tool.pk])
        publish(alice, agent)
        hours = post(api, HOURS, {"name": f"Office {n}", "time_zone": "UTC"})
        number = make_number(alice, f"+1415555010{n}")
        sent = {"phone_number_id": str(number.pk), "agent_id": str(agent.pk), "hours_id": hours["id"]}
        post(api, ROUTES, sent)
        if n in (0, 2):
            for address in (AGENTS, TOOLS, HOURS, ROUTES):
                counts.setdefault(address, []).append(count_queries(api, address))
    assert {address: one == three for address, (one, three) in counts.items()} == dict.fromkeys(counts, True)


def test_a_route_without_a_number_is_told_what_is_missing(alice: Person) -> None:
    answer = alice.api("agents:write").post("/api/v1/number-routes/", {"closed_action": "hang_up"})
    assert answer.status_code == 400
    assert sorted(errors_of(answer)) == [("agent_id", "required"), ("phone_number_id", "required")]
