"""Campaigns through the API: made, filled, started, followed, and their results taken away."""

from __future__ import annotations

import csv
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from callsphere.outbound.models import CampaignContact
from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.agents.conftest import make_agent
from tests.outbound.campaigns.conftest import ALWAYS, Desk

pytestmark = pytest.mark.django_db
CAMPAIGNS = "/api/v1/campaigns/"
TO = "+12125550200"
LIST_QUERIES = 12
NOBODY = "01890a5d-ac96-774b-bcce-b302099a8057"


@pytest.fixture
def api(desk: Desk) -> Any:
    return desk.person.api("calls:read", "calls:write")


def body_of(desk: Desk, **fields: Any) -> dict[str, Any]:
    return {
        "name": "Roofs",
        "agent_id": str(desk.agent.pk),
        "phone_number_id": str(desk.number.pk),
        "windows": ALWAYS,
        **fields,
    }


def make(api: Any, desk: Desk, **fields: Any) -> str:
    answer = api.post(CAMPAIGNS, body_of(desk, **fields), format="json")
    assert answer.status_code == 201, answer.content
    return f"{CAMPAIGNS}{answer.json()['id']}/"


def upload(api: Any, address: str, text: str) -> Any:
    return api.post(f"{address}contacts/upload/", text.encode(), content_type="text/csv")


def test_a_campaign_from_its_first_to_its_last_day(desk: Desk, api: Any) -> None:
    address = make(api, desk, brief="Call {name} about {offer}.")
    imported = upload(
        api, address, f"number,name,offer\n{TO},Jo,a roof\n+12125550201,Ann,=SUM(1)\n{TO},Jo,\n12,Bo,\n"
    )
    assert imported.status_code == 200, imported.content
    assert imported.json() == {
        "added": 2,
        "not_to_call": 0,
        "duplicates": [{"line": 4, "number": TO}],
        "errors": [{"line": 5, "column": "number", "message": imported.json()["errors"][0]["message"]}],
    }
    started = api.post(f"{address}start/")
    assert (started.status_code, started.json()["state"], started.json()["agent_version"]) == (
        *(200, "running"),
        1,
    )
    states = [
        (done, answer.status_code, answer.json()["state"])
        for done in ("pause", "resume", "cancel")
        if (answer := api.post(f"{address}{done}/"))
    ]
    assert states == [("pause", 200, "paused"), ("resume", 200, "running"), ("cancel", 200, "canceled")]
    shown = api.get(address).json()
    assert shown["progress"] == {
        **dict.fromkeys(("waiting", "calling", "reached", "unreached", "do_not_call", "refused"), 0),
        "total": 2,
        "canceled": 2,
    }
    with tenant_context(desk.tenant):
        verbs = list(AuditEvent.objects.filter(verb__startswith="campaign").values_list("verb", flat=True))
    assert sorted(verbs) == [
        f"campaign.{done}"
        for done in ("canceled", "contacts_added", "created", "paused", "resumed", "started")
    ]
    assert api.delete(address, headers={"If-Match": f'"{shown["version"]}"'}).status_code == 204
    assert api.get(address).status_code == 404


def test_contacts_one_by_one(desk: Desk, api: Any) -> None:
    address = make(api, desk)
    contacts = f"{address}contacts/"
    added = api.post(
        contacts, {"number": "(212) 555-0200", "name": "Jo", "columns": {"Offer": "a roof"}}, format="json"
    )
    assert added.status_code == 201, added.content
    shown = added.json()
    assert (shown["number"], shown["columns"], shown["time_zones"], shown["state"], shown["attempts"]) == (
        *(TO, {"offer": "a roof"}),
        *(["America/New_York"], "waiting", 0),
    )
    again = api.post(contacts, {"number": TO}, format="json")
    assert (again.status_code, again.json()["errors"][0]["message"]) == (
        400,
        "This campaign has a contact with this number.",
    )
    listed = {
        query: len(api.get(f"{contacts}?{query}").json()["results"])
        for query in ("", "state=waiting", "state=reached", "number=%2B12125550200", "number=%2B12125550201")
    }
    assert list(listed.values()) == [1, 1, 0, 1, 0]
    assert api.get(f"{contacts}?state=lost").status_code == 400
    assert api.get(f"{contacts}{shown['id']}/").json() == shown
    assert api.delete(f"{contacts}{shown['id']}/").status_code == 204
    assert api.get(contacts).json()["results"] == []


@pytest.mark.parametrize(
    ("contact", "field", "words"),
    [
        ({"number": "12"}, "number", "too short"),
        ({"number": "+14155550101"}, "number", "cannot call itself"),
        ({"number": "+442079460000"}, "number", "countries of your own numbers"),
        ({"number": TO, "time_zone": "Berlin"}, "time_zone", "such as America/New_York"),
        ({"number": TO, "columns": {"name": "Jo"}}, "columns", "no name for a column"),
        ({"number": TO, "name": "a\nb"}, "name", "Remove line breaks"),
    ],
)
def test_who_cannot_be_called_is_said(
    desk: Desk, api: Any, contact: dict[str, Any], field: str, words: str
) -> None:
    answer = api.post(f"{make(api, desk)}contacts/", contact, format="json")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], words in error["message"]) == (400, field, True)


