"""How long a whole readiness check takes, call included, against the healthy sandbox carrier."""

from __future__ import annotations

import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bench.framework import ROUNDS, Figure
from tests.local.sandbox.running import Sandbox, running_sandbox

NAME = "check"
GOAL = "a whole check of a healthy carrier takes under 2 s, from the command to its end"

_MANAGE = Path(__file__).resolve().parent.parent / "manage.py"
_LIMIT = "< 2 s"


def run() -> list[Figure]:
    """Seconds over UDP and TLS: of the command with its start-up, and of the check in it."""
    figures = []
    with tempfile.TemporaryDirectory() as folder, running_sandbox(Path(folder)) as sandbox:
        for name, uri in (
            ("UDP", f"sip:127.0.0.1:{sandbox.first_port}"),
            ("TLS", f"sip:127.0.0.1:{sandbox.first_port + 1};transport=tls"),
        ):
            taken = [check(sandbox, uri) for _ in range(ROUNDS)]
            wall, inside = (round(statistics.median(each), 3) for each in zip(*taken, strict=True))
            figures.append(Figure(f"sip check with a call over {name}, wall", wall, "s", goal=_LIMIT))
            figures.append(Figure(f"the same, start-up apart, {name}", inside, "s", goal=_LIMIT))
    return figures


def check(sandbox: Sandbox, uri: str) -> tuple[float, float]:
    """Wall seconds of the command, and of the check as it measures itself."""
    started = time.monotonic()
    done = subprocess.run(
        [
            *(sys.executable, str(_MANAGE), "sip", "check", uri, "--call", "100", "--allow-private"),
            *("--ca-file", str(sandbox.ca_file), "--json"),
        ],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    wall = time.monotonic() - started
    report = json.loads(done.stdout)
    assert (done.returncode, report["verdict"]) == (0, "pass"), report
    return wall, report["duration_ms"] / 1000
