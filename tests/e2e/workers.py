"""The real background processes, on the test's database and on a Redis database of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self
from urllib.parse import urlsplit

import pytest
from django.db import connection
from redis import Redis

from callsphere.celery import app
from tests.databases import ROOT

START_S = 180.0
STOP_S = 35.0
_CELERY = ("-m", "celery", "--quiet", "-A", "callsphere")
_QUIET = ("--without-gossip", "--without-mingle")
# As callsphere/local/procfile.py has them, checks and pings in one.
_WORKERS = {
    "probe": ("-Q", "probe,check", "-P", "threads", "-c", "8"),
    "work": ("-Q", "default,deliver,provision", "-P", "prefork", "-c", "2"),
}


class Background:
    """A worker, `probe` or `work`, and with `beat` the process that ticks. Use as a context manager.

    One that is `apart` hears nothing of what another one is told.
    """

    def __init__(
        self,
        environment: Mapping[str, str],
        *,
        worker: str = "probe",
        beat: bool = True,
        apart: bool = False,
    ) -> None:
        self._folder = Path(tempfile.mkdtemp(prefix="callsphere-e2e-"))
        self._environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "callsphere.settings",
            "DATABASE_URL": database_url(),
            "REDIS_URL": redis_url(apart=apart),
            "CELERY_SKIP_CHECKS": "true",
            **environment,
        }
        self._beat = beat
        self._worker = worker
        self._processes: list[subprocess.Popen[bytes]] = []

    def __enter__(self) -> Self:
        Redis.from_url(self._environment["REDIS_URL"]).flushdb()
        self._start("worker", (*_CELERY, "worker", "--loglevel", "INFO", *_WORKERS[self._worker], *_QUIET))
        if self._beat:
            self.start_beat()
        self._wait_until_ready()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            try:
                process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        if error is not None:
            for log in sorted(self._folder.glob("*.log")):
                error.add_note(f"--- {log.name}\n{log.read_text()[-3000:]}")

    def start_beat(self) -> None:
        """Start the process that ticks."""
        self._start("beat", (*_CELERY, "beat", "--schedule", str(self._folder / "schedule")))

    def tick(self, task: str = "trunks.probe_due_gateways") -> None:
        """Tell the worker to look for due gateways, or other work, as beat does every second."""
        with app.connection_for_write(self._environment["REDIS_URL"]) as broker:
            app.send_task(task, queue="probe", connection=broker)

    def kill(self) -> None:
        """Let every process die at once, as in a power cut."""
        for process in self._processes:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _start(self, name: str, arguments: tuple[str, ...]) -> None:
        with (self._folder / f"{name}.log").open("ab") as log:
            self._processes.append(
                subprocess.Popen(
                    [sys.executable, *arguments],
                    cwd=ROOT,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,  # a group with its children
                )
            )

    def _wait_until_ready(self) -> None:
        log = self._folder / "worker.log"
        deadline = time.monotonic() + START_S
        while " ready" not in log.read_text():
            if self._processes[0].poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"the worker did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)


def redis_url(*, apart: bool = False) -> str:
    """A database of the configured Redis that other test runs hardly use: a message is only a hint."""
    url = os.environ.get("REDIS_URL")
    if url is None:
        pytest.skip("REDIS_URL is not set")
    number = 1 + (zlib.crc32(connection.settings_dict["NAME"].encode()) + apart) % 15
    return urlsplit(url)._replace(path=f"/{number}").geturl()


def database_url() -> str:
    return urlsplit(os.environ["DATABASE_URL"])._replace(path=f"/{connection.settings_dict['NAME']}").geturl()
