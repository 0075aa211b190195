"""The event loops that engines run in threads of their own."""

from __future__ import annotations

import asyncio


def new_loop() -> asyncio.AbstractEventLoop:
    """A loop of uvloop, which takes half the CPU, or of asyncio where that is not installed."""
    try:
        import uvloop  # noqa: PLC0415 (optional)
    except ImportError:
        return asyncio.new_event_loop()
    return uvloop.new_event_loop()


async def end_tasks() -> None:
    """Cancel whatever still runs in this loop, and wait for it."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
