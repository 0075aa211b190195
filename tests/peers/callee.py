"""sipp as the called side of calls, by a scenario of ours."""

from __future__ import annotations

import re
import subprocess
import time
from pathlib import Path

from tests.peers import free_port, require_peer

START_S = 60.0
END_S = 60.0

_MESSAGE = re.compile(rb"(?:UDP|TCP) message (received|sent) [\[(](\d+)\]? bytes\)? ?:\n\n")


class Callee:
    """sipp with a scenario, for so many calls on one port. Use as a context manager.

    Leaving it without an error waits until sipp ends by itself and asserts that every call went
    through its scenario to the end.
    """

    def __init__(self, folder: Path, scenario: str, *, transport: str = "udp", calls: int = 1) -> None:
        self._program = require_peer("sipp")
        self.port = free_port()
        self._folder = folder / f"sipp{self.port}"
        self._folder.mkdir()
        self._scenario = self._folder / "scenario.xml"
        self._scenario.write_text(scenario)
        self._transport = transport
        self._calls = calls
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Callee:
        with (self._folder / "screen").open("wb") as screen:
            self._process = subprocess.Popen(
                [
                    *(self._program, "-sf", str(self._scenario), "-i", "127.0.0.1", "-p", str(self.port)),
                    *("-t", "t1" if self._transport == "tcp" else "u1", "-m", str(self._calls), "-nostdin"),
                    *("-trace_msg", "-message_file", "messages", "-trace_err", "-error_file", "errors"),
                    *("-timeout", str(round(2 * END_S)), "-timeout_error"),
                    # It gives up by itself when it gets no time for long, as on a busy machine.
                    *("-watchdog_interval", "0"),
                ],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=screen,
                stderr=screen,
            )
        self._wait_until_bound(self._process)
        return self

    def __exit__(self, kind: type[BaseException] | None, *exc_info: object) -> None:
        assert self._process is not None
        try:
            if kind is None:
                code = self._process.wait(END_S)
                assert code == 0, f"sipp ended with {code}\n{self._told()}"
        except subprocess.TimeoutExpired:
            raise AssertionError(f"a call is open still\n{self._told()}") from None
        finally:
            self._process.kill()
            self._process.wait()

    def messages(self) -> list[tuple[bool, bytes]]:
        """Every message so far: whether it was received, and its bytes."""
        log = self._read("messages")
        return [
            (found[1] == b"received", log[found.end() : found.end() + int(found[2])])
            for found in _MESSAGE.finditer(log)
        ]

    def _told(self) -> str:
        return b"\n".join(self._read(name) for name in ("errors", "messages")).decode(errors="replace")

    def _read(self, name: str) -> bytes:
        file = self._folder / name
        return file.read_bytes() if file.exists() else b""

    def _wait_until_bound(self, process: subprocess.Popen[bytes]) -> None:
        table = Path("/proc/net/tcp" if self._transport == "tcp" else "/proc/net/udp")
        mark = f"0100007F:{self.port:04X} "
        deadline = time.monotonic() + START_S
        while mark not in table.read_text():
            assert process.poll() is None, self._read("screen").decode() + self._told()
            assert time.monotonic() < deadline, "sipp did not start"
            time.sleep(0.02)
