"""`make run` for real, in a copy of this checkout: up, seen, stopped, and nothing left."""

import os
import shutil
import signal
import subprocess
import sys
import time
import urllib.request
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from callsphere.local import environment, ports
from callsphere.local.clean import MADE
from callsphere.local.home import remove_elsewhere
from callsphere.local.paths import ROOT, make_folder
from callsphere.local.sandbox.carriers import PORTS

NOT_COPIED = shutil.ignore_patterns(
    ".git", ".venv", ".local", "node_modules", "__pycache__", ".hypothesis", ".*_cache"
)
START = [sys.executable, "-m", "callsphere.local.run"]
# Variables that would make it use somebody else's servers or keys.
SETTINGS = (
    "DATABASE_",
    "REDIS_URL",
    "SECRET_KEY",
    "KEY_ENCRYPTION_KEYS",
    "SIP_",
    "SANDBOX",
    "EMAIL_",
    "STATIC_",
    "TWILIO_",
    "OPENAI_",
    "STRIPE_",
)


@dataclass
class Checkout:
    """A copy of the checkout, and a port for it."""

    folder: Path
    port: int

    def environment(self) -> dict[str, str]:
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith((*SETTINGS, "DJANGO_"))
        }
        # Every checkout begins at the same ports; one that starts at the same time would take them meanwhile.
        first = 16_000 + zlib.crc32(str(self.folder).encode()) % 39 * PORTS
        return {**kept, "PORT": str(self.port), "SANDBOX_PORT": str(ports.choose_block(first, PORTS))}

    def start(self, output: Path) -> subprocess.Popen[bytes]:
        with output.open("wb") as file:
            return subprocess.Popen(
                START, cwd=self.folder, env=self.environment(), stdout=file, stderr=subprocess.STDOUT
            )


@pytest.fixture
def checkout(local: Path) -> Iterator[Checkout]:
    folder = local.parent / "checkout"
    shutil.copytree(ROOT, folder, ignore=NOT_COPIED)
    make_folder(folder, 0o755)
    yield Checkout(folder, ports.choose(f"{folder} web"))
    remove_elsewhere(folder / ".local")


def descendants(pid: int) -> set[int]:
    children = Path(f"/proc/{pid}/task/{pid}/children")
    if not children.exists():
        return set()
    found = {int(each) for each in children.read_text().split()}
    return found.union(*(descendants(each) for each in found))


def left_of(family: set[int], *, seconds: float) -> set[int]:
    """Those that are still there when this time is over: whoever inherits dead orphans buries them soon."""
    deadline = time.monotonic() + seconds
    while (left := {pid for pid in family if Path(f"/proc/{pid}").exists()}) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def wait_for(text: str, output: Path, process: subprocess.Popen[bytes], seconds: float) -> str:
    deadline = time.monotonic() + seconds
    while text not in (shown := output.read_text()):
        assert process.poll() is None, shown
        assert time.monotonic() < deadline, shown
        time.sleep(0.1)
    return shown


def twilio_account(local: Path) -> dict[str, str]:
    """What the double says of the account that was generated for it."""
    settings = environment.read(environment.env_file(local))
    sid, token = settings["TWILIO_ACCOUNT_SID"], settings["TWILIO_AUTH_TOKEN"]
    url = f"{settings['TWILIO_BASE_URL']}/api.twilio.com/2010-04-01/Accounts/{sid}.json"
    answer = httpx.get(url, auth=(sid, token), trust_env=False, timeout=60)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_comes_up_says_where_and_stops_without_a_trace(checkout: Checkout, tmp_path: Path) -> None:
    output = tmp_path / "output"
    process = checkout.start(output)
    try:
        shown = wait_for("Ctrl-C", output, process, 600)
        with urllib.request.urlopen(f"http://127.0.0.1:{checkout.port}/readyz", timeout=60) as answer:
            ready = answer.status
        account = twilio_account(checkout.folder / ".local")
        second = subprocess.run(
            START,
            cwd=checkout.folder,
            env=checkout.environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        family = descendants(process.pid)
        process.send_signal(signal.SIGINT)
        code = process.wait(120)
    finally:
        process.kill()
        process.wait()

    assert ready == 200
    assert f"CallSphere is up: http://127.0.0.1:{checkout.port}" in shown
    assert "Demo logins" in shown
    assert "Twilio:   a double at http://127.0.0.1:" in shown
    assert account["friendly_name"] == "Double"
    assert "Agents:   a double of OpenAI at http://127.0.0.1:" in shown
    assert "Carriers: sandbox carriers on 127.0.0.1, good and bad, by port" in shown
    assert f"becomes a file in {checkout.folder}/.local/mail" in shown
    assert second.returncode == 1
    assert second.stderr.startswith("CallSphere already runs from this folder (process ")
    assert len(family) > 10
    assert left_of(family, seconds=60) == set()
    assert code == 0


def test_database_from_outside_needs_both_addresses(checkout: Checkout) -> None:
    env = {**checkout.environment(), "DATABASE_URL": "postgres://callsphere_app:x@127.0.0.1:9/callsphere"}

    done = subprocess.run(START, cwd=checkout.folder, env=env, capture_output=True, text=True, check=False)

    assert done.returncode == 1
    assert done.stderr.startswith("DATABASE_URL is set, so DATABASE_OWNER_URL is needed too: ")


def test_a_word_for_demo_data_that_says_neither_is_refused(checkout: Checkout) -> None:
    env = {**checkout.environment(), "DEMO": "maybe"}

    done = subprocess.run(START, cwd=checkout.folder, env=env, capture_output=True, text=True, check=False)

    assert (done.returncode, done.stderr) == (
        1,
        "DEMO=maybe: write 1 for demo data, or 0 to start without\n",
    )


def test_clean_removes_what_was_made_and_nothing_else(checkout: Checkout) -> None:
    for name in (".venv", ".local/pg", "node_modules", "callsphere/web/static/build", "mine"):
        (checkout.folder / name).mkdir(parents=True, exist_ok=True)
    before = {path.name for path in checkout.folder.iterdir()}

    done = subprocess.run(
        [sys.executable, "-B", "-m", "callsphere.local.clean"],
        cwd=checkout.folder,
        capture_output=True,
        text=True,
    )

    assert done.returncode == 0, done.stderr
    gone = before - {path.name for path in checkout.folder.iterdir()}
    assert gone >= {".venv", ".local", "node_modules"}
    assert gone <= set(MADE)
    assert not (checkout.folder / "callsphere/web/static/build").exists()
    assert (checkout.folder / "callsphere/web/static").exists()
