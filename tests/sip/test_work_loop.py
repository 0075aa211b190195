"""An event loop in a thread of its own: when it takes work, and what becomes of it at the end."""

from __future__ import annotations

import asyncio
import os
import threading
from concurrent.futures import CancelledError

import pytest

from callsphere.sip.engine import EngineStopped
from callsphere.sip.engine.work_loop import WorkLoop


async def thread_name() -> str:
    return threading.current_thread().name


def test_work_is_done_between_begin_and_end() -> None:
    seen: list[str] = []

    async def begin() -> None:
        await asyncio.sleep(0)
        seen.append(f"begin in {threading.current_thread().name}")

    async def stay() -> None:
        try:
            await asyncio.sleep(600)
        finally:
            seen.append("cancelled")

    loop = WorkLoop("work", begin=begin, end=lambda: seen.append("end"))
    assert not loop.running
    loop.start()
    assert loop.running
    assert loop.submit(thread_name()).result(60) == "work"
    called = threading.Event()
    loop.call_soon(called.set)
    assert called.wait(60)
    staying = loop.submit(stay())
    loop.submit(asyncio.sleep(0)).result(60)
    loop.stop()
    assert not loop.running
    assert seen == ["begin in work", "end", "cancelled"]
    with pytest.raises(CancelledError):
        staying.result(60)


def test_a_loop_is_started_once() -> None:
    loop = WorkLoop("once")
    loop.start()
    with pytest.raises(RuntimeError, match="The loop once was started before"):
        loop.start()
    loop.stop()
    with pytest.raises(EngineStopped, match="does not run in this process"):
        loop.submit(thread_name())
    with pytest.raises(EngineStopped, match="does not run in this process"):
        loop.call_soon(print)


@pytest.mark.filterwarnings("ignore::pytest.PytestUnhandledThreadExceptionWarning")
def test_a_loop_that_cannot_begin_says_so_at_once() -> None:
    async def begin() -> None:
        raise OSError("no socket")

    loop = WorkLoop("broken", begin=begin)
    with pytest.raises(EngineStopped, match="The loop broken did not start"):
        loop.start()
    assert not loop.running
    loop.stop()


def test_a_forked_child_is_refused_and_stops_nothing() -> None:
    loop = WorkLoop("parent")
    loop.start()
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            loop.stop()
            loop.submit(thread_name())
        except EngineStopped:
            os.write(writing, b"refused")
        finally:
            os._exit(0)
    os.waitpid(child, 0)
    assert os.read(reading, 100) == b"refused"
    assert loop.submit(thread_name()).result(60) == "parent"
    loop.stop()
