"""`sip check` against healthy carriers over every transport, and what it leaves out when not asked."""

from __future__ import annotations

import io
import json
import ssl
from argparse import ArgumentParser
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from callsphere.sip.check.report import STEPS
from callsphere.sip.check_cli import add_check_arguments, run_check
from callsphere.sip.message import Request, Response
from tests.peers import free_port
from tests.peers.certificates import Authority
from tests.peers.scripted import StreamPeer, UdpPeer
from tests.sip.answering import Carrier, over_udp, serve

NUMBER = "+14155550123"
PASSWORD = "correct horse battery"


@pytest.fixture
def carrier() -> Carrier:
    return Carrier()


@pytest.fixture
def peer(carrier: Carrier) -> Iterator[UdpPeer]:
    with over_udp(carrier) as peer:
        yield peer


@pytest.mark.parametrize("number", ["911", "+911", "tel:112", "9-9-9", "+1 1 9"])
def test_emergency_numbers_are_never_called(number: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        check("sip:127.0.0.1:9", "--call", number)
    assert ended.value.code == 2
    assert "emergency numbers are never called by a check" in capsys.readouterr().err


def check(*args: str) -> tuple[int, dict[str, Any], str]:
    """Exit code, the object printed, and error output."""
    parser = ArgumentParser()
    add_check_arguments(parser)
    out, err = io.StringIO(), io.StringIO()
    code = run_check(vars(parser.parse_args(["--timeout", "60", *args, "--json"])), out, err)
    return code, json.loads(out.getvalue() or "{}"), err.getvalue()


def results(report: dict[str, Any]) -> dict[str, tuple[str, str | None]]:
    """Result and cause of each step."""
    return {step["name"]: (step["result"], step["cause"]) for step in report["steps"]}


def whole_call(carrier: Carrier) -> None:
    """Assert that a whole call was made and ended."""
    assert carrier.asked(
        *("OPTIONS", "INVITE", "ACK"),
        *("INVITE", "ACK", "INVITE", "ACK"),
        *("UPDATE", "BYE"),
    )
    inside = [request for request in carrier.requests if request.call_id == carrier.requests[-1].call_id]
    assert [request.cseq.number for request in inside] == [1, 1, 2, 2, 3, 3, 4, 5]
    assert len({request.via.branch for request in inside}) == len(inside)
    assert {request.from_tag for request in inside} == {inside[0].from_tag}
    assert [b"a=sendonly" in request.body for request in inside if request.body] == [False, True, False]


def test_a_healthy_carrier_passes_over_udp(carrier: Carrier, peer: UdpPeer) -> None:
    code, report, err = check(f"sip:127.0.0.1:{peer.port}", "--allow-private", "--call", NUMBER)
    assert (code, err) == (0, "")
    keys = ["verdict", "cause", "target", "started_at", "duration_ms", "steps", "trace"]
    assert list(report) == keys
    assert (report["verdict"], report["cause"], report["target"]) == (
        "pass",
        None,
        f"sip:127.0.0.1:{peer.port}",
    )
    assert [step["name"] for step in report["steps"]] == list(STEPS)
    not_tried = {"connect", "tls", "register"}
    expected = {name: ("skipped" if name in not_tried else "pass", None) for name in STEPS}
    assert results(report) == expected
    assert list(report["steps"][0]) == ["name", "result", "cause", "detail", "fix", "who", "ms", "target"]
    assert {step["target"] for step in report["steps"][1:]} == {f"127.0.0.1:{peer.port}/udp"}
    assert list(report["trace"][0]) == ["at_ms", "direction", "summary", "text"]
    assert [entry["summary"] for entry in report["trace"][:2]] == ["OPTIONS", "200 OK"]
    whole_call(carrier)


def test_a_healthy_carrier_passes_over_tcp(carrier: Carrier) -> None:
    with StreamPeer(lambda connection: serve(carrier, connection)) as peer:
        carrier.contact = f"sip:carrier@127.0.0.1:{peer.port};transport=tcp"
        uri = f"sip:127.0.0.1:{peer.port};transport=tcp"
        code, report, _ = check(uri, "--allow-private", "--call", NUMBER)
        assert peer.accepted == 1
    assert (code, report["cause"]) == (0, None)
    assert results(report)["connect"] == ("pass", None)
    whole_call(carrier)


def test_a_healthy_carrier_passes_over_tls(carrier: Carrier, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    pair = authority.issue(["127.0.0.1"])
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pair.certificate, pair.key)
    with StreamPeer(lambda connection: serve(carrier, connection), context) as peer:
        carrier.contact = f"sips:carrier@127.0.0.1:{peer.port}"
        uri = f"sips:127.0.0.1:{peer.port}"
        code, report, _ = check(uri, "--allow-private", "--call", NUMBER, "--ca-file", str(authority.ca_file))
    assert (code, report["cause"]) == (0, "tls_expires_soon")  # the test's certificate lasts ten days
    assert results(report)["tls"] == ("warn", "tls_expires_soon")
    assert all(request.uri.startswith("sips:") for request in carrier.requests)
    whole_call(carrier)


def test_a_challenged_call_and_registration_are_answered(tmp_path: Path) -> None:
    carrier = Carrier(password=PASSWORD)
    file = tmp_path / "password"
    file.write_text(f"{PASSWORD}\n")
    with over_udp(carrier) as peer:
        code, report, _ = check(
            *(f"sip:127.0.0.1:{peer.port}", "--allow-private", "--call", NUMBER, "--register"),
            *("--username", "alice", "--password-file", str(file)),
        )
    assert (code, report["verdict"], report["cause"]) == (0, "pass", None)
    registers = [request for request in carrier.requests if request.method == "REGISTER"]
    assert [request.cseq.number for request in registers] == [1, 2, 3]
    assert len({request.call_id for request in registers}) == 1
    contacts = [request.headers.get("contact") or "" for request in registers]
    assert [contact.rpartition(";")[2] for contact in contacts] == ["expires=300", "expires=300", "expires=0"]
    assert len({contact.rpartition(";")[0] for contact in contacts}) == 1
    assert carrier.methods[-2:] == ["BYE", "REGISTER"]
    assert PASSWORD not in json.dumps(report)
    assert 'response="' not in json.dumps(report["trace"])


def test_wrong_credentials_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CALLSPHERE_SIP_PASSWORD", "wrong password")
    carrier = Carrier(password=PASSWORD)
    with over_udp(carrier) as peer:
        code, report, _ = check(
            *(f"sip:127.0.0.1:{peer.port}", "--allow-private", "--call", NUMBER, "--username", "alice"),
        )
        assert carrier.asked("OPTIONS", "INVITE", "ACK", "INVITE", "ACK")
    assert (code, report["verdict"], report["cause"]) == (1, "fail", "credentials_rejected")


def test_without_a_call_only_options_is_asked(carrier: Carrier, peer: UdpPeer) -> None:
    code, report, _ = check(f"sip:127.0.0.1:{peer.port}", "--allow-private")
    assert (code, report["verdict"]) == (0, "pass")
    assert carrier.asked("OPTIONS")
    assert results(report)["invite"] == ("skipped", None)


@pytest.mark.parametrize(
    ("status", "cause"),
    [
        (302, "redirected"),
        (402, "payment_required"),
        (403, "ip_not_allowed"),
        (404, "number_not_found"),
        (420, "extension_required"),
        (480, "call_not_answered"),
        (482, "loop_detected"),
        (484, "number_incomplete"),
        (488, "media_rejected"),
        (499, "unexpected_answer"),
        (500, "carrier_error"),
        (503, "carrier_overloaded"),
        (603, "declined"),
    ],
)
def test_a_refused_call_is_named(carrier: Carrier, peer: UdpPeer, status: int, cause: str) -> None:
    def refuse(request: Request) -> Response:
        return request.respond(status, to_tag="carrier")

    carrier.answers["INVITE"] = refuse
    code, report, _ = check(f"sip:127.0.0.1:{peer.port}", "--allow-private", "--call", NUMBER)
    assert (code, report["verdict"], report["cause"]) == (1, "fail", cause)
    assert carrier.asked("OPTIONS", "INVITE", "ACK")
    assert results(report)["bye"] == ("skipped", None)


def test_a_busy_number_is_a_warning(carrier: Carrier, peer: UdpPeer) -> None:
    carrier.answers["INVITE"] = lambda request: request.respond(486, to_tag="carrier")
    code, report, _ = check(f"sip:127.0.0.1:{peer.port}", "--allow-private", "--call", NUMBER)
    assert (code, report["verdict"], report["cause"]) == (0, "warn", "busy")
    invite = next(step for step in report["steps"] if step["name"] == "invite")
    assert invite["who"] is None


def test_a_carrier_that_ignores_options_but_takes_calls_is_a_warning(carrier: Carrier, peer: UdpPeer) -> None:
    carrier.answers["OPTIONS"] = lambda request: None
    uri = f"sip:127.0.0.1:{peer.port}"
    code, report, _ = check(uri, "--allow-private", "--call", NUMBER, "--timeout", "2")
    assert (code, report["verdict"], report["cause"]) == (0, "warn", "no_answer")
    assert results(report)["options"] == ("warn", "no_answer")
    assert results(report)["bye"] == ("pass", None)


def test_what_rings_too_long_is_cancelled(carrier: Carrier, peer: UdpPeer) -> None:
    carrier.answers["INVITE"] = lambda request: request.respond(180, to_tag="carrier")
    carrier.answers["CANCEL"] = lambda request: request.respond(200, to_tag="carrier")
    code, report, _ = check(
        *(f"sip:127.0.0.1:{peer.port}", "--allow-private", "--call", NUMBER, "--ring-timeout", "2")
    )
    assert (code, report["cause"]) == (1, "call_not_answered")
    assert carrier.asked("OPTIONS", "INVITE", "CANCEL")
    invite, cancel = carrier.requests[1:]
    assert (cancel.via, cancel.uri, cancel.cseq.number) == (invite.via, invite.uri, invite.cseq.number)


def test_a_closed_port_and_a_refused_address_are_told_apart() -> None:
    code, report, _ = check(f"sip:127.0.0.1:{free_port()}", "--allow-private", "--call", NUMBER)
    assert (code, report["cause"]) == (1, "connect_refused")
    code, report, _ = check("sip:127.0.0.1:5070")
    assert (code, report["cause"]) == (1, "address_refused")
    assert results(report)["target"] == ("fail", "address_refused")
    assert report["trace"] == []


def test_an_unusable_address_fails_and_unusable_arguments_print_nothing(tmp_path: Path) -> None:
    code, report, _ = check("sip:bad host")
    assert (code, report["verdict"], report["cause"]) == (1, "fail", "uri_invalid")
    assert [step["result"] for step in report["steps"]] == ["fail", *["skipped"] * (len(STEPS) - 1)]
    code, report, err = check("sip:127.0.0.1", "--username", "u", "--password-file", str(tmp_path / "none"))
    assert (code, report) == (2, {})
    assert err == "The password file cannot be read: No such file or directory.\n"


def test_people_see_steps_causes_and_the_ladder(carrier: Carrier, peer: UdpPeer) -> None:
    carrier.timer = False
    parser = ArgumentParser()
    add_check_arguments(parser)
    out = io.StringIO()
    args = [f"sip:127.0.0.1:{peer.port}", "--allow-private", "--call", NUMBER, "--trace"]
    assert run_check(vars(parser.parse_args(args)), out, io.StringIO()) == 0
    lines = out.getvalue().splitlines()
    assert lines[0] == f"Readiness check of sip:127.0.0.1:{peer.port}"
    assert [line.split()[1] for line in lines[1:] if line[2:6] in ("pass", "warn", "skip")] == list(STEPS)
    assert "          Long calls are not watched (session_timer_absent). Who: the carrier." in lines
    assert "WARN after" in out.getvalue()
    assert any("-->  INVITE" in line for line in lines)
    assert any("<--  200 OK (BYE)" in line for line in lines)
    assert "\x1b" not in out.getvalue()
