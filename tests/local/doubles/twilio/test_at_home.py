"""`make run` starts the double when no account is configured, and only then."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from callsphere.local import ports
from callsphere.local.doubles.twilio import at_home
from callsphere.local.errors import CannotStart
from callsphere.local.procfile import commands
from callsphere.providers.twilio.account import DOUBLE_PREFIX

GENERATED = {"TWILIO_ACCOUNT_SID": f"{DOUBLE_PREFIX}{'a' * 24}", "TWILIO_AUTH_TOKEN": "b" * 32}
REAL = "AC" + "9" * 32


@pytest.fixture(autouse=True)
def nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN", "TWILIO_AUTH_TOKEN_FILE", "TWILIO_BASE_URL"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        yield taken.getsockname()[1]


def test_address_is_kept_from_start_to_start() -> None:
    first = at_home.address(GENERATED)

    assert first.startswith("http://127.0.0.1:")
    assert at_home.address({**GENERATED, "TWILIO_BASE_URL": first}) == first


def test_address_moves_when_its_port_is_taken(taken_port: int) -> None:
    kept = {**GENERATED, "TWILIO_BASE_URL": f"http://127.0.0.1:{taken_port}"}

    assert at_home.address(kept) not in ("", kept["TWILIO_BASE_URL"])


def test_real_account_in_the_file_needs_none() -> None:
    assert at_home.address({**GENERATED, "TWILIO_ACCOUNT_SID": REAL, "TWILIO_BASE_URL": "http://x:1"}) == ""


def test_real_account_of_the_process_needs_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_ACCOUNT_SID", REAL)
    with pytest.raises(CannotStart, match="TWILIO_AUTH_TOKEN is needed too"):
        at_home.address(GENERATED)

    monkeypatch.setenv("TWILIO_AUTH_TOKEN_FILE", "/run/secrets/twilio_auth_token")
    assert at_home.address(GENERATED) == ""


def test_another_double_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TWILIO_BASE_URL", "http://127.0.0.1:9")

    assert at_home.address(GENERATED) == ""


@pytest.mark.parametrize("with_twilio", [True, False])
def test_its_process_is_one_of_those_that_are_started(tmp_path: Path, with_twilio: bool) -> None:
    found = commands(port=8000, folder=tmp_path, with_sandbox=False, with_twilio=with_twilio)

    assert ("twilio" in {each.name for each in found}) is with_twilio


def test_process_says_when_it_is_ready_and_ends_when_told(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{ports.choose(f'{tmp_path} twilio')}"
    env = {**GENERATED, "TWILIO_BASE_URL": url, "TWILIO_DOUBLE_STATE": str(tmp_path / "twilio.json")}
    process = subprocess.Popen(
        [sys.executable, "-m", "callsphere.local.doubles.twilio"],
        env={"PATH": "/usr/bin:/bin", **env},
        stdout=subprocess.PIPE,
        text=True,
    )
    kept = httpx.Client(trust_env=False, timeout=60)
    try:
        assert process.stdout
        said = process.stdout.readline()
        path = f"{url}/api.twilio.com/2010-04-01/Accounts.json"
        auth = (GENERATED["TWILIO_ACCOUNT_SID"], GENERATED["TWILIO_AUTH_TOKEN"])
        answer = kept.post(path, data={"FriendlyName": "acme"}, auth=auth)
        process.terminate()
        code = process.wait(60)
        # Its side closed that connection first; the next start takes the same port all the same.
        assert at_home.address({**GENERATED, "TWILIO_BASE_URL": url}) == url
    finally:
        kept.close()
        process.kill()
        process.wait()

    assert said == f"twilio double ready: {url}\n"
    assert (answer.status_code, code) == (201, 0)
    assert '"acme"' in (tmp_path / "twilio.json").read_text()
