"""Server processes that must not outlive the command that started them."""

import contextlib
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from callsphere.local.errors import CannotStart
from callsphere.local.paths import make_folder

_PR_SET_PDEATHSIG = 1  # prctl(2)
# How a server is asked to stop: a signal, and the seconds it gets.
Farewell = Sequence[tuple[signal.Signals, float]]


def die_with_parent(signum: signal.Signals) -> Callable[[], None] | None:
    """Return a Popen `preexec_fn`: the kernel signals the child when the process that started it dies.

    So a supervisor that is killed outright leaves nothing running. Linux only; None elsewhere.
    """
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(None).prctl  # looked up before the fork

    def ask_kernel() -> None:
        prctl(_PR_SET_PDEATHSIG, signum)

    return ask_kernel


class Server:
    """One server process: spawned with its output in a log file, stopped step by step."""

    def __init__(self, name: str, log: Path, farewell: Farewell) -> None:
        self.name = name
        self.log = log
        self._farewell = farewell
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The process id while it runs."""
        return self._process.pid if self._process and self.running else None

    @property
    def running(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def spawn(self, command: Sequence[str], *, env: Mapping[str, str], **options: Any) -> None:
        """Start the program in a session of its own, so that a terminal's Ctrl-C reaches only us."""
        make_folder(self.log.parent, 0o700)  # what people typed may be in them
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                command,
                env=dict(env),
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                preexec_fn=die_with_parent(self._farewell[0][0]),  # noqa: PLW1509  # before any thread
                **options,
            )

    def wait_until(self, ready: Callable[[], bool], seconds: float) -> None:
        """Wait for `ready`; raise CannotStart when the process ends first or time runs out."""
        deadline = time.monotonic() + seconds
        while not ready():
            if not self.running or time.monotonic() > deadline:
                why = "did not answer in time" if self.running else "stopped at once"
                self.stop()
                raise CannotStart(f"{self.name} {why}. Its log, {self.log}, ends:\n{self.last_lines()}")
            time.sleep(0.05)

    def last_lines(self, count: int = 8) -> str:
        """Return the end of the log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])

    def stop(self) -> None:
        """Stop the process, harder at each step, and wait until it is gone."""
        if self._process is None:
            return
        for signum, seconds in (*self._farewell, (signal.SIGKILL, 5.0)):
            if self._process.poll() is None:
                self._process.send_signal(signum)
                try:
                    self._process.wait(seconds)
                except subprocess.TimeoutExpired:
                    continue
        self._process = None


def stop_leftover(pid: int, alive: Callable[[], bool], farewell: Farewell) -> None:
    """Stop a server that an earlier run left behind, harder at each step, while `alive` says it is there.

    Raises CannotStart when even SIGKILL does not end it.
    """
    for signum, seconds in (*farewell, (signal.SIGKILL, 5.0)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signum)
        deadline = time.monotonic() + seconds
        while alive():
            if time.monotonic() > deadline:
                break
            time.sleep(0.05)
        else:
            return
    raise CannotStart(
        f"Process {pid}, a server that an earlier run left behind, does not end. Stop it by hand."
    )
