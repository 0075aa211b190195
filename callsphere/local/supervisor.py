"""Honcho with habits of ours: nothing outlives it, stopping is gentle but has a limit, logs are files."""

import contextlib
import functools
import logging
import os
import shlex
import signal
import sys
import threading
from collections.abc import Callable, Mapping
from logging.handlers import RotatingFileHandler
from pathlib import Path
from typing import Any

from honcho.manager import SYSTEM_PRINTER_NAME, Manager
from honcho.printer import Message, Printer
from honcho.process import Popen, Process

from callsphere.local.processes import die_with_parent
from callsphere.local.procfile import Command

# Seconds between SIGTERM and SIGKILL.
PATIENCE = 6.0
_LOG_BYTES = 5_000_000


class Supervisor(Manager):
    """Runs commands until one ends or a signal comes, then stops them all within PATIENCE."""

    def __init__(
        self, *, folder: Path, env: Mapping[str, str], logs: Path, on_started: Callable[[], None]
    ) -> None:
        super().__init__(_LogFiles(logs))
        self._process_ctor = _Child
        self._procmgr = _LeaderFirst()
        self._folder = str(folder)
        self._env = dict(env)
        self._on_started = on_started
        self._told = False
        self._limit: threading.Timer | None = None

    def add(self, command: Command) -> None:
        """Add a process, which starts with `loop`."""
        line = f"exec {shlex.join([sys.executable, *command.arguments])}"
        self.add_process(command.name, line, env={**self._env, **command.env}, cwd=self._folder)

    @property
    def asked_to_stop(self) -> bool:
        """Whether a signal, not the end of one of the processes, made it stop."""
        return self.returncode in (128 + signal.SIGINT, 128 + signal.SIGTERM)

    @property
    def first_to_end(self) -> str:
        """The process whose end made all the others stop, or nothing."""
        return self._printer.first_stopped

    def terminate(self) -> None:
        """Ask every process to end; kill what is left when PATIENCE is over."""
        if not self._told:
            self._told = True
            os.write(
                sys.stdout.fileno(), b"Stopping ...\n"
            )  # in a signal handler: print could be within print
        if not self._all_started():
            self._after(0.1, self.terminate)
        elif not self._terminating:
            super().terminate()
            self._after(PATIENCE, self.kill)

    def loop(self) -> None:
        """Run until everything has stopped."""
        super().loop()
        if self._limit:
            self._limit.cancel()

    def _start(self) -> None:
        super()._start()
        self._on_started()  # a thread begun before the forks would be half copied into them

    def _after(self, seconds: float, action: Callable[[], None]) -> None:
        self._limit = threading.Timer(seconds, action)
        self._limit.daemon = True
        self._limit.start()


class _Child(Process):
    """Honcho keeps one small process beside each command; both go when their parent goes."""

    def __init__(self, *args: Any, **options: Any) -> None:
        super().__init__(*args, **options)
        self._child_ctor = functools.partial(Popen, preexec_fn=die_with_parent(signal.SIGTERM))

    def run(self, *args: Any, **options: Any) -> None:
        with_supervisor = die_with_parent(signal.SIGKILL)
        if with_supervisor:
            with_supervisor()
        super().run(*args, **options)


class _LeaderFirst:
    """SIGTERM goes to the command alone: a Celery pool's children must not lose the task at hand."""

    def terminate(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)

    def kill(self, pid: int) -> None:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(pid, signal.SIGKILL)


class _LogFiles(Printer):
    """Writes each process's lines to a file of its own: the terminal keeps address and logins in sight."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self.first_stopped = ""
        self._folder = folder
        self._files: dict[str, logging.Handler] = {}

    def write(self, message: Message) -> None:
        text = message.data.decode(errors="replace") if isinstance(message.data, bytes) else message.data
        if message.name == SYSTEM_PRINTER_NAME and " stopped (rc=" in text and not self.first_stopped:
            self.first_stopped = text.partition(" ")[0]
        if message.name not in self._files:
            self._files[message.name] = RotatingFileHandler(
                self._folder / f"{message.name}.log", maxBytes=_LOG_BYTES, backupCount=1
            )
        record = logging.LogRecord(message.name, logging.INFO, "", 0, text.rstrip("\n"), None, None)
        self._files[message.name].emit(record)
