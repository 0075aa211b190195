"""Kamailio as a carrier's edge: UDP, TCP and TLS on loopback, started and stopped at will."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.peers import HERE, free_port, require_peer
from tests.peers.certificates import KeyPair

START_S = 60.0
STOP_S = 10.0

_WIRE = re.compile(rb"WIRE (rcv|snd) ([a-z]+) (\d+) (\d+) ([0-9a-fA-F]*)\n")


@dataclass(frozen=True)
class Passed:
    """A message that Kamailio received or sent; `other_port` is that of the peer."""

    received: bool
    transport: str
    other_port: int
    data: bytes


class Kamailio:
    """One Kamailio; `port` serves UDP and TCP, `tls_port` TLS. Use as a context manager.

    `defines` are names that the template tests with `#!ifdef`.
    """

    def __init__(
        self,
        folder: Path,
        pair: KeyPair,
        *,
        template: Path = HERE / "kamailio.cfg",
        defines: Sequence[str] = (),
    ) -> None:
        self._program = require_peer("kamailio")
        self._folder = folder
        self._log = folder / "kamailio.log"
        self._defines = [argument for name in defines for argument in ("-A", name)]
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()
        self.tls_port = free_port()
        modules = str(next(Path("/usr/lib").glob("*/kamailio/modules")))
        text = template.read_text()
        for mark, value in (
            ("@MODULES@", modules),
            ("@PORT@", str(self.port)),
            ("@TLS_PORT@", str(self.tls_port)),
            ("@CERTIFICATE@", str(pair.certificate)),
            ("@KEY@", str(pair.key)),
        ):
            text = text.replace(mark, value)
        self._config = folder / "kamailio.cfg"
        self._config.write_text(text)

    def __enter__(self) -> Kamailio:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    def start(self) -> None:
        """Start it and wait until it listens."""
        with self._log.open("ab") as output:
            # In the foreground (-DD), so that it ends with us; as root it insists on an absolute pid path.
            self._process = subprocess.Popen(
                [
                    *(self._program, "-f", str(self._config), "-DD", "-E"),
                    *("-P", str(self._folder.resolve() / "kamailio.pid"), "-Y", str(self._folder.resolve())),
                    *("-m", "32", "-M", "4", *self._defines),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,  # a group with its children
            )
        deadline = time.monotonic() + START_S
        while not all(_listens(port) for port in (self.port, self.tls_port)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"kamailio did not start:\n{self._log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it and wait until it is gone: its ports are free then."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            # Now and then it does not hear SIGTERM. Its children hold the ports as well as it does.
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._process = None

    def mark(self) -> int:
        """Where the log ends now: what `wire` gives begins there."""
        return self._log.stat().st_size

    def wire(self, since: int = 0) -> list[Passed]:
        """What passed, in order, by a template that logs it."""
        with self._log.open("rb") as log:
            log.seek(since)
            found = _WIRE.findall(log.read())
        return [
            Passed(
                way == b"rcv",
                transport.decode(),
                int(source if way == b"rcv" else destination),
                bytes.fromhex(text.decode()),
            )
            for way, transport, source, destination, text in found
        ]


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