@pytest.mark.parametrize(
    ("changed", "field", "words"),
    [
        ({"agent_id": NOBODY}, "agent_id", "no such agent"),
        ({"phone_number_id": NOBODY}, "phone_number_id", "active"),
        ({"windows": [{"day": "someday"}]}, "windows", "day, opens and closes"),
        ({"most_at_once": 0}, "most_at_once", "1"),
        ({"machine_action": "leave_message"}, "machine_message", "Write what is to be said"),
        ({"name": "a\nb"}, "name", "Remove line breaks"),
    ],
)
def test_what_is_wrong_with_a_campaign_is_said(
    desk: Desk, api: Any, changed: dict[str, Any], field: str, words: str
) -> None:
    answer = api.post(CAMPAIGNS, body_of(desk, **changed), format="json")
    (error,) = answer.json()["errors"]
    assert (answer.status_code, error["field"], words in error["message"]) == (400, field, True)


def test_a_campaign_starts_with_all_that_it_needs(desk: Desk, api: Any) -> None:
    address = make(
        api, desk, windows=[], brief="About {offer}", agent_id=str(make_agent(desk.person, "B").pk)
    )
    refusals = []
    for fields in (
        {"agent_id": str(desk.agent.pk)},
        {"windows": ALWAYS},
        {},
        {"brief": "Hello"},
    ):
        answer = api.post(f"{address}start/")
        refusals.append((answer.status_code, answer.json()["type"].rpartition(":")[2]))
        if not fields:
            upload(api, address, f"number\n{TO}\n")
            continue
        version = api.get(address).json()["version"]
        changed = api.patch(address, fields, format="json", headers={"If-Match": f'"{version}"'})
        assert changed.status_code == 200, changed.content
    assert refusals == [
        *((409, "not_published"), (409, "no_windows"), (409, "no_contacts"), (409, "unknown_column")),
    ]
    assert api.post(f"{address}start/").status_code == 200
    assert api.post(f"{address}start/").status_code == 409


def test_what_runs_is_paused_to_be_changed(desk: Desk, api: Any) -> None:
    address = make(api, desk)
    upload(api, address, f"number\n{TO}\n")
    api.post(f"{address}start/")

    def change(**fields: Any) -> tuple[int, str]:
        version = api.get(address).json()["version"]
        answer = api.patch(address, fields, format="json", headers={"If-Match": f'"{version}"'})
        return answer.status_code, answer.json().get("type", "").rpartition(":")[2]

    assert change(most_at_once=2) == (409, "not_editable")
    api.post(f"{address}pause/")
    assert change(most_at_once=2) == (200, "")
    assert change(agent_id=str(make_agent(desk.person, "B").pk)) == (400, "invalid")
    assert api.delete(address, headers={"If-Match": '"4"'}).status_code == 409


def test_results_are_taken_away_without_formulas(desk: Desk, api: Any) -> None:
    address = make(api, desk)
    upload(api, address, f"number,name,offer,state\n{TO},=Jo,@roof,new\n")
    answer = api.get(f"{address}results/")
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "text/csv; charset=utf-8")


@pytest.mark.django_db(transaction=True)
def test_results_tell_what_became_of_everybody(desk: Desk, api: Any) -> None:
    address = make(api, desk)
    upload(api, address, f"number,name,offer,state\n{TO},=Jo,@roof,new\n")
    text = b"".join(api.get(f"{address}results/")).decode()
    (row,) = csv.DictReader(text.splitlines())
    kept = ("number", "name", "state", "attempts", "offer", "state (uploaded)", "time_zones")
    assert [row[name] for name in kept] == [TO, "'=Jo", "waiting", "0", "'@roof", "new", "America/New_York"]


def test_a_file_that_is_too_large_or_no_file_is_refused(desk: Desk, api: Any) -> None:
    address = make(api, desk)
    too_large = upload(api, address, "x" * (2 * 1024 * 1024 + 1))
    assert (too_large.status_code, too_large.json()["detail"]) == (413, "Send at most 2048 KB.")
    no_file = upload(api, address, "phone\n1\n")
    assert (no_file.status_code, no_file.json()["errors"][0]["field"]) == (400, "file")
    assert api.post(f"{address}contacts/upload/", {}, format="json").status_code == 415


def test_numbers_not_to_call_are_kept_apart(desk: Desk, api: Any) -> None:
    api.post("/api/v1/do-not-call/", {"number": TO}, format="json")
    address = make(api, desk)
    imported = upload(api, address, f"number\n{TO}\n+12125550201\n").json()
    assert (imported["added"], imported["not_to_call"]) == (2, 1)
    assert api.get(address).json()["progress"]["do_not_call"] == 1


def test_reading_is_not_enough(desk: Desk, api: Any) -> None:
    address = make(api, desk)
    reader = desk.person.api("calls:read")
    for done in ("start/", "pause/", "resume/", "cancel/", "contacts/"):
        assert reader.post(f"{address}{done}", {}, format="json").status_code == 403
    assert upload(reader, address, f"number\n{TO}\n").status_code == 403
    assert reader.get(f"{address}contacts/").status_code == 200


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_take_as_many_queries_for_any_rows(desk: Desk, api: Any, rows: int) -> None:
    for number in range(rows):
        address = make(api, desk)
        for more in range(rows):
            api.post(f"{address}contacts/", {"number": f"+1212555020{number + more}"}, format="json")
    for place in (CAMPAIGNS, f"{address}contacts/"):
        with CaptureQueriesContext(connection) as asked:
            assert len(api.get(place).json()["results"]) == rows
        assert len(asked) <= LIST_QUERIES


def test_a_thousand_lines_are_one_request(desk: Desk, api: Any) -> None:
    address = make(api, desk)
    lines = "\n".join(f"+1212555{number:04}" for number in range(1_000))
    imported = upload(api, address, f"number\n{lines}\n").json()
    assert (imported["added"] + len(imported["errors"]), len(imported["duplicates"])) == (1_000, 0)
    with tenant_context(desk.tenant):
        assert CampaignContact.objects.count() == imported["added"]
