"""Gateways, networks and credentials: what is the same for all three."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.trunks.api.conftest import at, errors_of

PARTS = [
    pytest.param(
        "gateways",
        "gateways",
        {"uri": "sip:new.example.com", "clear_secrets": True},
        {"priority": 20},
        id="gateway",
    ),
    pytest.param(
        "networks", "allowed_networks", {"cidr": "198.51.100.0/24"}, {"note": "Paris"}, id="network"
    ),
    pytest.param(
        "credentials",
        "credentials",
        {"username": "new", "secret": "s"},
        {"username": "other"},
        id="credential",
    ),
]


@pytest.mark.parametrize(("path", "name", "new", "change"), PARTS)
def test_the_life_of_a_part(
    api: APIClient, made: dict[str, Any], path: str, name: str, new: dict[str, Any], change: dict[str, Any]
) -> None:
    created = api.post(at(made, path), new)
    assert (created.status_code, created.headers["ETag"]) == (201, '"1"')
    address = created.headers["Location"]
    assert address == f"http://testserver{at(made, path, created.json()['id'])}"
    changed = api.patch(address, change, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.headers["ETag"]) == (200, '"2"')
    field, value = next(iter(change.items()))
    assert api.get(address).json()[field] == value
    assert [part["id"] for part in api.get(at(made, path)).json()["results"]] == [
        created.json()["id"],
        made[name][0]["id"],
    ]
    assert api.put(address, new, headers={"If-Match": '"2"'}).json()["version"] == 3
    assert api.delete(address, headers={"If-Match": '"3"'}).status_code == 204
    assert api.get(address).status_code == 404


@pytest.mark.parametrize(("path", "name", "new", "change"), PARTS)
def test_edits_name_their_version(
    api: APIClient, made: dict[str, Any], path: str, name: str, new: dict[str, Any], change: dict[str, Any]
) -> None:
    address = at(made, path, made[name][0]["id"])
    assert api.patch(address, change).status_code == 428
    assert api.delete(address).status_code == 428
    assert api.patch(address, change, headers={"If-Match": '"1"'}).status_code == 200
    conflict = api.put(address, new, headers={"If-Match": '"1"'})
    assert (conflict.status_code, conflict.json()["current_version"]) == (412, 2)
    assert api.delete(address, headers={"If-Match": '"1"'}).status_code == 412


@pytest.mark.parametrize(("path", "name", "new", "change"), PARTS)
def test_a_part_is_found_below_its_own_trunk_only(
    api: APIClient, made: dict[str, Any], path: str, name: str, new: dict[str, Any], change: dict[str, Any]
) -> None:
    other = api.post("/api/v1/trunks/", {"name": "Other"}).json()
    address = at(other, path, made[name][0]["id"])
    assert api.get(address).status_code == 404
    assert api.patch(address, change, headers={"If-Match": '"1"'}).status_code == 404
    assert api.delete(address, headers={"If-Match": '"1"'}).status_code == 404


@pytest.mark.parametrize(("path", "name", "new", "change"), PARTS)
def test_others_find_nothing(
    stranger: APIClient,
    made: dict[str, Any],
    path: str,
    name: str,
    new: dict[str, Any],
    change: dict[str, Any],
) -> None:
    address = at(made, path, made[name][0]["id"])
    answers = [
        stranger.get(at(made, path)),
        stranger.post(at(made, path), new),
        stranger.get(address),
        stranger.patch(address, change, headers={"If-Match": '"1"'}),
        stranger.delete(address, headers={"If-Match": '"1"'}),
    ]
    assert [answer.status_code for answer in answers] == [404] * 5


@pytest.mark.parametrize(("path", "name", "new", "change"), PARTS)
def test_a_key_that_may_only_read_is_refused(
    reader: APIClient,
    made: dict[str, Any],
    path: str,
    name: str,
    new: dict[str, Any],
    change: dict[str, Any],
) -> None:
    address = at(made, path, made[name][0]["id"])
    assert reader.get(address).status_code == 200
    assert reader.post(at(made, path), new).status_code == 403
    assert reader.patch(address, change, headers={"If-Match": '"1"'}).status_code == 403
    assert reader.delete(address, headers={"If-Match": '"1"'}).status_code == 403


def test_the_secret_goes_in_and_never_comes_out(api: APIClient, made: dict[str, Any]) -> None:
    secret = "canary-secret-4711"
    credential = made["credentials"][0]
    address = at(made, "credentials", credential["id"])
    changed = api.patch(address, {"secret": secret + "x"}, headers={"If-Match": '"1"'})
    assert changed.json()["secret_set_at"] > credential["secret_set_at"]
    for response in (changed, api.get(address), api.get(at(made)), api.get("/api/v1/audit-events/")):
        assert response.status_code == 200
        assert secret not in response.content.decode()


def test_another_realm_clears_the_secret(api: APIClient, made: dict[str, Any]) -> None:
    address = at(made, "credentials", made["credentials"][0]["id"])
    changed = api.patch(address, {"realm": "sip.example.com"}, headers={"If-Match": '"1"'})
    assert changed.json()["secret_set_at"] is None


def test_a_network_comes_with_warnings(api: APIClient, made: dict[str, Any]) -> None:
    response = api.post(at(made, "networks"), {"cidr": "203.0.113.128/25"})
    assert response.json()["warnings"] == [
        "203.0.113.128/25 lies inside 203.0.113.0/24, which is on the list already."
    ]
    wide = api.post(at(made, "networks"), {"cidr": "198.18.0.0/15"})
    assert [field for field, _message in errors_of(wide)] == ["wide_confirmed"]
    confirmed = api.post(at(made, "networks"), {"cidr": "198.18.0.0/15", "wide_confirmed": True})
    assert confirmed.status_code == 201


def test_a_gateway_at_another_host_clears_the_secret_once_it_is_confirmed(
    api: APIClient, made: dict[str, Any]
) -> None:
    address = at(made, "credentials", made["credentials"][0]["id"])
    assert [api.get(address).json()[name] for name in ("bound_hosts", "cleared_because")] == [
        ["sip.example.com"],
        "",
    ]
    asked = api.post(at(made, "gateways"), {"uri": "sip:new.example.com"})
    assert [(error["field"], error["code"]) for error in asked.json()["errors"]] == [
        ("clear_secrets", "confirm_clear_secrets")
    ]

    added = api.post(at(made, "gateways"), {"uri": "sip:new.example.com", "clear_secrets": True}).json()
    assert added["warnings"] == [
        "The password of “acme” was cleared, because a gateway was added at another host. Enter it again."
    ]
    cleared = api.get(address).json()
    assert [cleared[name] for name in ("secret_set_at", "bound_hosts", "cleared_because")] == [
        None,
        [],
        "gateway_added",
    ]
    assert api.get(at(made)).json()["gap"]["code"] == "password_cleared"

    again = api.patch(address, {"secret": "second"}, headers={"If-Match": '"2"'}).json()
    assert [again[name] for name in ("bound_hosts", "cleared_because")] == [
        ["new.example.com", "sip.example.com"],
        "",
    ]
    assert api.get(at(made)).json()["gap"] is None


def test_another_address_of_a_gateway_is_asked_about_first(api: APIClient, made: dict[str, Any]) -> None:
    address = at(made, "gateways", made["gateways"][0]["id"])
    change = {"uri": "sip:new.example.com"}
    asked = api.patch(address, change, headers={"If-Match": '"1"'})
    assert [error["field"] for error in asked.json()["errors"]] == ["clear_secrets"]
    moved = api.patch(address, {**change, "clear_secrets": True}, headers={"If-Match": '"1"'}).json()
    assert (moved["version"], len(moved["warnings"])) == (2, 1)
    assert "warnings" not in api.get(address).json()
