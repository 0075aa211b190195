"""Readiness checks through the API: starting, reading, stopping."""

from __future__ import annotations

from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from tenants.context import tenant_context
from tenants.models import AuditEvent
from tests.conftest import Person
from tests.trunks.api.conftest import at, errors_of
from tests.trunks.conftest import make_trunk
from trunks.checks.services import checks as check_services
from trunks.models import Gateway, ReadinessCheck

_NO_NUMBER = "Write a number such as +14155550123, or an extension such as 100: digits alone."
STEP = {
    "name": "options",
    "result": "fail",
    "cause": "no_answer",
    "detail": "Nothing came back.",
    "fix": "…",
    "who": "carrier",
    "ms": 10_000,
    "target": "203.0.113.5:5060/udp",
}
MESSAGE = {
    "at_ms": 3,
    "direction": "sent",
    "summary": "OPTIONS",
    "text": "OPTIONS sip:x",
    "peer": "203.0.113.5:5060/udp",
    "method": "OPTIONS",
}


def found(person: Person, check_id: str, cause: str = "no_answer", steps: Any = None) -> None:
    """Let a worker have found this."""
    with tenant_context(person.tenant):
        check = ReadinessCheck.objects.get(pk=check_id)
        gateway = Gateway.objects.get()
        check.steps = [STEP] if steps is None else steps
        check.trace = [MESSAGE]
        run = {"gateway_id": str(gateway.pk), "uri": gateway.uri, "verdict": "fail", "cause": cause}
        check.runs = [{**run, "steps": len(check.steps), "duration_ms": 12}]
        check.state, check.verdict, check.cause, check.target = "finished", "fail", cause, gateway.uri
        check.started_at = check.finished_at = timezone.now()
        check.duration_ms = 12
        check.save()


def test_a_check_is_started_and_read(api: APIClient, alice: Person, made: dict[str, Any]) -> None:
    started = api.post(at(made, "checks"), {"call": "+1 415 555-0123", "caller": "100", "register": True})
    assert started.status_code == 202, started.json()
    body = started.json()
    assert (body["state"], body["verdict"], body["steps"], body["trace"]) == ("queued", None, [], [])
    assert (body["call"], body["caller"], body["register"]) == ("+14155550123", "100", True)
    assert (body["requested_kind"], body["requested_by"]) == ("api_key", "test key")
    assert body["warnings"] == [
        "One short call goes to +14155550123. It is hung up within seconds; your carrier may charge for it."
    ]
    found(alice, body["id"])
    read = api.get(at(made, "checks", body["id"])).json()
    assert {name: read[name] for name in ("id", "state", "verdict", "cause", "target", "duration_ms")} == {
        "id": body["id"],
        "state": "finished",
        "verdict": "fail",
        "cause": "no_answer",
        "target": "sip:sip.example.com;transport=tls",
        "duration_ms": 12,
    }
    assert read["steps"] == [STEP]
    assert read["trace"] == [{name: MESSAGE[name] for name in ("at_ms", "direction", "summary", "text")}]
    assert read["started_at"].endswith("Z")
    (listed,) = api.get(at(made, "checks") + "?state=finished&verdict=fail").json()["results"]
    assert {"steps", "trace"} & set(listed) == set()
    assert listed == {name: value for name, value in read.items() if name in listed} | {
        "started_at": listed["started_at"]
    }
    assert api.get(at(made, "checks") + "?verdict=pass").json()["results"] == []


def test_a_report_as_files(api: APIClient, alice: Person, made: dict[str, Any]) -> None:
    check = api.post(at(made, "checks"), {}).json()["id"]
    found(alice, check)
    text = api.get(at(made, "checks", check, "text"), headers={"Accept": "text/plain"})
    assert (text.status_code, text["Content-Type"]) == (200, "text/plain; charset=utf-8")
    assert text["Content-Disposition"] == f'attachment; filename="check-{check}.txt"'
    assert text.content.decode().endswith(f"      3 ms  -->  {'OPTIONS':<44}  203.0.113.5:5060/udp\n")
    capture = api.get(at(made, "checks", check, "pcap"))
    assert (capture.status_code, capture["Content-Type"]) == (200, "application/vnd.tcpdump.pcap")
    assert capture["Content-Disposition"] == f'attachment; filename="check-{check}.pcap"'
    assert capture.content.startswith(b"\xd4\xc3\xb2\xa1")
    assert capture.content.endswith(b"OPTIONS sip:x")


def test_there_is_no_capture_while_a_check_runs(api: APIClient, made: dict[str, Any]) -> None:
    check = api.post(at(made, "checks"), {}).json()["id"]
    early = api.get(at(made, "checks", check, "pcap"), headers={"Accept": "application/vnd.tcpdump.pcap"})
    assert (early.status_code, early["Content-Type"]) == (409, "application/problem+json")
    assert early.json()["type"] == "urn:callsphere:error:check_running"
    text = api.get(at(made, "checks", check, "text")).content.decode()
    assert text == "Waiting\n"


