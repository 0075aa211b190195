"""An event loop in a thread of its own, for work that takes minutes while others go on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from callsphere.sip.engine.batch import EngineStopped
from callsphere.sip.engine.loop import end_tasks, new_loop

_START_S = 10.0
_STOP_S = 5.0

_Value = TypeVar("_Value")


class WorkLoop:
    """Make one per process, after a fork, when it is first needed; use it from any thread."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._pid = 0
        self._stopping = False

    def start(self) -> None:
        """Start the thread; a loop is started once."""
        if self._thread is not None:
            raise RuntimeError("The loop was started before.")
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_S) or self._loop is None:
            raise EngineStopped("The loop did not start.")

    def stop(self) -> None:
        """Cancel whatever runs, and wait for it a little. Does nothing in a forked child."""
        if self._thread is None or self._loop is None or os.getpid() != self._pid:
            return
        self._stopping = True
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(_STOP_S)

    @property
    def running(self) -> bool:
        """Whether work is taken in this process."""
        alive = self._thread is not None and self._thread.is_alive()
        return alive and not self._stopping and os.getpid() == self._pid

    def submit(self, work: Coroutine[Any, Any, _Value]) -> Future[_Value]:
        """Have a coroutine run; raise EngineStopped when the loop does not run in this process."""
        if not self.running or self._loop is None:
            work.close()
            raise EngineStopped("The loop does not run in this process: make and start one.")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _run(self) -> None:
        loop = new_loop()
        asyncio.set_event_loop(loop)
        try:
            self._loop = loop
            loop.call_soon(self._ready.set)
            loop.run_forever()
        finally:
            loop.run_until_complete(end_tasks())
            loop.close()
            self._ready.set()
