"""Whatever is wrong with a request is told in one answer: every rule, however deep the field stands."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.trunks.api.conftest import TRUNKS, at, errors_of
from trunks.models import Gateway, Trunk

CONTROL = "Remove line breaks, control characters and invisible characters."
IF_FIRST = {"If-Match": '"1"'}


def fields_of(response: Any) -> list[str]:
    """Return the wrong fields of an answer, sorted: no field stands before another for a reason."""
    assert response.status_code == 400
    return sorted(error["field"] for error in response.json()["errors"])


def test_a_trunk_that_is_wrong_in_every_way(api: APIClient, made: dict[str, Any], alice: Person) -> None:
    response = api.post(
        TRUNKS,
        {
            "name": "telnyx",  # taken
            "direction": "up",
            "notes": "a\x00b",
            "nmae": "x",
            "gateways": [
                {"uri": "sip:a.example.com"},
                {"uri": "sip:a.example.com:5060;transport=udp", "priority": -1},
                {"uri": "sip:a.example.com;transport=udp"},  # as the first
                {"uri": "tel:1", "weight": 0},
                {"priority": "high"},
                None,
                7,
            ],
            "allowed_networks": [
                {"cidr": "203.0.113.1/24", "note": "a\nb"},
                {"cidr": "203.0.0.0/16"},
                {"cidr": "203.0.0.0/16", "wide_confirmed": "perhaps"},
                {"note": 1},
            ],
            "credentials": [
                {"username": "a\nb", "secret": "c\nd", "realm": "e\nf"},
                {"username": "acme"},
                {"username": "acme", "secret": "", "direction": "sideways"},
                {"username": "acme", "secret": "s"},  # as the second
            ],
            "health_policy": {"interval_s": 1, "failures_to_down": 99},
        },
    )

    assert fields_of(response) == [
        "allowed_networks[0].cidr",
        "allowed_networks[0].note",
        "allowed_networks[1].wide_confirmed",
        "allowed_networks[2].wide_confirmed",
        "allowed_networks[3].cidr",
        "credentials[0].realm",
        "credentials[0].secret",
        "credentials[0].username",
        "credentials[1].secret",
        "credentials[2].direction",
        "credentials[2].secret",
        "credentials[3].username",
        "direction",
        "gateways[1].priority",
        "gateways[2].uri",
        "gateways[3].uri",
        "gateways[3].weight",
        "gateways[4].priority",
        "gateways[4].uri",
        "gateways[5]",
        "gateways[6]",
        "health_policy.failures_to_down",
        "health_policy.interval_s",
        "name",
        "nmae",
        "notes",
    ]
    with tenant_context(alice.tenant):
        assert (Trunk.objects.count(), Gateway.objects.count()) == (1, 1)
        assert AuditEvent.objects.filter(verb="trunk.created").count() == 1


def test_each_error_points_at_its_field(api: APIClient) -> None:
    response = api.post(TRUNKS, {"name": "A", "a/b~c d": 1, "gateways": [{}, {"uri": "tel:1"}]})

    assert [(error["field"], error["pointer"], error["code"]) for error in response.json()["errors"]] == [
        ("gateways[0].uri", "#/gateways/0/uri", "required"),
        ("a/b~c d", "#/a~1b~0c%20d", "unknown_field"),
        ("gateways[1].uri", "#/gateways/1/uri", "uri_invalid"),
    ]


def test_a_parameter_has_no_place_in_the_body(api: APIClient) -> None:
    (error,) = api.get(TRUNKS, {"page_size": 0}).json()["errors"]
    assert set(error) == {"field", "message", "code"}
    (error,) = api.post(f"{TRUNKS}?x=1", {"name": "A"}).json()["errors"]
    assert set(error) == {"field", "message", "code"}


def test_too_many_parts_and_what_is_wrong_with_them(api: APIClient) -> None:
    gateways = [{"uri": f"sip:g{number}.example.com"} for number in range(50)]

    response = api.post(TRUNKS, {"name": "", "gateways": [{"uri": "tel:1"}, *gateways]})

    assert fields_of(response) == ["gateways", "gateways[0].uri", "name"]


@pytest.mark.parametrize(
    ("part", "body", "expected"),
    [
        ("gateways", {}, ["uri"]),
        ("networks", {"note": None, "wide_confirmed": None}, ["cidr", "note", "wide_confirmed"]),
        (
            "credentials",
            {"username": [], "secret": {}, "realm": None, "direction": 1},
            ["direction", "realm", "secret", "username"],
        ),
        ("gateways", {"uri": "sips:sip.example.com", "priority": -1}, ["priority", "uri"]),
        ("gateways", {"uri": "sip:10.0.0.1", "weight": 0}, ["uri", "weight"]),
        ("networks", {"cidr": "203.0.113.0/24", "note": "x" * 101}, ["cidr", "note"]),
        ("credentials", {"username": "acme", "secret": ""}, ["secret", "username"]),
        ("credentials", {"username": "acme", "realm": "a\nb"}, ["realm", "secret"]),
        # Whether there is one already depends on the direction.
        ("credentials", {"username": "acme", "secret": "s", "direction": "up"}, ["direction"]),
    ],
)
def test_one_part(
    api: APIClient, made: dict[str, Any], part: str, body: dict[str, Any], expected: list[str]
) -> None:
    assert fields_of(api.post(at(made, part), body)) == expected


def test_an_edit(api: APIClient, made: dict[str, Any], alice: Person) -> None:
    api.post(TRUNKS, {"name": "Twilio"})

    changes = {"name": "twilio", "direction": "up", "notes": "a\x00b"}
    response = api.patch(at(made), changes, headers=IF_FIRST)

    assert fields_of(response) == ["direction", "name", "notes"]
    with tenant_context(alice.tenant):
        stored = Trunk.objects.get(pk=made["id"])
        assert (stored.name, stored.version, stored.notes) == ("Telnyx", 1, "")


def test_an_edit_of_a_part(api: APIClient, made: dict[str, Any]) -> None:
    path = at(made, "credentials", made["credentials"][0]["id"])

    response = api.put(path, {"username": "a\nb", "secret": "c\nd"}, headers=IF_FIRST)

    assert errors_of(response) == [("username", CONTROL), ("secret", CONTROL)]


def test_a_request_that_may_not_be_done_at_all_is_told_its_fields_first(
    api: APIClient, alice: Person
) -> None:
    with tenant_context(alice.tenant):
        type(alice.tenant).objects.update(trunk_limit=0)

    assert fields_of(api.post(TRUNKS, {"name": ""})) == ["name"]