def test_the_same_request_twice_is_one_check(api: APIClient, made: dict[str, Any]) -> None:
    headers = {"Idempotency-Key": "k1"}
    first = api.post(at(made, "checks"), {}, headers=headers)
    again = api.post(at(made, "checks"), {}, headers=headers)
    assert (first.status_code, again.status_code) == (202, 202)
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.json() == first.json()


def test_one_check_of_a_trunk_at_a_time(api: APIClient, made: dict[str, Any]) -> None:
    api.post(at(made, "checks"), {})
    refused = api.post(at(made, "checks"), {})
    assert refused.status_code == 409
    assert refused.json()["type"] == "urn:callsphere:error:check_running"


def test_a_check_that_waits_is_stopped_at_once(api: APIClient, made: dict[str, Any]) -> None:
    check = api.post(at(made, "checks"), {}).json()
    stopped = api.post(at(made, "checks", check["id"], "cancel"))
    assert (stopped.status_code, stopped.json()["state"]) == (202, "cancelled")
    again = api.post(at(made, "checks", check["id"], "cancel"))
    assert (again.status_code, again.json()["type"]) == (409, "urn:callsphere:error:check_ended")
    assert api.post(at(made, "checks"), {}).status_code == 202


@pytest.mark.parametrize(
    ("body", "wrong"),
    [
        ({"call": "a b"}, ("call", _NO_NUMBER)),
        ({"call": "sip:a@b"}, ("call", _NO_NUMBER)),
        ({"call": "abc"}, ("call", _NO_NUMBER)),
        ({"call": "*69"}, ("call", _NO_NUMBER)),
        ({"call": "9-1-1"}, ("call", "Emergency numbers are never called by a check.")),
        ({"call": "911"}, ("call", "Emergency numbers are never called by a check.")),
        ({"call": "+112"}, ("call", "Emergency numbers are never called by a check.")),
        ({"caller": "100"}, ("caller", "Give a number to call as well.")),
        ({"numbr": "100"}, ("numbr", "Unknown field.")),
    ],
)
def test_wrong_input(
    api: APIClient, made: dict[str, Any], body: dict[str, Any], wrong: tuple[str, str]
) -> None:
    refused = api.post(at(made, "checks"), body)
    assert refused.status_code == 400
    field, message = errors_of(refused)[0]
    assert field == wrong[0]
    assert message.startswith(wrong[1].rstrip("."))


def test_all_that_is_wrong_is_said_at_once(api: APIClient, alice: Person) -> None:
    trunk = make_trunk(alice, "Plain", "sip:203.0.113.5")
    refused = api.post(
        f"/api/v1/trunks/{trunk.pk}/checks/", {"call": "abc", "caller": "*69", "register": True}
    )
    assert [field for field, _message in errors_of(refused)] == ["call", "caller", "register"]


def test_a_line_break_never_reaches_a_header(api: APIClient, made: dict[str, Any]) -> None:
    assert api.post(at(made, "checks"), {"call": "100\r\nRoute: <sip:x>"}).status_code == 400


def test_registering_needs_a_user_name(api: APIClient, alice: Person) -> None:
    trunk = make_trunk(alice, "Plain", "sip:203.0.113.5")
    refused = api.post(f"/api/v1/trunks/{trunk.pk}/checks/", {"register": True})
    assert errors_of(refused) == [
        ("register", "Add the user name and password that your carrier gave you first.")
    ]


def test_a_gateway_of_the_trunk(api: APIClient, made: dict[str, Any]) -> None:
    gateway = made["gateways"][0]["id"]
    check = api.post(at(made, "checks"), {"gateway_id": gateway}).json()
    assert check["gateway_id"] == gateway


def test_a_gateway_of_somebody_else(api: APIClient, charlie: Person, made: dict[str, Any]) -> None:
    theirs = make_trunk(charlie, "Theirs", "sip:203.0.113.9")
    with tenant_context(charlie.tenant):
        gateway = theirs.gateways.get()
    refused = api.post(at(made, "checks"), {"gateway_id": str(gateway.pk)})
    assert errors_of(refused) == [("gateway_id", "This trunk has no such gateway.")]


def test_a_trunk_without_gateways(api: APIClient, alice: Person) -> None:
    trunk = make_trunk(alice, "Empty")
    refused = api.post(f"/api/v1/trunks/{trunk.pk}/checks/", {})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callsphere:error:no_enabled_gateway")


def test_a_disabled_trunk(api: APIClient, made: dict[str, Any]) -> None:
    api.patch(at(made), {"is_enabled": False}, headers={"If-Match": '"1"'})
    refused = api.post(at(made, "checks"), {})
    assert (refused.status_code, refused.json()["type"]) == (409, "urn:callsphere:error:trunk_disabled")


