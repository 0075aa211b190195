"""The registration of a trunk: made, read, changed, paused, asked for, deleted."""

from __future__ import annotations

from typing import Any

import pytest
from rest_framework.test import APIClient

from callsphere.lib.ids import uuid7
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.api.conftest import TRUNKS, at, errors_of
from tests.trunks.registering import MESSAGES, attempted, became, changed
from trunks.models import Registration, RegistrationStatus, Trunk

SECRET = "canary-secret-0815"
NEW = {
    "registrar": "sip:sip.example.com",
    "username": "4930123456",
    "account": {"username": "acme-reg", "secret": SECRET},
}


@pytest.fixture
def registered(api: APIClient, made: dict[str, Any]) -> dict[str, Any]:
    """The registration of Alice's trunk as the API answered it."""
    response = api.post(at(made, "registration"), NEW)
    assert response.status_code == 201, response.json()
    return response.json()


def row(alice: Person) -> Registration:
    with tenant_context(alice.tenant):
        return Registration.objects.select_related("trunk", "status").get()


def test_the_life_of_a_registration(api: APIClient, made: dict[str, Any]) -> None:
    address = at(made, "registration")
    assert api.get(address).status_code == 404
    created = api.post(address, NEW)
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    assert created.headers["Location"] == f"http://testserver{address}"
    body = created.json()
    assert (body["registrar"], body["username"], body["expires_s"]) == (NEW["registrar"], "4930123456", 3600)
    assert (body["status"]["state"], body["status"]["headline"]) == (
        "registering",
        "Registering · this takes seconds",
    )
    assert api.get(at(made)).json()["registration"]["id"] == body["id"]

    changed_ = api.patch(address, {"expires_s": 600}, headers={"If-Match": '"1"'})
    assert (changed_.json()["expires_s"], changed_.json()["credential_id"]) == (600, body["credential_id"])
    assert api.patch(address, {"expires_s": 900}).status_code == 428
    conflict = api.patch(address, {"expires_s": 900}, headers={"If-Match": '"1"'})
    assert (conflict.status_code, conflict.json()["theirs"]) == (412, {"expires_s": 600})
    put = {"registrar": NEW["registrar"], "username": "4930123456"}
    replaced = api.put(address, put, headers={"If-Match": '"2"'})
    assert (replaced.json()["expires_s"], replaced.json()["credential_id"]) == (3600, None)
    assert api.delete(address, headers={"If-Match": '"3"'}).status_code == 204
    assert api.get(address).status_code == 404
    assert api.get(at(made)).json()["registration"] is None


def test_there_is_one_at_most(api: APIClient, made: dict[str, Any], registered: dict[str, Any]) -> None:
    again = api.post(at(made, "registration"), NEW)
    assert (again.status_code, again.json()["type"]) == (409, "urn:callsphere:error:registration_exists")


def test_the_same_request_twice_makes_one(api: APIClient, made: dict[str, Any]) -> None:
    answers = [
        api.post(at(made, "registration"), NEW, headers={"Idempotency-Key": "registration-1"})
        for _time in range(2)
    ]
    assert [answer.status_code for answer in answers] == [201, 201]
    assert answers[1].headers["Idempotent-Replayed"] == "true"
    assert answers[0].json() == answers[1].json()


def test_a_trunk_is_made_with_its_registration(api: APIClient) -> None:
    body = {"name": "Sipgate", "authentication": ["registration"], "registration": NEW}
    made = api.post(TRUNKS, body)
    assert made.status_code == 201, made.json()
    trunk = made.json()
    assert trunk["registration"]["username"] == "4930123456"
    assert trunk["credentials"][0]["id"] == trunk["registration"]["credential_id"]
    assert trunk["credentials"][0]["bound_hosts"] == ["sip.example.com"]
    assert SECRET not in made.content.decode()


def test_all_that_is_wrong_is_told_at_once(api: APIClient, alice: Person) -> None:
    body = {
        "name": "Sipgate",
        "gateways": [{"uri": "example"}],
        "registration": {
            "registrar": "example",
            "username": "a\nb",
            "expires_s": 5,
            "account": {"username": "x", "secret": ""},
            "credential_id": str(uuid7()),
        },
    }
    response = api.post(TRUNKS, body)
    assert response.status_code == 400
    assert sorted(field for field, _message in errors_of(response)) == [
        "gateways[0].uri",
        "registration.account.secret",
        "registration.credential_id",
        "registration.expires_s",
        "registration.registrar",
        "registration.username",
    ]
    with tenant_context(alice.tenant):
        assert Trunk.objects.count() == 0


