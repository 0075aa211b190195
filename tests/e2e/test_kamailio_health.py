"""The main job on real input: a tenant's program connects a trunk, and sees whether the far end is alive.

Kamailio plays the carrier over UDP, TCP and TLS; a real worker and a real beat look after it; everything the
tenant does and sees goes through the public API.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from threading import Event
from typing import Any

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from tenants.context import platform_context
from tests.conftest import Person
from tests.e2e.workers import Background
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio
from tests.peers.scripted import UdpPeer, answer_to
from trunks.models import GatewayHealth

pytestmark = pytest.mark.django_db(transaction=True)
FAILURES, SUCCESSES = 3, 2
PATIENCE_S = 90.0


class Customer:
    """A tenant's program, with an API key and nothing else."""

    def __init__(self, base_url: str, token: str) -> None:
        self._client = httpx.Client(
            base_url=f"{base_url}/api/v1", headers={"Authorization": f"Bearer {token}"}, timeout=60
        )

    def __enter__(self) -> Customer:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._client.close()

    def connect_trunk(self, *uris: str) -> str:
        """Make a trunk with gateways, looked at once and then on request only, and return its id."""
        policy = {"interval_s": 600, "failures_to_down": FAILURES, "successes_to_up": SUCCESSES}
        body = {"name": "Carrier", "gateways": [{"uri": uri} for uri in uris], "health_policy": policy}
        response = self._client.post("/trunks/", json=body)
        assert response.status_code == 201, response.text
        return str(response.json()["id"])

    def health(self, trunk: str) -> dict[str, Any]:
        """Return what is known of the trunk now."""
        response = self._client.get(f"/trunks/{trunk}/health/")
        assert response.status_code == 200, response.text
        return dict(response.json())

    def look(self, trunk: str) -> dict[str, Any]:
        """Ask for a look at every gateway now, and return what is known after it."""
        before = [gateway["last_answer"]["at"] for gateway in self.health(trunk)["gateways"]]
        response = self._client.post(f"/trunks/{trunk}/probe/")
        assert response.status_code == 202, response.text
        return self.wait_until(
            trunk,
            lambda health: all(
                gateway["last_answer"]["at"] > at
                for gateway, at in zip(health["gateways"], before, strict=True)
            ),
        )

    def wait_until(self, trunk: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """Return what is known of the trunk as soon as it is as wanted."""
        deadline = time.monotonic() + PATIENCE_S
        while not holds(health := self.health(trunk)):
            assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s: {health}"
            time.sleep(0.1)
        return health

    def changes(self, trunk: str) -> list[dict[str, Any]]:
        """Return how the states of the trunk's gateways changed, the newest first."""
        response = self._client.get(f"/trunks/{trunk}/status-changes/")
        assert response.status_code == 200, response.text
        return list(response.json()["results"])


@pytest.fixture
def customer(live_server: LiveServer, alice: Person) -> Iterator[Customer]:
    with Customer(live_server.url, alice.api_token()) as customer:
        yield customer


def states(health: dict[str, Any]) -> list[str]:
    return [gateway["state"] for gateway in health["gateways"]]


def causes(health: dict[str, Any]) -> list[str | None]:
    return [gateway["cause"] and gateway["cause"]["code"] for gateway in health["gateways"]]


def test_a_trunk_goes_up_down_and_up_again_with_its_carrier(customer: Customer, tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    kamailio = Kamailio(tmp_path, authority.issue(["127.0.0.1"]))
    with kamailio, Background({"NETGUARD_ALLOW": "127.0.0.0/8", "SIP_CA_FILE": str(authority.ca_file)}):
        trunk = customer.connect_trunk(
            f"sip:127.0.0.1:{kamailio.port}",
            f"sip:127.0.0.1:{kamailio.port};transport=tcp",
            f"sips:127.0.0.1:{kamailio.tls_port}",
        )
        health = customer.wait_until(trunk, lambda health: "unknown" not in states(health))
        assert (health["state"], states(health), causes(health)) == ("up", ["up"] * 3, [None] * 3)
        answers = [gateway["last_answer"] for gateway in health["gateways"]]
        assert [(answer["status"], answer["reason"]) for answer in answers] == [(200, "Keepalive")] * 3
        assert sorted(answer["target"].rpartition("/")[2] for answer in answers) == ["tcp", "tls", "udp"]

        kamailio.stop()
        for _ in range(FAILURES - 1):
            health = customer.look(trunk)
            assert (states(health), causes(health)) == (["up"] * 3, ["connect_refused"] * 3)
        health = customer.look(trunk)
        assert (health["state"], states(health), causes(health)) == (
            "down",
            ["down"] * 3,
            ["connect_refused"] * 3,
        )

        kamailio.start()
        for _ in range(SUCCESSES - 1):
            assert states(customer.look(trunk)) == ["down"] * 3
        health = customer.look(trunk)
        assert (health["state"], states(health), causes(health)) == ("up", ["up"] * 3, [None] * 3)

    moves = [(change["from_state"], change["to_state"]) for change in customer.changes(trunk)]
    assert moves == [("down", "up")] * 3 + [("up", "down")] * 3 + [("unknown", "up")] * 3


def test_what_a_killed_worker_had_taken_is_done_by_the_next(customer: Customer) -> None:
    asked = Event()
    answering = Event()

    def script(peer: UdpPeer, request: bytes, source: tuple[str, int]) -> None:
        asked.set()
        if answering.is_set():
            peer.send(answer_to(request), source)

    with UdpPeer(script) as peer:
        with Background({"NETGUARD_ALLOW": "127.0.0.0/8"}, beat=False) as background:
            trunk = customer.connect_trunk(f"sip:127.0.0.1:{peer.port}")
            background.tick()
            assert asked.wait(PATIENCE_S)
            background.kill()
        answering.set()
        assert states(customer.health(trunk)) == ["unknown"]
        with platform_context("let the lease end"):
            lent = GatewayHealth.objects.get()
            assert (lent.claim, lent.probe_count) == (1, 0)
            GatewayHealth.objects.update(next_probe_at=lent.created_at)
        with Background({"NETGUARD_ALLOW": "127.0.0.0/8"}, beat=False) as background:
            background.tick()
            health = customer.wait_until(trunk, lambda health: states(health) != ["unknown"])
    assert states(health) == ["up"]
