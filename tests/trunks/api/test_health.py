"""Health, changes of state, the policy, and looking on request."""

from datetime import UTC, datetime
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from callsphere.sip.causes import cause
from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.api.conftest import at, errors_of
from trunks.models import GatewayHealth, StatusChange, Trunk

SINCE = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


def judged(person: Person, **fields: Any) -> None:
    """Let the worker have found this at SINCE, and again just now."""
    with tenant_context(person.tenant):
        GatewayHealth.objects.update(**{"since": SINCE, "checked_at": just_now(), **fields})


def just_now() -> datetime:
    return timezone.now().replace(microsecond=0)


def test_a_gateway_that_answers(api: APIClient, alice: Person, made: dict[str, Any]) -> None:
    judged(
        alice,
        state="impaired",
        status=503,
        reason="Service Unavailable",
        cause="carrier_overloaded",
        rtt_us=12345,
        target="203.0.113.5:5061/tls",
        server="Kamailio",
    )
    with tenant_context(alice.tenant):
        checked_at = GatewayHealth.objects.get().checked_at
    body = api.get(at(made, "health")).json()
    assert (body["trunk_id"], body["state"], body["since"], body["headline"]) == (
        made["id"],
        "impaired",
        "2026-03-01T12:00:00Z",
        "Answering 503",
    )
    (gateway,) = body["gateways"]
    entry = cause("carrier_overloaded")
    assert (gateway["gateway_id"], gateway["state"], gateway["since"]) == (
        made["gateways"][0]["id"],
        "impaired",
        "2026-03-01T12:00:00Z",
    )
    assert gateway["last_answer"] == {
        "at": f"{checked_at:%Y-%m-%dT%H:%M:%SZ}",
        "status": 503,
        "reason": "Service Unavailable",
        "rtt_ms": 12.35,
        "detail": "",
        "target": "203.0.113.5:5061/tls",
        "server": "Kamailio",
    }
    assert gateway["cause"] == {
        "code": "carrier_overloaded",
        "title": entry.title,
        "meaning": entry.meaning,
        "fix": entry.fix,
        "who": "carrier",
    }


def test_before_the_first_look(api: APIClient, made: dict[str, Any]) -> None:
    (gateway,) = api.get(at(made, "health")).json()["gateways"]
    assert (gateway["state"], gateway["last_answer"], gateway["cause"]) == ("unknown", None, None)
    assert gateway["next_check_at"] is not None


def test_a_refused_address_is_told_like_a_name_that_does_not_exist(
    api: APIClient, alice: Person, made: dict[str, Any]
) -> None:
    down: dict[str, Any] = {"state": "down", "checked_at": just_now()}
    judged(alice, cause="dns_not_found", detail="no records of sip.example.com", target="", **down)
    missing = api.get(at(made, "health"))
    judged(alice, cause="address_refused", detail="inside 10.0.0.0/8", target="10.0.0.7:5060/udp", **down)
    refused = api.get(at(made, "health"))
    assert refused.content == missing.content
    assert refused.json()["gateways"][0]["cause"]["code"] == "dns_not_found"


def test_changes_of_state(api: APIClient, alice: Person, made: dict[str, Any]) -> None:
    with tenant_context(alice.tenant):
        trunk = Trunk.objects.get()
        gateway = trunk.gateways.get()
        for minute, (before, after, why) in enumerate(
            [("unknown", "up", ""), ("up", "down", "address_refused"), ("down", "up", "")]
        ):
            StatusChange.objects.create(
                tenant=alice.tenant,
                trunk=trunk,
                gateway=gateway,
                from_state=before,
                to_state=after,
                at=SINCE.replace(minute=minute),
                previous_since=SINCE,
                cause=why,
                detail="inside 10.0.0.0/8" if why else "",
            )
    first = api.get(at(made, "status-changes") + "?page_size=2").json()
    assert [change["to_state"] for change in first["results"]] == ["up", "down"]
    down = first["results"][1]
    assert (down["gateway_uri"], down["cause"]["code"], down["detail"]) == (
        "sip:sip.example.com;transport=tls",
        "dns_not_found",
        "",
    )
    assert [change["to_state"] for change in api.get(first["next"]).json()["results"]] == ["up"]
    filtered = api.get(at(made, "status-changes") + f"?to_state=down&gateway_id={gateway.pk}")
    assert [change["id"] for change in filtered.json()["results"]] == [down["id"]]
    assert api.get(at(made, "status-changes", down["id"])).json() == down


def test_the_policy_is_replaced_or_changed(api: APIClient, made: dict[str, Any]) -> None:
    address = at(made, "health-policy")
    changed = api.patch(address, {"interval_s": 60, "failures_to_down": 5}, headers={"If-Match": '"1"'})
    assert (changed.json()["interval_s"], changed.json()["failures_to_down"]) == (60, 5)
    replaced = api.put(address, {"interval_s": 90}, headers={"If-Match": changed.headers["ETag"]})
    assert (replaced.json()["interval_s"], replaced.json()["failures_to_down"]) == (90, 3)
    assert api.get(address).json() == replaced.json()
    assert api.patch(address, {"interval_s": 15}).status_code == 428
    assert api.patch(address, {"interval_s": 15}, headers={"If-Match": '"1"'}).status_code == 412


def test_looking_on_request(api: APIClient, made: dict[str, Any]) -> None:
    answers = [api.post(at(made, "probe")) for _time in range(7)]
    assert [answer.status_code for answer in answers] == [202] * 6 + [429]
    assert answers[0].json() == {"gateways": 1}
    last = answers[-1]
    assert last.json()["type"] == "urn:callsphere:error:probed_too_often"
    assert 0 < int(last.headers["Retry-After"]) <= 60


def test_looking_at_a_disabled_trunk(api: APIClient, made: dict[str, Any]) -> None:
    api.patch(at(made), {"is_enabled": False}, headers={"If-Match": '"1"'})
    response = api.post(at(made, "probe"))
    assert (response.status_code, response.json()["detail"]) == (
        409,
        "This trunk is disabled. Enable it first.",
    )


@pytest.mark.parametrize(
    ("method", "path"),
    [("get", "health"), ("get", "status-changes"), ("get", "health-policy"), ("post", "probe")],
)
def test_others_find_nothing(stranger: APIClient, made: dict[str, Any], method: str, path: str) -> None:
    assert getattr(stranger, method)(at(made, path)).status_code == 404


def test_a_key_that_may_only_read(reader: APIClient, made: dict[str, Any]) -> None:
    assert reader.get(at(made, "health")).status_code == 200
    assert reader.get(at(made, "status-changes")).status_code == 200
    assert reader.post(at(made, "probe")).status_code == 403
    assert reader.patch(at(made, "health-policy"), {}, headers={"If-Match": '"1"'}).status_code == 403


def test_parameters_are_checked_here_too(api: APIClient, made: dict[str, Any]) -> None:
    assert errors_of(api.get(at(made, "health") + "?since=1")) == [
        ("since", "Unknown parameter. None is known here.")
    ]
    assert errors_of(api.get(at(made, "status-changes") + "?gateway_id=1")) == [
        ("gateway_id", "Enter a valid UUID.")
    ]