def test_one_of_the_trunks_credentials_may_be_chosen(api: APIClient, made: dict[str, Any]) -> None:
    body = {**NEW, "credential_id": made["credentials"][0]["id"]}
    both = api.post(at(made, "registration"), body)
    assert errors_of(both) == [("account", "Send account or credential_id, not both.")]
    del body["account"]
    assert api.post(at(made, "registration"), body).json()["credential_id"] == body["credential_id"]


def test_a_password_that_was_entered_for_others_is_asked_for_again(
    api: APIClient, made: dict[str, Any]
) -> None:
    body = {
        "registrar": "sip:elsewhere.example.net",
        "username": "clinic",
        "credential_id": made["credentials"][0]["id"],
    }
    refused = api.post(at(made, "registration"), body)
    assert [error["code"] for error in refused.json()["errors"]] == ["enter_again"]
    assert api.post(at(made, "registration"), {**body, "secret": SECRET}).status_code == 201


def test_a_credential_of_elsewhere_does_not_exist(
    api: APIClient, made: dict[str, Any], stranger: APIClient
) -> None:
    """Another trunk's, a stranger's and a made-up one are told alike."""
    other = api.post(TRUNKS, {"name": "Other", "credentials": [{"username": "a", "secret": "s"}]}).json()
    theirs = stranger.post(TRUNKS, {"name": "X", "credentials": [{"username": "a", "secret": "s"}]}).json()
    ids = [other["credentials"][0]["id"], theirs["credentials"][0]["id"], str(uuid7())]
    body = {"registrar": "sip:sip.example.com", "username": "x"}
    answers = [api.post(at(made, "registration"), {**body, "credential_id": each}) for each in ids]
    api.post(at(made, "registration"), body)
    answers += [
        api.patch(at(made, "registration"), {"credential_id": each}, headers={"If-Match": '"1"'})
        for each in ids
    ]
    assert [errors_of(each) for each in answers] == [
        [("credential_id", "This trunk has no such credential.")]
    ] * 6


def test_the_secret_goes_in_and_never_comes_out(
    api: APIClient, made: dict[str, Any], registered: dict[str, Any]
) -> None:
    for address in (at(made), at(made, "registration"), at(made, "credentials"), "/api/v1/audit-events/"):
        response = api.get(address)
        assert response.status_code == 200
        assert SECRET not in response.content.decode()


def test_pause_resume_and_register_now(
    api: APIClient, alice: Person, made: dict[str, Any], registered: dict[str, Any]
) -> None:
    paused = api.post(at(made, "registration", "pause"))
    assert (paused.status_code, paused.json()["status"]["state"], paused.json()["is_paused"]) == (
        200,
        "paused",
        True,
    )
    refused = api.post(at(made, "registration", "register-now"))
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callsphere:error:registration_paused")
    resumed = api.post(at(made, "registration", "resume"))
    assert (resumed.json()["status"]["state"], resumed.json()["is_paused"]) == ("registering", False)
    answers = [api.post(at(made, "registration", "register-now")) for _time in range(4)]
    assert [answer.status_code for answer in answers] == [202, 202, 202, 429]
    assert answers[3].json()["type"] == "urn:callsphere:error:registered_too_often"
    assert 0 < int(answers[3].headers["Retry-After"]) <= 60


def test_a_rejection_says_cause_and_fix(
    api: APIClient, alice: Person, made: dict[str, Any], registered: dict[str, Any]
) -> None:
    became(alice, row(alice), "rejected", cause="credentials_rejected", code=401, next_attempt_at=None)
    status = api.get(at(made, "registration")).json()["status"]
    assert (status["state"], status["headline"], status["code"], status["next_attempt_at"]) == (
        "rejected",
        "Rejected · user name or password is wrong",
        401,
        None,
    )
    assert (status["cause"]["code"], status["problem"]["who"]) == ("credentials_rejected", "you")
    assert status["problem"]["plan"].startswith("We do not ask again by ourselves")


