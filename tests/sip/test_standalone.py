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


def sip(*args: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """The command in a process of its own, with an environment that says nothing."""
    return subprocess.run(
        [sys.executable, "manage.py", "sip", *args],
        cwd=PROJECT,
        env={"PATH": os.environ["PATH"], **variables},
        capture_output=True,
        text=True,
        timeout=180,
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


def test_a_wrong_setting_is_named() -> None:
    run = sip("ping", "sip:127.0.0.1", SIP_OUTBOUND_PROXY="no address")
    assert (run.returncode, run.stdout) == (2, "")
    assert run.stderr.startswith("SIP_OUTBOUND_PROXY='no address': write sip:host or sip:host:port.")


def test_nobody_waits_for_django() -> None:
    script = (
        "import sys, callsphere.sip_command as c; c.main(['parse', '/dev/null']);"
        "sys.exit('django.apps' in sys.modules or 'callsphere.settings' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", script], cwd=PROJECT, timeout=180).returncode == 0


def test_nothing_is_loaded_that_sip_has_no_use_for() -> None:
    """An HTTP client takes as long to load as everything else together."""
    script = (
        "import sys, runpy; sys.argv = ['manage.py', 'sip', *sys.argv[1:]]\n"
        "try: runpy.run_path('manage.py', run_name='__main__')\n"
        "except SystemExit: pass\n"
        "print([name for name in ('httpx', 'httpcore', 'celery', 'requests') if name in sys.modules])"
    )
    for args in (["parse", "/dev/null"], ["ping", "sip:127.0.0.1:9", "--allow-private", "--json"]):
        run = subprocess.run(
            [sys.executable, "-c", script, *args], cwd=PROJECT, capture_output=True, text=True, timeout=180
        )
        assert (run.stdout.splitlines()[-1], run.stderr) == ("[]", "")
