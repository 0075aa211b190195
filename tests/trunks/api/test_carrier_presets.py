"""The carriers' facts, for programs."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests.trunks.api.conftest import TRUNKS, at, errors_of
from trunks.presets.catalogue import carrier_presets

PRESETS = "/api/v1/carrier-presets/"


def test_everything_is_on_one_page(reader: APIClient, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(11):
        response = reader.get(PRESETS)
    body = response.json()
    assert (response.status_code, body["next"], body["previous"]) == (200, None, None)
    assert [each["key"] for each in body["results"]] == list(carrier_presets())


def test_a_preset_tells_all_that_is_known(reader: APIClient) -> None:
    found = {each["key"]: each for each in reader.get(PRESETS).json()["results"]}
    assert found["46elks"] == {
        "key": "46elks",
        "name": "46elks",
        "version": 1,
        "is_draft": False,
        "seen": "2026-11-22",
        "account_label": "",
        "authentication": [],
        "places": [{"key": "global", "name": "46elks", "host": "voip.46elks.com"}],
        "transports": [],
        "signalling_networks": [
            {"cidr": "176.10.154.205/32", "place": "", "is_draft": False},
            {"cidr": "85.24.146.136/32", "place": "", "is_draft": False},
        ],
        "media_networks": [],
        "media_ports": "",
        "numbers": None,
        "quirks": [],
        "sources": [
            {
                "key": "vendor",
                "title": "46elks: IP addresses",
                "url": "https://46elks.se/docs/ip-addresses",
                "seen": "2026-11-22",
                "confidence": "strong",
            }
        ],
    }
    assert found["twilio"]["authentication"] == [["ip_allowlist"], ["ip_allowlist", "digest"]]
    assert found["twilio"]["transports"] == [{"transport": "tls", "port": None}]
    assert found["twilio"]["media_networks"] == [{"cidr": "168.86.128.0/18", "place": "", "is_draft": False}]
    assert found["skyetel"]["is_draft"] is True


def test_they_are_only_read(api: APIClient) -> None:
    assert api.post(PRESETS, {}).status_code == 405
    assert api.get(PRESETS, {"search": "x"}).status_code == 400


def test_a_key_is_needed() -> None:
    assert Client().get(PRESETS).status_code == 401


def test_a_trunk_notes_what_it_was_made_from(api: APIClient) -> None:
    made = api.post(TRUNKS, {"name": "Telnyx", "preset": "telnyx"}).json()
    again = api.get(at(made)).json()
    assert (again["preset"], again["preset_version"]) == ("telnyx", carrier_presets()["telnyx"].version)
    assert again["allowed_networks"] == []


@pytest.mark.parametrize("preset", ["skyetel", "no-such-carrier"])
def test_a_draft_makes_no_trunk(api: APIClient, preset: str) -> None:
    response = api.post(TRUNKS, {"name": "X", "preset": preset})
    assert response.status_code == 400
    assert errors_of(response) == [("preset", "Choose a carrier preset that exists and is no draft.")]


def test_what_it_was_made_from_stays(api: APIClient, made: dict[str, Any]) -> None:
    response = api.patch(at(made), {"preset": "telnyx"}, headers={"If-Match": '"1"'})
    assert errors_of(response) == [("preset", "This field cannot be set here: leave it out.")]
