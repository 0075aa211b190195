"""GET, PUT, PATCH and DELETE of one trunk."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.trunks.api.conftest import TRUNKS, at, errors_of


def test_reading(api: APIClient, reader: APIClient, made: dict[str, Any]) -> None:
    response = reader.get(at(made))
    assert (response.status_code, response.headers["ETag"]) == (200, '"1"')
    assert {**response.json(), "warnings": []} == made


def test_a_change_of_some_fields(api: APIClient, made: dict[str, Any]) -> None:
    response = api.patch(at(made), {"name": "Bandwidth"}, headers={"If-Match": '"1"'})
    assert (response.status_code, response.headers["ETag"]) == (200, '"2"')
    assert (response.json()["name"], response.json()["authentication"]) == ("Bandwidth", ["digest"])


def test_a_replacement_sets_what_was_left_out_to_its_default(api: APIClient, made: dict[str, Any]) -> None:
    response = api.put(at(made), {"name": "Bandwidth"}, headers={"If-Match": '"1"'})
    assert (response.json()["name"], response.json()["authentication"]) == ("Bandwidth", [])
    assert len(response.json()["gateways"]) == 1


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
@pytest.mark.parametrize("header", [None, "", "abc", "*", '"²"'])
def test_without_a_version_nothing_is_changed(
    api: APIClient, made: dict[str, Any], method: str, header: str | None
) -> None:
    headers = {} if header is None else {"If-Match": header}
    response = getattr(api, method)(at(made), {"name": "X"}, headers=headers)
    assert (response.status_code, response.json()["type"]) == (428, "urn:callsphere:error:if_match_required")
    assert api.get(at(made)).json()["name"] == "Telnyx"


def test_a_lost_update_is_refused_with_both_versions(api: APIClient, made: dict[str, Any]) -> None:
    api.patch(at(made), {"name": "Theirs"}, headers={"If-Match": '"1"'})
    response = api.patch(at(made), {"name": "Mine", "direction": "both"}, headers={"If-Match": '"1"'})
    body = response.json()
    assert (response.status_code, response.headers["ETag"]) == (412, '"2"')
    assert (body["type"], body["current_version"], body["yours"], body["theirs"]) == (
        "urn:callsphere:error:version_conflict",
        2,
        {"name": "Mine"},
        {"name": "Theirs"},
    )
    assert api.get(at(made)).json()["name"] == "Theirs"


def test_an_older_version_is_not_deleted(api: APIClient, made: dict[str, Any]) -> None:
    api.patch(at(made), {"name": "Theirs"}, headers={"If-Match": '"1"'})
    assert api.delete(at(made), headers={"If-Match": '"1"'}).status_code == 412


def test_deleting(api: APIClient, made: dict[str, Any]) -> None:
    response = api.delete(at(made), headers={"If-Match": '"1"'})
    assert (response.status_code, response.content) == (204, b"")
    assert api.get(at(made)).status_code == 404


def test_wrong_fields(api: APIClient, made: dict[str, Any]) -> None:
    api.post(TRUNKS, {"name": "Twilio"})
    response = api.patch(at(made), {"name": "TWILIO"}, headers={"If-Match": '"1"'})
    assert errors_of(response) == [("name", "You have a trunk of this name.")]
    response = api.patch(at(made), {"gateways": [], "state": "up"}, headers={"If-Match": '"1"'})
    message = "This field cannot be set here: leave it out."
    assert errors_of(response) == [("gateways", message), ("state", message)]


@pytest.mark.parametrize("method", ["get", "put", "patch", "delete"])
def test_others_find_no_such_trunk(stranger: APIClient, made: dict[str, Any], method: str) -> None:
    body = None if method == "get" else {"name": "X"}
    response = getattr(stranger, method)(at(made), body, headers={"If-Match": '"1"'})
    assert (response.status_code, response.json()["detail"]) == (404, "There is no such object.")


@pytest.mark.parametrize("method", ["put", "patch", "delete"])
def test_a_key_that_may_only_read_is_refused(reader: APIClient, made: dict[str, Any], method: str) -> None:
    response = getattr(reader, method)(at(made), {"name": "X"}, headers={"If-Match": '"1"'})
    assert response.status_code == 403


def test_other_methods(api: APIClient, made: dict[str, Any]) -> None:
    response = api.post(at(made), {})
    assert (response.status_code, response.headers["Allow"]) == (405, "GET, HEAD, PUT, PATCH, DELETE")
