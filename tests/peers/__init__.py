"""Real SIP peers for tests, and scripted ones for what no real peer does on demand."""

from __future__ import annotations

import atexit
import os
import shutil
import socket
from collections.abc import Iterator
from functools import cache
from itertools import cycle, islice
from pathlib import Path

import pytest

from callsphere.local import ports

HERE = Path(__file__).resolve().parent

PEER_PACKAGES = {
    "curl": "curl",
    "kamailio": "kamailio kamailio-tls-modules",
    "sipp": "sip-tester",
    "docker-compose": "docker-compose",
    "tshark": "tshark",
}


def require_peer(program: str) -> str:
    """The path of a program; without it the test is skipped, or fails with CALLSPHERE_REQUIRE_PEERS=1."""
    found = shutil.which(program) or shutil.which(program, path="/usr/sbin:/usr/local/sbin")
    if found is not None:
        return found
    message = f"{program} is missing: apt-get install {PEER_PACKAGES[program]}"
    if os.environ.get("CALLSPHERE_REQUIRE_PEERS") == "1":
        pytest.fail(message)
    pytest.skip(message)


@cache
def _ports() -> Iterator[int]:
    """This process's ports, round and round: the first block that no other test process has taken.

    They lie where neither the system (from 32768 on) nor a sandbox or a server of ours looks for one.
    """
    for first in range(10_000, 15_000, 100):
        claim = socket.socket(socket.AF_UNIX)
        try:
            claim.bind(f"\0callsphere tests, ports from {first}")
        except OSError:
            claim.close()
            continue
        atexit.register(claim.close)  # held until then; a killed process loses it too
        return cycle(range(first, first + 100))
    raise AssertionError("every block of ports is taken")


def free_port() -> int:
    """A port of 127.0.0.1 that is free for UDP and TCP, and that nobody is given meanwhile.

    A port which the system hands out may be anybody's a moment later: what is to be refused there would be
    answered, and what is to listen there could not.
    """
    for port in islice(_ports(), 100):
        if ports.is_free(port) and ports.is_free(port, socket.SOCK_DGRAM):
            return port
    raise AssertionError("no free port")
