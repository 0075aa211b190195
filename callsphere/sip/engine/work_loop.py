"""An event loop in a thread of its own: for what keeps sockets, or takes minutes, while others go on."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import Future
from typing import Any, TypeVar

from callsphere.sip.engine.batch import EngineStopped

_START_S = 10.0
_STOP_S = 5.0

_Value = TypeVar("_Value")


class WorkLoop:
    """Make one per process, after a fork, when it is first needed; use it from any thread.

    `name` is the thread's. `begin` is awaited in the loop before any work is taken, and `end` is called
    in its thread when the loop has stopped, before what still runs is cancelled.
    """

    def __init__(
        self,
        name: str,
        *,
        begin: Callable[[], Awaitable[None]] | None = None,
        end: Callable[[], None] | None = None,
    ) -> None:
        self._name = name
        self._begin = begin
        self._end = end
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ready = threading.Event()
        self._pid = 0
        self._stopping = False

    def start(self) -> None:
        """Start the thread; a loop is started once. Raises EngineStopped when `begin` failed."""
        if self._thread is not None:
            raise RuntimeError(f"The loop {self._name} was started before.")
        self._pid = os.getpid()
        self._thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._thread.start()
        if not self._ready.wait(_START_S) or self._loop is None:
            raise EngineStopped(f"The loop {self._name} did not start.")

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
        began = self._thread is not None and self._thread.is_alive() and self._loop is not None
        return began and not self._stopping and os.getpid() == self._pid

    def submit(self, work: Coroutine[Any, Any, _Value]) -> Future[_Value]:
        """Have a coroutine run; raise EngineStopped when the loop does not run in this process."""
        try:
            loop = self._live()
        except EngineStopped:
            work.close()
            raise
        return asyncio.run_coroutine_threadsafe(work, loop)

    def call_soon(self, function: Callable[..., None], *args: Any) -> None:
        """Have a function called; raise EngineStopped when the loop does not run in this process."""
        loop = self._live()
        with contextlib.suppress(RuntimeError):  # it has closed just now
            loop.call_soon_threadsafe(function, *args)

    def _live(self) -> asyncio.AbstractEventLoop:
        if not self.running or self._loop is None:
            raise EngineStopped(f"The loop {self._name} does not run in this process: make and start one.")
        return self._loop

    def _run(self) -> None:
        loop = _new_loop()
        asyncio.set_event_loop(loop)
        try:
            if self._begin is not None:
                loop.run_until_complete(self._begin())
            self._loop = loop
            loop.call_soon(self._ready.set)
            loop.run_forever()
        finally:
            if self._end is not None:
                self._end()
            loop.run_until_complete(_end_tasks())
            loop.close()
            self._ready.set()


def _new_loop() -> asyncio.AbstractEventLoop:
    """A loop of uvloop, which takes half the CPU, or of asyncio where that is not installed."""
    try:
        import uvloop  # noqa: PLC0415 (optional)
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def _end_tasks() -> None:
    """Cancel whatever still runs in this loop, and wait for it."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
