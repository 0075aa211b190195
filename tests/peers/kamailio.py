"""Kamailio as a carrier's edge: UDP, TCP and TLS on loopback, started and stopped at will."""

from __future__ import annotations

import socket
import subprocess
import time
from pathlib import Path

from tests.peers import HERE, free_port, require_peer
from tests.peers.certificates import KeyPair

START_S = 10.0
STOP_S = 5.0


class Kamailio:
    """One Kamailio; `port` serves UDP and TCP, `tls_port` TLS. Use as a context manager."""

    def __init__(self, folder: Path, pair: KeyPair, *, template: Path = HERE / "kamailio.cfg") -> None:
        self._program = require_peer("kamailio")
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port(both=True)
        self.tls_port = free_port(both=True)
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
        log = self._folder / "kamailio.log"
        with log.open("ab") as output:
            # In the foreground (-DD), so that it ends with us; as root it insists on an absolute pid path.
            self._process = subprocess.Popen(
                [
                    *(self._program, "-f", str(self._config), "-DD", "-E"),
                    *("-P", str(self._folder.resolve() / "kamailio.pid"), "-Y", str(self._folder.resolve())),
                    *("-m", "32", "-M", "4"),
                ],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
            )
        deadline = time.monotonic() + START_S
        while not all(_listens(port) for port in (self.port, self.tls_port)):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"kamailio did not start:\n{log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """Stop it and wait until it is gone: its ports are free then."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait(STOP_S)
        self._process = None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.5)
        return probe.connect_ex(("127.0.0.1", port)) == 0
