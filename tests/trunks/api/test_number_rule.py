"""How numbers are written to a carrier, set by programs."""

from __future__ import annotations

from typing import Any

from rest_framework.test import APIClient

from tests.trunks.api.conftest import TRUNKS, at, errors_of

FIELDS = (
    "dial_format",
    "caller_id_format",
    "home_country",
    "international_prefix",
    "strip_digits",
    "dial_prefix",
    "sends_asserted_identity",
)


def test_a_trunk_is_made_with_a_rule(api: APIClient) -> None:
    rule = {"dial_format": "national", "home_country": "DE", "international_prefix": "00"}
    made = api.post(TRUNKS, {"name": "Telnyx", **rule})
    assert made.status_code == 201
    assert {name: made.json()[name] for name in FIELDS} == {
        "dial_format": "national",
        "caller_id_format": "e164_plus",
        "home_country": "DE",
        "international_prefix": "00",
        "strip_digits": 0,
        "dial_prefix": "",
        "sends_asserted_identity": False,
    }


def test_a_rule_is_changed(api: APIClient, made: dict[str, Any]) -> None:
    changed = api.patch(at(made), {"dial_prefix": "99#"}, headers={"If-Match": '"1"'})
    assert (changed.status_code, changed.json()["dial_prefix"]) == (200, "99#")


def test_what_is_wrong_is_said_by_field(api: APIClient, made: dict[str, Any]) -> None:
    changed = api.patch(at(made), {"caller_id_format": "national"}, headers={"If-Match": '"1"'})
    assert changed.status_code == 400
    assert errors_of(changed) == [
        ("home_country", "Choose the country whose numbers are written nationally."),
        ("international_prefix", "Enter what is dialled before a country code, such as 00 or 011."),
    ]
