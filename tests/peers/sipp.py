"""sipp as a peer: a server that answers OPTIONS, and a client to be measured against."""

from __future__ import annotations

import resource
import subprocess
import tempfile
import time
from pathlib import Path

from tests.peers import HERE, free_port, require_peer

START_S = 60.0


class OptionsServer:
    """sipp answering every OPTIONS with 200 over UDP or TCP. Use as a context manager."""

    def __init__(self, *, transport: str = "udp", port: int | None = None) -> None:
        self._program = require_peer("sipp")
        self._transport = transport
        self._process: subprocess.Popen[bytes] | None = None
        self._folder: tempfile.TemporaryDirectory[str] | None = None
        self.port = port or free_port()

    def __enter__(self) -> OptionsServer:
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [
                *(self._program, "-sf", str(HERE / "options_uas.xml"), "-i", "127.0.0.1"),
                *("-p", str(self.port), "-t", "t1" if self._transport == "tcp" else "u1", "-nostdin"),
                # A request that comes again after a lost answer is answered again, not taken for a dead call.
                *("-deadcall_wait", "0"),
            ],
            cwd=self._folder.name,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._wait_until_bound()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._process is not None:
            self._process.kill()
            self._process.wait()
        if self._folder is not None:
            self._folder.cleanup()

    def _wait_until_bound(self) -> None:
        table = Path("/proc/net/tcp" if self._transport == "tcp" else "/proc/net/udp")
        mark = f"0100007F:{self.port:04X} "
        deadline = time.monotonic() + START_S
        while mark not in table.read_text():
            assert time.monotonic() < deadline, "sipp did not start"
            time.sleep(0.02)


def run_options_client(port: int, *, calls: int, in_flight: int) -> float:
    """Let sipp ping a server over UDP as fast as it can; give the CPU seconds that took it."""
    with tempfile.TemporaryDirectory() as folder:
        return _run_client("options_uac.xml", port, calls, in_flight, Path(folder))


def run_register_client(port: int, *, users: int, in_flight: int) -> float:
    """Let sipp register users at Kamailio over UDP, each challenged; give the CPU seconds that took it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "users.csv")
        lines = (
            f'u{number};[authentication username=u{number} password="secret of u{number}"]\n'
            for number in range(users)
        )
        path.write_text("SEQUENTIAL\n" + "".join(lines))
        return _run_client("register_uac.xml", port, users, in_flight, Path(folder), "-inf", str(path))


def _run_client(scenario: str, port: int, calls: int, in_flight: int, folder: Path, *arguments: str) -> float:
    program = require_peer("sipp")
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(
        [
            *(program, "-sf", str(HERE / scenario), f"127.0.0.1:{port}", "-i", "127.0.0.1"),
            *("-p", str(free_port()), "-m", str(calls), "-l", str(in_flight), "-r", "100000", "-nostdin"),
            *arguments,
        ],
        cwd=folder,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=True,
        timeout=180,
    )
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime + after.ru_stime) - (before.ru_utime + before.ru_stime)
