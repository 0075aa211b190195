"""What this machine lacks is never the peer's fault: descriptors, or a network."""

from __future__ import annotations

import json
import resource
import shutil
import subprocess
import sys

import pytest

from tests.peers import free_port
from tests.peers.scripted import StreamPeer, answer_all

PEERS = 200


def ping_short(*arguments: object, descriptors: int = 1024, before: tuple[str, ...] = ()) -> list[int]:
    """Ping from a process of few descriptors; return how many were alive, ours, and the peers' fault."""

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_NOFILE, (min(64, descriptors), descriptors))

    done = subprocess.run(
        [*before, sys.executable, "-m", "tests.sip.short_process", *map(str, arguments)],
        preexec_fn=limit,
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: list[int] = json.loads(done.stdout)
    return found


def test_dials_wait_for_their_turn_under_the_limit() -> None:
    with StreamPeer(answer_all, host="0.0.0.0", backlog=PEERS) as peer:
        assert ping_short("tcp", peer.port, PEERS, "all", descriptors=128) == [PEERS, 0, 0]


def test_the_soft_limit_is_raised_to_the_hard_one() -> None:
    with StreamPeer(answer_all, host="0.0.0.0", backlog=PEERS) as peer:
        assert ping_short("tcp", peer.port, PEERS, "all", descriptors=1024) == [PEERS, 0, 0]
        assert peer.accepted == PEERS


def test_without_a_descriptor_nobody_is_judged() -> None:
    with StreamPeer(answer_all, host="0.0.0.0", backlog=PEERS) as peer:
        alive, ours, theirs = ping_short("tcp", peer.port, 20, 5)
    assert (alive + ours, theirs) == (20, 0)
    assert ours > 0


@pytest.fixture(scope="module")
def apart() -> tuple[str, ...]:
    """The beginning of a command that has no network, not even its own machine's."""
    found = (shutil.which("unshare") or "unshare", "--map-root-user", "--net")
    if shutil.which("unshare") is None or subprocess.run([*found, "true"], check=False).returncode:
        pytest.skip("This machine lets nobody make a network of their own.")
    return found


@pytest.mark.parametrize("transport", ["tcp", "udp"])
def test_without_a_network_nobody_is_judged(transport: str, apart: tuple[str, ...]) -> None:
    assert ping_short(transport, 5060, 3, "all", before=apart) == [0, 3, 0]


@pytest.mark.parametrize("transport", ["tcp", "udp", "tls"])
def test_without_a_network_no_registrar_is_judged(transport: str, apart: tuple[str, ...]) -> None:
    command = [
        *apart,
        sys.executable,
        "-m",
        "tests.sip.short_registration",
        f"sip:127.0.0.1;transport={transport}",
    ]
    done = subprocess.run(command, capture_output=True, text=True, timeout=180, check=False)
    assert (done.stdout, done.returncode) == ("connect_timeout ours\n", 0), done.stderr


@pytest.mark.parametrize("command", ["check", "register"])
def test_without_a_network_no_carrier_is_judged(command: str, apart: tuple[str, ...]) -> None:
    """Whoever is without a network reads so, in place of a verdict on the carrier."""
    run = f"import sys; from callsphere.sip.{command}_cli import run; sys.exit(run(sys.argv[1:]))"
    words = [*apart, sys.executable, "-c", run, "sip:127.0.0.1", "--allow-private"]
    words += ["--username", "clinic"] if command == "register" else []
    done = subprocess.run(words, capture_output=True, text=True, timeout=180, check=False)
    assert (done.returncode, "this machine lacks something" in done.stderr) == (2, True), done


def test_a_closed_port_stays_the_peers_fault() -> None:
    assert ping_short("tcp", free_port(), 3, "all") == [0, 0, 3]
