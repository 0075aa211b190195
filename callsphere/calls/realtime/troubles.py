"""What becomes of a call whose line broke, or cannot be opened: that is tried again, or the call given up."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

import structlog
from django.utils import timezone

from callsphere.calls.realtime import records
from callsphere.calls.realtime.claims import Held
from callsphere.calls.realtime.leaving import lead_elsewhere
from callsphere.calls.realtime.metrics import LOST
from callsphere.calls.realtime.records import Opening
from callsphere.calls.realtime.threads import Threads
from callsphere.providers.openai import CallGone, RealtimeError, Refused

OVER = "The call ended."
KNOWN_WITHIN = timedelta(seconds=8)
"""For so long after it was accepted OpenAI may say that there is no such call."""
REFUSED_FOR = timedelta(seconds=15)
"""After so long callers are led away: the model that they talk with can do nothing for them."""
GIVEN_UP_AFTER = timedelta(seconds=25)
"""After the longest call."""
_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 5.0

log = structlog.get_logger(__name__)


class Troubles:
    """Those of one call, counted from the last time that there was a line."""

    def __init__(self, held: Held, opening: Opening, threads: Threads, ends_at: datetime) -> None:
        self._held = held
        self._threads = threads
        self._gives_up_at = ends_at + GIVEN_UP_AFTER
        self._known_by = (opening.accepted_at or timezone.now()) + KNOWN_WITHIN
        self._refused_since: datetime | None = None
        self._pause_s = _PAUSE_S
        self._was_there = False

    def forget(self) -> None:
        """Begin anew: there is a line."""
        self._was_there, self._refused_since, self._pause_s = True, None, _PAUSE_S

    async def end_after(self, error: RealtimeError) -> str:
        """Return why the call is over by an error; empty when its line is to be opened again."""
        now = timezone.now()
        if isinstance(error, CallGone):
            is_known = self._was_there or now >= self._known_by
            return OVER if is_known or await self._threads.database(records.has_left, self._held) else ""
        LOST.inc()
        log.warning("line_lost", error=error.code, detail=error.detail)
        if isinstance(error, Refused) and await self._is_led_elsewhere(error, now):
            return f"The caller was led elsewhere: {error}"
        return f"The line to OpenAI was lost: {error}" if now > self._gives_up_at else ""

    async def pause(self) -> None:
        """Wait until it may go better."""
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)

    async def _is_led_elsewhere(self, error: Refused, now: datetime) -> bool:
        self._refused_since = self._refused_since or now
        if now < self._refused_since + REFUSED_FOR:
            return False
        self._refused_since = now  # if it cannot be done now, it is tried again after as long
        return await self._threads.ask(lead_elsewhere, self._held, str(error))
