"""Real SIP peers for tests, and scripted ones for what no real peer does on demand."""

from __future__ import annotations

import os
import shutil
import socket
from pathlib import Path

import pytest

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


def free_port(*, both: bool = False) -> int:
    """A port of 127.0.0.1 that is free for UDP, and with `both` for TCP too."""
    for _ in range(50):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams:
            datagrams.bind(("127.0.0.1", 0))
            port: int = datagrams.getsockname()[1]
            if not both:
                return port
            with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as stream:
                try:
                    stream.bind(("127.0.0.1", port))
                except OSError:
                    continue
                return port
    raise AssertionError("no free port")
