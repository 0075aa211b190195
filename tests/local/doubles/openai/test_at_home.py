"""`make run` starts the double when no key is configured, and only then."""

import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from callsphere.local import environment, ports
from callsphere.local.doubles.openai import at_home
from callsphere.local.errors import CannotStart
from callsphere.local.procfile import commands

GENERATED = environment.secret_values()
NAMES = ("OPENAI_API_KEY", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET", "OPENAI_BASE_URL")


@pytest.fixture(autouse=True)
def _nothing_given(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in NAMES:
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(f"{name}_FILE", raising=False)


def test_address_is_kept_from_start_to_start() -> None:
    first = at_home.address(GENERATED)

    assert first.startswith("http://127.0.0.1:")
    assert at_home.address({**GENERATED, "OPENAI_BASE_URL": first}) == first


def test_real_key_in_the_file_needs_none() -> None:
    assert (
        at_home.address({**GENERATED, "OPENAI_API_KEY": "sk-proj-1", "OPENAI_BASE_URL": "http://x:1"}) == ""
    )


def test_real_key_of_the_process_needs_its_project_and_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY_FILE", "/run/secrets/openai_api_key")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "proj_1")
    with pytest.raises(CannotStart, match="so OPENAI_WEBHOOK_SECRET is needed too"):
        at_home.address(GENERATED)

    monkeypatch.setenv("OPENAI_WEBHOOK_SECRET", "whsec_MQ==")
    assert at_home.address(GENERATED) == ""


def test_address_of_the_process_is_left_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:9")

    assert at_home.address(GENERATED) == ""


@pytest.mark.parametrize("with_openai", [True, False])
def test_its_process_is_one_of_those_that_are_started(tmp_path: Path, with_openai: bool) -> None:
    found = {
        each.name: each.env
        for each in commands(port=8000, folder=tmp_path, with_sandbox=False, with_openai=with_openai)
    }

    assert found.get("openai") == (
        {"OPENAI_DOUBLE_WEBHOOK_URL": "http://127.0.0.1:8000/webhooks/openai/"} if with_openai else None
    )


def test_process_says_when_it_is_ready_and_ends_when_told(tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{ports.choose(f'{tmp_path} openai')}"
    env = {**{name: GENERATED[name] for name in NAMES[:3]}, "OPENAI_BASE_URL": url}
    process = subprocess.Popen(
        [sys.executable, "-m", "callsphere.local.doubles.openai"],
        env={"PATH": "/usr/bin:/bin", **env},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        said = process.stdout.readline()
        call = {"to": f"sip:{GENERATED['OPENAI_PROJECT_ID']}@sip.api.openai.com;transport=tls"}
        answer = httpx.post(f"{url}/_double/calls", json=call, trust_env=False, timeout=60)
        process.send_signal(signal.SIGTERM)
        code = process.wait(60)
    finally:
        process.kill()
        process.wait()

    assert said == f"openai double ready: {url}\n"
    assert (answer.status_code, code) == (201, 0)
