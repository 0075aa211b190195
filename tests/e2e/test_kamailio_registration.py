"""A tenant's program has a trunk register, and sees what becomes of it.

Kamailio is the registrar; a real worker and a real beat register; everything the tenant does and sees goes
through the public API.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import httpx
import pytest
from pytest_django.live_server_helper import LiveServer

from tenants.context import platform_context
from tests.conftest import Person
from tests.e2e.workers import Background
from tests.peers import HERE
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio
from trunks.models import RegistrationStatus

pytestmark = pytest.mark.django_db(transaction=True)
PATIENCE_S = 90.0
T = TypeVar("T")
PASSWORD = "secret of clinic"
ENVIRONMENT = {"NETGUARD_ALLOW": "127.0.0.0/8"}


class Line:
    """A trunk of a tenant's program that registers at Kamailio."""

    def __init__(self, client: httpx.Client, registrar: str, secret: str) -> None:
        self._client = client
        trunk = {
            "name": "Carrier",
            "authentication": ["registration"],
            "registration": {
                "registrar": registrar,
                "username": "clinic",
                "account": {"username": "clinic", "secret": secret},
            },
        }
        made = client.post("/trunks/", json=trunk)
        assert made.status_code == 201, made.text
        self._trunk = f"/trunks/{made.json()['id']}/"
        self._address = f"{self._trunk}registration/"

    def send(self, action: str) -> None:
        """Press a button: pause, resume, register-now."""
        response = self._client.post(f"{self._address}{action}/")
        assert response.status_code in (200, 202), response.text

    def enter(self, secret: str) -> None:
        """Enter the password again."""
        version = self.read().headers["ETag"]
        change = {"secret": secret, "credential_id": self.read().json()["credential_id"]}
        response = self._client.patch(self._address, json=change, headers={"If-Match": version})
        assert response.status_code == 200, response.text

    def delete(self) -> None:
        """Delete the registration."""
        headers = {"If-Match": self.read().headers["ETag"]}
        assert self._client.delete(self._address, headers=headers).status_code == 204

    def read(self) -> httpx.Response:
        """Read the registration."""
        response = self._client.get(self._address)
        assert response.status_code == 200, response.text
        return response

    def wait_for(self, state: str, *, code: int | None = None) -> dict[str, Any]:
        """Return what is known as soon as it is in this state."""
        return wait_until(
            lambda: self.read().json()["status"],
            lambda found: found["state"] == state and (code is None or found["code"] == code),
        )

    def attempts(self) -> list[dict[str, Any]]:
        """Return the last attempts with their messages, the oldest first."""
        ids = [row["id"] for row in self._client.get(f"{self._address}attempts/").json()["results"]]
        return [self._client.get(f"{self._address}attempts/{each}/").json() for each in reversed(ids)]

    def moves(self) -> list[str]:
        """Return the states that it had, in order."""
        rows = self._client.get(f"{self._address}changes/").json()["results"]
        return [row["to_state"] for row in reversed(rows)]

    def incidents(self) -> list[tuple[str, str, str]]:
        """Return kind, state and title of the tenant's incidents, in order."""
        rows = self._client.get("/incidents/").json()["results"]
        return [(row["kind"], row["state"], row["title"]) for row in reversed(rows)]


