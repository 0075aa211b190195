"""POST /trunks/"""

from typing import Any

from rest_framework.test import APIClient

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.api.conftest import TRUNKS, errors_of
from trunks.models import Gateway, Trunk


def test_a_trunk_with_all_its_parts_in_one_request(api: APIClient, made: dict[str, Any]) -> None:
    assert (made["name"], made["direction"], made["authentication"]) == ("Telnyx", "both", ["digest"])
    assert (made["state"], made["version"], made["warnings"]) == ("unknown", 1, [])
    (gateway,) = made["gateways"]
    assert (gateway["uri"], gateway["host"], gateway["port"], gateway["transport"], gateway["state"]) == (
        "sip:sip.example.com;transport=tls",
        "sip.example.com",
        None,
        "tls",
        "unknown",
    )
    assert [network["cidr"] for network in made["allowed_networks"]] == ["203.0.113.0/24"]
    (credential,) = made["credentials"]
    assert "secret" not in credential
    assert credential["secret_set_at"] is not None
    assert made["health_policy"]["interval_s"] == 30


def test_the_answer_names_the_new_trunk(api: APIClient) -> None:
    response = api.post(TRUNKS, {"name": "Twilio"})
    location = f"http://testserver{TRUNKS}{response.json()['id']}/"
    assert (response.status_code, response.headers["Location"], response.headers["ETag"]) == (
        201,
        location,
        '"1"',
    )
    assert api.get(location).json()["name"] == "Twilio"


def test_wrong_parts_are_all_named_and_nothing_is_made(api: APIClient, alice: Person) -> None:
    response = api.post(
        TRUNKS,
        {
            "name": "Telnyx",
            "gateways": [{"uri": "sip:a.example.com"}, {"uri": "sip:a.example.com/"}, {"uri": "tel:1"}],
            "allowed_networks": [{"cidr": "203.0.113.1/24"}, {"cidr": "203.0.0.0/16"}],
            "credentials": [{"username": "a\nb", "secret": "x"}],
        },
    )
    assert response.status_code == 400
    assert [field for field, _message in errors_of(response)] == [
        "gateways[1].uri",
        "gateways[2].uri",
        "allowed_networks[0].cidr",
        "allowed_networks[1].wide_confirmed",
        "credentials[0].username",
    ]
    with tenant_context(alice.tenant):
        assert (Trunk.objects.count(), Gateway.objects.count()) == (0, 0)


def test_fields_of_a_wrong_kind_are_named_by_their_place(api: APIClient) -> None:
    response = api.post(
        TRUNKS,
        {
            "name": "",
            "nmae": "x",
            "direction": "up",
            "authentication": ["digest", "magic"],
            "gateways": [{"weight": 1}, {"uri": "sip:a.example.com", "wieght": 3, "priority": "high"}],
            "id": "1",
        },
    )
    assert errors_of(response) == [
        ("name", "This field may not be blank."),
        ("direction", "Choose one of: inbound, outbound, both."),
        ("authentication[1]", "Choose one of: ip_allowlist, digest, registration."),
        ("gateways[0].uri", "This field is required."),
        ("gateways[1].priority", "A valid integer is required."),
        ("gateways[1].wieght", "Unknown field. Did you mean weight?"),
        ("nmae", "Unknown field. Did you mean name?"),
        ("id", "This field cannot be set here: leave it out."),
    ]


def test_warnings_come_with_the_answer(api: APIClient) -> None:
    response = api.post(
        TRUNKS, {"name": "A", "allowed_networks": [{"cidr": "203.0.113.0/24"}, {"cidr": "203.0.113.0/25"}]}
    )
    assert response.json()["warnings"] == [
        "203.0.113.0/25 lies inside 203.0.113.0/24, which is on the list already."
    ]


def test_a_disabled_trunk_is_not_watched(api: APIClient) -> None:
    response = api.post(
        TRUNKS, {"name": "A", "is_enabled": False, "gateways": [{"uri": "sip:sip.example.com"}]}
    )
    assert (response.json()["state"], response.json()["gateways"][0]["state"]) == ("paused", "paused")


def test_too_many_parts_are_refused(api: APIClient) -> None:
    gateways = [{"uri": f"sip:g{number}.example.com"} for number in range(51)]
    response = api.post(TRUNKS, {"name": "A", "gateways": gateways})
    assert errors_of(response) == [("gateways", "Ensure this field has no more than 50 elements.")]


def test_the_plan_limits_trunks(api: APIClient, alice: Person) -> None:
    with tenant_context(alice.tenant):
        type(alice.tenant).objects.update(trunk_limit=0)
    response = api.post(TRUNKS, {"name": "A"})
    assert (response.status_code, response.json()["type"], response.json()["detail"]) == (
        403,
        "urn:callsphere:error:limit_reached",
        "Your plan has room for 0 trunks. Delete one or change the plan.",
    )


def test_a_key_that_may_only_read_is_refused(reader: APIClient) -> None:
    assert reader.post(TRUNKS, {"name": "A"}).status_code == 403


def test_without_a_key_the_answer_says_how_to_send_one(db: None) -> None:
    response = APIClient().post(TRUNKS, {"name": "A"})
    assert (response.status_code, response.headers["WWW-Authenticate"]) == (401, 'Bearer realm="callsphere"')
    assert response.json()["detail"] == "Send an API key, as in: Authorization: Bearer cs_live_…"
