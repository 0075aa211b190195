"""`manage.py sip` on a machine where nothing is set up: no keys, no database, no Redis."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.sip.carriers.laboratory import Carrier, serving
from tests.sip.carriers.running import NUMBER

PROJECT = Path(__file__).resolve().parents[2]


def sip(*args: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with an environment that says nothing."""
    return subprocess.run(
        [sys.executable, "manage.py", "sip", *args],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        timeout=60,
    )


def test_a_check_needs_no_settings() -> None:
    carrier = Carrier()
    with serving(carrier) as uri:
        run = sip("check", uri, "--call", NUMBER, "--allow-private", "--json")
    assert (run.returncode, run.stderr) == (0, "")
    assert json.loads(run.stdout)["verdict"] == "pass"


def test_arguments_that_are_unusable_are_told_apart() -> None:
    run = sip("check", "sip:127.0.0.1", "--timeout", "soon")
    assert (run.returncode, run.stdout) == (2, "")
    assert "write seconds as a positive number" in run.stderr