def test_a_tenants_limit_says_when_to_try_again(
    api: APIClient, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(check_services, "CHECKS_PER_HOUR", 2)
    for _time in range(2):
        check = api.post(at(made, "checks"), {}).json()
        api.post(at(made, "checks", check["id"], "cancel"))
    refused = api.post(at(made, "checks"), {})
    assert (refused.status_code, refused.json()["type"]) == (429, "urn:callsphere:error:checked_too_often")
    assert 3500 < int(refused.headers["Retry-After"]) <= 3600
    assert refused.json()["detail"] == "You may start 2 checks an hour. Try again in 60 minutes."


def test_a_carriers_limit_counts_every_tenant(
    api: APIClient, stranger: APIClient, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("trunks.checks.limits.HOST_BURST", 1)
    body = {"name": "Same carrier", "gateways": [{"uri": "sip:SIP.example.com"}]}
    theirs = stranger.post("/api/v1/trunks/", body).json()
    assert stranger.post(at(theirs, "checks"), {}).status_code == 202
    refused = api.post(at(made, "checks"), {})
    assert (refused.status_code, refused.headers["Retry-After"]) == (429, "2")
    assert refused.json()["detail"] == (
        "This carrier is being checked very often just now. Try again in 2 seconds."
    )


def test_a_refused_address_is_told_like_a_name_that_does_not_exist(
    api: APIClient, alice: Person, made: dict[str, Any]
) -> None:
    check = api.post(at(made, "checks"), {}).json()
    target = {**STEP, "name": "target", "result": "pass", "cause": None, "detail": "sip:sip.example.com"}
    target |= {"target": None, "fix": None, "who": None}
    dns = {**STEP, "name": "dns", "target": None}

    def told(cause: str, detail: str, ms: int) -> dict[str, Any]:
        found(alice, check["id"], cause, [target, {**dns, "cause": cause, "detail": detail, "ms": ms}])
        read: dict[str, Any] = api.get(at(made, "checks", check["id"])).json()
        return {**read, "started_at": "", "finished_at": ""}

    refused = told("address_refused", "db.example.com: 10.0.0.7: inside 10.0.0.0/8", 3)
    missing = told("dns_not_found", "db.example.com: no address records", 9)
    assert refused == missing
    assert (refused["cause"], refused["steps"][1]["cause"]) == ("dns_not_found", "dns_not_found")
    assert "10.0.0.7" not in str(refused)
    assert refused["gateways"][0]["cause"] == "dns_not_found"


def test_where_a_contact_leads_inside_is_not_told(
    api: APIClient, alice: Person, made: dict[str, Any]
) -> None:
    check = api.post(at(made, "checks"), {}).json()
    ack = {**STEP, "name": "ack", "cause": "contact_unusable"}
    # However it is worded: a carrier chooses the words of what we quote.
    inside = "The Contact 10.0.0.7: inside 10.0.0.0/8"
    for flag in ({"discloses": True}, {}):
        found(alice, check["id"], "contact_unusable", [{**ack, "detail": inside, **flag}])
        (step,) = api.get(at(made, "checks", check["id"])).json()["steps"]
        assert step["detail"] == "No request can be sent to where the answer's Contact and Record-Route lead."
        assert set(step) == set(STEP)
    plain = "The Contact header is not readable. It has no URI."
    found(alice, check["id"], "contact_unusable", [{**ack, "detail": plain, "discloses": False}])
    (step,) = api.get(at(made, "checks", check["id"])).json()["steps"]
    assert step["detail"] == plain


def test_what_was_asked_for_is_in_the_log(api: APIClient, alice: Person, made: dict[str, Any]) -> None:
    api.post(at(made, "checks"), {"call": "100"})
    with tenant_context(alice.tenant):
        event = AuditEvent.objects.get(verb="trunk.check_requested")
    assert (event.actor_label, event.object_label, event.changes) == (
        "test key",
        "Telnyx",
        {"number_to_call": [None, "100"]},
    )


def test_others_find_nothing(stranger: APIClient, api: APIClient, made: dict[str, Any]) -> None:
    check = api.post(at(made, "checks"), {}).json()
    for method, parts in (
        ("get", []),
        ("post", []),
        ("get", [check["id"]]),
        ("get", [check["id"], "text"]),
        ("get", [check["id"], "pcap"]),
        ("post", [check["id"], "cancel"]),
    ):
        assert getattr(stranger, method)(at(made, "checks", *parts)).status_code == 404


def test_a_key_that_may_only_read(reader: APIClient, api: APIClient, made: dict[str, Any]) -> None:
    check = api.post(at(made, "checks"), {}).json()
    assert reader.get(at(made, "checks")).status_code == 200
    assert reader.get(at(made, "checks", check["id"])).status_code == 200
    assert reader.post(at(made, "checks"), {}).status_code == 403
    assert reader.post(at(made, "checks", check["id"], "cancel")).status_code == 403


def test_fifty_reports_are_kept(
    api: APIClient, alice: Person, made: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ReadinessCheck, "KEPT", 2)
    ids = []
    for _time in range(3):
        check = api.post(at(made, "checks"), {}).json()
        found(alice, check["id"])
        ids.append(check["id"])
    listed = [each["id"] for each in api.get(at(made, "checks")).json()["results"]]
    assert listed == [ids[2], ids[1]]
