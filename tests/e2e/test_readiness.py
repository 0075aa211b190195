"""Readiness checks by real workers: a whole report, and calls that outlive the worker that placed them."""

from __future__ import annotations

import ssl
import time
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from tenants.context import tenant_context
from tests.conftest import Person
from tests.e2e.workers import Background
from tests.peers.certificates import Authority, server_context
from tests.sip.carriers.laboratory import PASSWORD, USER, Carrier, Heard, Send, serving
from tests.trunks.checks.running import ask, stored
from tests.trunks.conftest import make_trunk
from tests.waiting import wait_until
from trunks import services
from trunks.models import PlacedCall, Trunk

pytestmark = pytest.mark.django_db(transaction=True)
NUMBER = "+14155550123"
CHALLENGE = 'realm="lab", nonce="n1", qop="auth", algorithm=SHA-256'
LOOPBACK = {"NETGUARD_ALLOW": "127.0.0.0/8"}


def test_a_program_has_its_trunk_checked(live_server: LiveServer, alice: Person, tmp_path: Path) -> None:
    carrier = Carrier(challenge=CHALLENGE)
    trusting, tls = secured(tmp_path)
    environment = {**LOOPBACK, **trusting}
    with serving(carrier, "tls", tls) as uri, Background(environment):
        client = httpx.Client(
            base_url=f"{live_server.url}/api/v1",
            headers={"Authorization": f"Bearer {alice.api_token()}"},
            timeout=60,
        )
        body = {
            "name": "Carrier",
            "gateways": [{"uri": uri}],
            "credentials": [{"username": USER, "secret": PASSWORD}],
        }
        trunk = client.post("/trunks/", json=body).json()
        asked = {"call": NUMBER, "register": True}
        started = client.post(f"/trunks/{trunk['id']}/checks/", json=asked)
        assert started.status_code == 202, started.text
        address = f"/trunks/{trunk['id']}/checks/{started.json()['id']}/"
        wait_until(
            lambda: client.get(address).json()["state"] == "finished", lambda: client.get(address).text
        )
        report = client.get(address).json()
        client.close()
    assert (report["verdict"], report["cause"], report["target"]) == ("pass", None, uri), report
    assert {step["result"] for step in report["steps"]} == {"pass"}
    assert len(report["steps"]) == 12
    assert PASSWORD not in str(report)
    assert [message["summary"] for message in report["trace"]][-2:] == ["REGISTER", "200 OK"]


class Ringing(Carrier):
    """Lets every call ring."""

    def invite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "180 Ringing")


class Holding(Carrier):
    """Answers, and never says what becomes of the hold: the call is up for a while."""

    def reinvite(self, request: Heard, send: Send) -> None:
        self.reply(send, request, "100 Trying", tag=None)


def outlived(
    alice: Person, trunk: Trunk, in_call: Callable[[], Any], **environment: str
) -> tuple[float, Any]:
    """Kill the worker of a check in the middle of its call while another runs; return when it was killed."""
    settings = {**LOOPBACK, **environment}
    # Both are up before the call begins: it does not ring for as long as a worker may take to start.
    with (
        Background(settings, beat=False) as first,
        Background(settings, beat=False, apart=True) as second,
    ):
        check = ask(alice, trunk, call=NUMBER)
        first.tick("trunks.run_checks")
        wait_until(in_call)
        assert stored(alice, check.pk).state == "running"
        killed_at = time.monotonic()
        first.kill()
        second.start_beat()
        wait_until(lambda: stored(alice, check.pk).state == "failed")
        wait_until(lambda: ended_call(alice).state == "ended")
    return killed_at, stored(alice, check.pk)


def ended_call(person: Person) -> PlacedCall:
    with tenant_context(person.tenant):
        return PlacedCall.objects.get()


@pytest.mark.parametrize("transport", ["udp", "tcp", "tls"])
def test_a_call_that_rings_when_its_worker_dies_is_cancelled(
    alice: Person, tmp_path: Path, transport: str
) -> None:
    carrier = Ringing()
    environment, tls = secured(tmp_path) if transport == "tls" else ({}, None)
    with serving(carrier, transport, tls) as uri:
        trunk = make_trunk(alice, "Main", uri)
        killed_at, check = outlived(alice, trunk, lambda: carrier.of("INVITE"), **environment)
    assert check.problem.startswith("The check was interrupted on our side.")
    (invite,), (cancel, *_more) = carrier.of("INVITE"), carrier.of("CANCEL")
    assert (cancel.branch, cancel.get("call-id"), cancel.cseq) == (
        invite.branch,
        invite.get("call-id"),
        invite.cseq,
    )
    assert cancel.at > killed_at
    assert ended_call(alice).outcome.startswith("CANCEL: 200")


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_that_was_answered_when_its_worker_dies_is_hung_up(alice: Person, transport: str) -> None:
    carrier = Holding()
    with serving(carrier, transport) as uri:
        trunk = make_trunk(alice, "Main", uri)
        in_call = lambda: len(carrier.of("INVITE")) > 1  # noqa: E731 (the re-INVITE of the hold)
        killed_at, _check = outlived(alice, trunk, in_call)
    invite, hold = carrier.of("INVITE")[:2]
    bye = carrier.of("BYE")[0]
    assert (bye.get("call-id"), bye.tag("from"), bye.tag("to")) == (
        invite.get("call-id"),
        invite.tag("from"),
        "carrier",
    )
    assert bye.cseq > hold.cseq
    assert bye.at > killed_at
    assert ended_call(alice).outcome == "BYE: 200"


def test_a_worker_that_is_asked_to_end_hangs_up_itself(alice: Person) -> None:
    carrier = Ringing()
    with serving(carrier) as uri:
        trunk = make_trunk(alice, "Main", uri)
        with Background(LOOPBACK, beat=False) as background:
            check = ask(alice, trunk, call=NUMBER)
            background.tick("trunks.run_checks")
            wait_until(lambda: carrier.of("INVITE"))
        assert len(carrier.of("CANCEL")) == 1
    found = stored(alice, check.pk)
    assert (found.state, found.trace[-1]["summary"]) == ("failed", "ACK")
    assert (ended_call(alice).state, ended_call(alice).outcome) == ("ended", "")


def test_somebody_who_looks_stops_a_check(alice: Person) -> None:
    carrier = Ringing()
    with serving(carrier) as uri, Background(LOOPBACK):
        check = ask(alice, make_trunk(alice, "Main", uri), call=NUMBER)
        wait_until(lambda: carrier.of("INVITE"))
        with tenant_context(alice.tenant):
            services.cancel_check(tenant=alice.tenant, actor=alice.actor, check=check)
        wait_until(lambda: stored(alice, check.pk).state == "cancelled")
        assert len(carrier.of("CANCEL")) == 1


def secured(folder: Path) -> tuple[dict[str, str], ssl.SSLContext]:
    """What a worker needs to trust a carrier's certificate, and the carrier's side of it."""
    authority = Authority(folder)
    pair = authority.issue(["127.0.0.1"], ends=timedelta(days=90))
    return {"SIP_CA_FILE": str(authority.ca_file)}, server_context(pair)