def wait_until(read: Callable[[], T], holds: Callable[[T], bool]) -> T:
    """Return what is read as soon as it is as wanted."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds(found := read()):
        assert time.monotonic() < deadline, f"not within {PATIENCE_S:g} s: {found}"
        time.sleep(0.1)
    return found


def bindings(kamailio: Kamailio) -> list[str]:
    """Return the Contacts that Kamailio named in its last 200 to a REGISTER."""
    answers = [each.data for each in kamailio.wire() if not each.received and b" 200 OK" in each.data[:20]]
    return [found.decode() for found in re.findall(rb"\r\nContact: ([^\r]*)", answers[-1])]


def registers(kamailio: Kamailio) -> int:
    """How many REGISTERs Kamailio has received so far."""
    return sum(each.received and each.data.startswith(b"REGISTER ") for each in kamailio.wire())


def let_time_pass() -> None:
    """Make what waits for its next attempt due; what waits for an edit goes on waiting."""
    with platform_context("skip the waiting"):
        RegistrationStatus.objects.exclude(next_attempt_at=None).update(
            next_attempt_at="2000-01-01T00:00Z", has_slot=True
        )


@pytest.fixture
def kamailio(tmp_path: Path) -> Iterator[Kamailio]:
    pair = Authority(tmp_path).issue(["127.0.0.1"])
    with Kamailio(tmp_path, pair, template=HERE / "registrar.cfg") as kamailio:
        yield kamailio


@pytest.fixture
def client(live_server: LiveServer, alice: Person) -> Iterator[httpx.Client]:
    headers = {"Authorization": f"Bearer {alice.api_token()}"}
    with httpx.Client(base_url=f"{live_server.url}/api/v1", headers=headers, timeout=60) as client:
        yield client


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_line_registers_outlives_its_registrar_and_is_taken_away(
    client: httpx.Client, kamailio: Kamailio, transport: str
) -> None:
    with Background(ENVIRONMENT):
        line = Line(client, f"sip:127.0.0.1:{kamailio.port};transport={transport}", PASSWORD)
        status = line.wait_for("registered")
        assert (status["code"], status["granted_s"], status["problem"]) == (200, 3600, None)
        assert len(bindings(kamailio)) == 1
        (attempt,) = line.attempts()
        assert [each["summary"] for each in attempt["messages"]] == [
            "REGISTER",
            "401 Unauthorized",
            "REGISTER",
            "200 OK",
        ]
        assert "Authorization: [redacted]" in attempt["messages"][2]["text"]
        assert PASSWORD not in str(attempt)

        kamailio.stop()
        line.send("register-now")
        status = line.wait_for("unreachable")
        assert (status["cause"]["code"], status["cause"]["who"]) == ("connect_refused", "carrier")
        assert status["problem"]["plan"].startswith("We try again at ")

        kamailio.start()
        line.wait_for("registered")
        assert len(bindings(kamailio)) == 1
        assert line.moves() == ["registered", "unreachable", "registered"]

        line.send("pause")
        wait_until(lambda: bindings(kamailio), lambda found: found == [])
        assert line.wait_for("paused")["expires_at"] is None
        line.send("resume")
        line.wait_for("registered")
        assert len(bindings(kamailio)) == 1

        line.delete()
        wait_until(lambda: bindings(kamailio), lambda found: found == [])


def test_a_wrong_password_is_tried_twice_and_then_waits_for_an_edit(
    client: httpx.Client, kamailio: Kamailio
) -> None:
    with Background(ENVIRONMENT) as background:
        line = Line(client, f"sip:127.0.0.1:{kamailio.port}", "guessed")
        status = line.wait_for("rejected")
        assert (status["cause"]["code"], status["cause"]["who"]) == ("credentials_rejected", "you")
        assert status["next_attempt_at"] is not None
        let_time_pass()
        wait_until(line.attempts, lambda attempts: len(attempts) == 2)
        status = line.wait_for("rejected")
        assert status["next_attempt_at"] is None
        assert status["problem"]["plan"].startswith("We do not ask again by ourselves")

        heard = registers(kamailio)
        let_time_pass()
        for _time in range(3):
            background.tick("trunks.refresh_registrations")
            time.sleep(1)
        assert (line.read().json()["status"], registers(kamailio)) == (status, heard)

        line.enter(PASSWORD)
        assert line.wait_for("registered")["problem"] is None
        assert line.moves() == ["rejected", "registering", "registered"]
        title = "Carrier is refused registration: user name or password is wrong"
        assert line.incidents() == [("registration", "resolved", title)]
