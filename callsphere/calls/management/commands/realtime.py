"""`manage.py realtime`: holds the calls that agents at OpenAI take, until a signal comes."""

from __future__ import annotations

import asyncio
import signal
import tempfile
from pathlib import Path
from typing import Any

import structlog
import uvloop
from django.conf import settings
from django.core.management.base import BaseCommand

from callsphere.calls.realtime.worker import Worker

log = structlog.get_logger(__name__)


class Command(BaseCommand):
    help = "Hold the calls that agents at OpenAI take. SIGTERM hands them over to other such processes."

    def handle(self, *args: Any, **options: Any) -> None:
        """Work until SIGTERM or SIGINT."""
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            runner.run(_work())


async def _work() -> None:
    stopping = asyncio.Event()
    loop = asyncio.get_running_loop()
    for each in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(each, stopping.set)
    log.info("realtime_ready", most_calls=settings.REALTIME_CALLS)
    alive = Path(tempfile.gettempdir(), "realtime-alive")
    await Worker(most_calls=settings.REALTIME_CALLS, alive=alive).run(stopping)
