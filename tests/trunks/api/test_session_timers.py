"""GET, PUT and PATCH /trunks/{id}/session-timer-policy/, and the policy inside a trunk."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tests.trunks.api.conftest import TRUNKS, at, errors_of

POLICY = "session-timer-policy"
FIRST = {"If-Match": '"1"'}


def test_a_trunk_comes_with_the_usual_policy(api: APIClient, made: dict[str, Any]) -> None:
    alone = api.get(at(made, POLICY)).json()
    assert made["session_timer_policy"] == alone
    assert {name: alone[name] for name in alone if name not in ("id", "created_at", "updated_at")} == {
        "version": 1,
        "mode": "supported",
        "session_interval_s": 1800,
        "min_se_s": 90,
        "refresher": "peer",
        "refresh_method": "auto",
        "longest_call_s": None,
        "ends_after_s": 1768,
    }


def test_a_new_trunk_takes_its_policy_along(api: APIClient) -> None:
    body = {"name": "Twilio", "session_timer_policy": {"mode": "off", "longest_call_s": 3600}}
    made = api.post(TRUNKS, body).json()
    policy = made["session_timer_policy"]
    assert (policy["mode"], policy["longest_call_s"], policy["ends_after_s"]) == ("off", 3600, None)


def test_a_wrong_policy_keeps_the_trunk_from_being_made(api: APIClient) -> None:
    body = {"name": "Twilio", "session_timer_policy": {"session_interval_s": 120, "min_se_s": 180}}
    response = api.post(TRUNKS, body)
    assert errors_of(response) == [
        ("session_timer_policy.min_se_s", "Use at most the session interval: we would refuse our own.")
    ]
    assert api.get(TRUNKS).json()["results"] == []


def test_the_policy_is_replaced_or_changed(api: APIClient, made: dict[str, Any]) -> None:
    address = at(made, POLICY)
    changed = api.patch(address, {"session_interval_s": 600, "refresher": "uas"}, headers=FIRST)
    assert (changed.json()["session_interval_s"], changed.json()["ends_after_s"]) == (600, 568)
    replaced = api.put(address, {"mode": "required"}, headers={"If-Match": changed.headers["ETag"]})
    assert [replaced.json()[name] for name in ("mode", "session_interval_s", "refresher")] == [
        "required",
        1800,
        "peer",
    ]
    assert api.get(address).json() == replaced.json()
    assert api.patch(address, {"mode": "off"}).status_code == 428
    assert api.patch(address, {"mode": "off"}, headers=FIRST).status_code == 412


@pytest.mark.parametrize(
    ("body", "message"),
    [
        (
            {"session_interval_s": 89},
            "Ensure this value is greater than or equal to 90.",
        ),
        ({"min_se_s": 2000}, "Use at most the session interval: we would refuse our own."),
        ({"longest_call_s": 1}, "Ensure this value is greater than or equal to 60."),
        ({"interval": 90}, "Unknown field. Did you mean session_interval_s?"),
    ],
)
def test_wrong_values(api: APIClient, made: dict[str, Any], body: dict[str, Any], message: str) -> None:
    response = api.patch(at(made, POLICY), body, headers=FIRST)
    assert (response.status_code, errors_of(response)) == (400, [(next(iter(body)), message)])


def test_a_mode_that_is_none(api: APIClient, made: dict[str, Any]) -> None:
    response = api.patch(at(made, POLICY), {"mode": "on"}, headers=FIRST)
    assert [field for field, _message in errors_of(response)] == ["mode"]


def test_who_may(reader: APIClient, stranger: APIClient, made: dict[str, Any]) -> None:
    assert reader.get(at(made, POLICY)).status_code == 200
    assert reader.patch(at(made, POLICY), {"mode": "off"}, headers=FIRST).status_code == 403
    assert stranger.get(at(made, POLICY)).status_code == 404
    assert stranger.patch(at(made, POLICY), {"mode": "off"}, headers=FIRST).status_code == 404