def test_what_ran_out_while_workers_were_away_is_expired(
    api: APIClient, alice: Person, made: dict[str, Any], registered: dict[str, Any]
) -> None:
    became(alice, row(alice), "registered", expires_at=-60, next_attempt_at=-1800)
    status = api.get(at(made, "registration")).json()["status"]
    assert (status["state"], status["cause"], status["problem"]["title"]) == (
        "expired",
        None,
        "The registration has run out",
    )


def test_a_refused_address_is_told_like_a_name_that_does_not_exist(
    api: APIClient, alice: Person, made: dict[str, Any], registered: dict[str, Any]
) -> None:
    registration = row(alice)
    attempted(alice, registration, messages=[])
    changed(alice, registration.trunk, ("registering", "unreachable"))
    became(alice, registration, "unreachable", next_attempt_at=20)

    def told(cause: str) -> list[Any]:
        found = {"cause": cause, "detail": "10.0.0.5 is private"}
        with tenant_context(alice.tenant):
            RegistrationStatus.objects.update(**found)
            registration.attempts.update(target="10.0.0.5:5060/udp", **found)
            registration.trunk.registration_changes.update(**found)
        parts = ("registration", "registration/attempts", "registration/changes")
        return [api.get(f"{at(made)}{part}/").json() for part in parts]

    refused = told("address_refused")
    assert refused == told("dns_not_found")
    assert "10.0.0.5" not in str(refused)


def test_attempts_and_their_messages(
    api: APIClient, alice: Person, made: dict[str, Any], registered: dict[str, Any]
) -> None:
    first, second = attempted(alice, row(alice), 2, code=200, granted_s=3600, target="203.0.113.5:5060/udp")
    address = at(made, "registration", "attempts")
    page = api.get(f"{address}?page_size=1").json()
    assert [each["id"] for each in page["results"]] == [str(second.pk)]
    assert "messages" not in page["results"][0]
    assert [each["id"] for each in api.get(page["next"]).json()["results"]] == [str(first.pk)]
    whole = api.get(f"{address}{first.pk}/").json()
    assert (whole["step"], whole["code"], whole["granted_s"], whole["target"]) == (
        "register",
        200,
        3600,
        "203.0.113.5:5060/udp",
    )
    assert whole["messages"] == MESSAGES


def test_changes_are_listed_the_newest_first(
    api: APIClient, alice: Person, made: dict[str, Any], registered: dict[str, Any]
) -> None:
    moves = (("registering", "registered"), ("registered", "unreachable"), ("unreachable", "registered"))
    changed(alice, row(alice).trunk, *moves, cause="no_answer")
    address = at(made, "registration", "changes")
    page = api.get(f"{address}?page_size=2").json()
    assert [each["to_state"] for each in page["results"]] == ["registered", "unreachable"]
    assert [each["to_state"] for each in api.get(page["next"]).json()["results"]] == ["registered"]
    (down,) = api.get(f"{address}?to_state=unreachable").json()["results"]
    assert (down["from_state"], down["cause"]["code"]) == ("registered", "no_answer")
    assert api.get(f"{address}{down['id']}/").json() == down


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("get", []),
        ("post", []),
        ("post", ["pause"]),
        ("post", ["resume"]),
        ("post", ["register-now"]),
        ("get", ["attempts"]),
        ("get", ["changes"]),
    ],
)
def test_others_find_nothing_and_readers_change_nothing(
    stranger: APIClient,
    reader: APIClient,
    made: dict[str, Any],
    registered: dict[str, Any],
    method: str,
    path: list[str],
) -> None:
    address = at(made, "registration", *path)
    body = [NEW] if method == "post" and not path else []
    assert getattr(stranger, method)(address, *body).status_code == 404
    assert getattr(reader, method)(address, *body).status_code == (200 if method == "get" else 403)


@pytest.mark.parametrize("path", ["attempts", "changes"])
def test_lists_cost_the_same_for_one_and_three_rows(
    api: APIClient,
    alice: Person,
    made: dict[str, Any],
    registered: dict[str, Any],
    path: str,
    django_assert_num_queries: Any,
) -> None:
    registration = row(alice)
    for count in (1, 3):
        with tenant_context(alice.tenant):
            registration.attempts.all().delete()
            registration.trunk.registration_changes.all().delete()
        attempted(alice, registration, count)
        changed(alice, registration.trunk, *[("registered", "unreachable")] * count)
        with django_assert_num_queries(12):
            response = api.get(at(made, "registration", path))
        assert len(response.json()["results"]) == count
