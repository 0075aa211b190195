"""What a registration with digest costs us, beside what it costs sipp, at Kamailio's registrar."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from bench.framework import Figure, alternate
from tests.peers import HERE, PEER_PACKAGES
from tests.peers.certificates import Authority
from tests.peers.kamailio import Kamailio
from tests.peers.sipp import run_register_client

NAME = "register"
GOAL = "at least 1,000 registrations with digest per CPU second of one process, start-up apart"

USERS = 5_000
IN_FLIGHT = 50

_ROOT = Path(__file__).resolve().parent.parent


def run() -> list[Figure]:
    """CPU microseconds per registration (REGISTER, 401, REGISTER, 200), in turns with sipp.

    Raises RuntimeError without Kamailio or sipp.
    """
    for program in ("kamailio", "sipp"):
        if shutil.which(program) is None and shutil.which(program, path="/usr/sbin:/usr/local/sbin") is None:
            raise RuntimeError(f"{program} is missing: apt-get install {PEER_PACKAGES[program]}")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        pair = Authority(folder).issue(["127.0.0.1"])

        def at_new_registrar(register: Callable[[int], float]) -> float:
            # Bindings of the run before would be listed in every 200.
            with Kamailio(folder, pair, template=HERE / "registrar.cfg") as registrar:
                return register(registrar.port) / USERS * 1e6

        value, peer_value = alternate(
            lambda: at_new_registrar(register_with_us), lambda: at_new_registrar(register_with_sipp)
        )
    return [
        Figure(
            f"registration with digest, CPU, {USERS:,} over UDP",
            round(value, 1),
            "us",
            peer="sipp",
            peer_value=round(peer_value, 1),
        ),
        Figure(
            "registrations with digest per CPU second",
            round(1e6 / value),
            "",
            peer="sipp",
            peer_value=round(1e6 / peer_value),
            goal=">= 1000",
        ),
    ]


def register_with_us(port: int, users: int = USERS) -> float:
    """CPU seconds of a process of ours from the first send to the last answer."""
    done = subprocess.run(
        [sys.executable, "-m", "bench.register_process", str(port), str(users), str(IN_FLIGHT)],
        cwd=_ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(f"the registrations ended with {done.returncode}: {done.stderr[-1000:]}")
    return float(json.loads(done.stdout)["cpu_s"])


def register_with_sipp(port: int, users: int = USERS) -> float:
    """CPU seconds of sipp for the same."""
    return run_register_client(port, users=users, in_flight=IN_FLIGHT)
