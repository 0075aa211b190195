"""What a ping costs us, beside what it costs sipp, against one and the same server."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

from bench.framework import Figure, alternate
from tests.peers.sipp import OptionsServer, run_options_client

NAME = "ping"
GOAL = "at most 2 times sipp's CPU per ping over UDP, start-up apart"

PINGS = 10_000
IN_FLIGHT = 100
_MANAGE = Path(__file__).resolve().parent.parent / "manage.py"


def run() -> list[Figure]:
    """CPU seconds for 10,000 pings over UDP, 100 in flight; raise RuntimeError without sipp."""
    if shutil.which("sipp") is None:
        raise RuntimeError("sipp is missing: apt-get install sip-tester")
    with OptionsServer() as server:

        def ours() -> float:
            return ping_with_us(server.port)

        def peers() -> float:
            return run_options_client(server.port, calls=PINGS, in_flight=IN_FLIGHT)

        value, peer_value = alternate(ours, peers)
    return [
        Figure(
            "ping CPU, 10,000 over UDP",
            round(value, 4),
            "s",
            peer="sipp",
            peer_value=round(peer_value, 4),
            goal="ratio <= 2, aim 1",
        )
    ]


def ping_with_us(port: int) -> float:
    """CPU seconds of `sip ping` from the first send to the last answer."""
    done = subprocess.run(
        [
            *(sys.executable, str(_MANAGE), "sip", "ping", f"sip:127.0.0.1:{port}", "--count", str(PINGS)),
            *("--in-flight", str(IN_FLIGHT), "--allow-private", "--json"),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    if done.returncode != 0:
        raise RuntimeError(
            f"sip ping ended with {done.returncode}: {done.stdout[-500:]} {done.stderr[-500:]}"
        )
    report = json.loads(done.stdout)
    assert report["answered"] == PINGS, report
    return float(report["cpu_s"])
