"""One trace for each Call-ID, for an agent that does many things at once."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from callsphere.sip.message import Request, Response
from callsphere.sip.trace import Direction, Redactor, Trace

_CALL_ID = re.compile(rb"^(?:call-id|i)[ \t]*:[ \t]*([^\r\n]*)", re.I | re.M)


class CallTraces(Trace):
    """Hands each message to the trace of its Call-ID; what belongs to none is not kept."""

    def __init__(self) -> None:
        super().__init__(0.0)
        self._open: dict[str, Trace] = {}

    @contextmanager
    def of(self, call_id: str, started_at: float, redactor: Redactor) -> Iterator[Trace]:
        """Keep the messages of a Call-ID meanwhile, from `started_at` (monotonic seconds) on."""
        trace = self._open[call_id] = Trace(started_at, redactor)
        try:
            yield trace
        finally:
            self._open.pop(call_id, None)

    def add(
        self,
        direction: Direction,
        data: bytes,
        peer: str,
        now: float,
        message: Request | Response | None = None,
    ) -> None:
        """Keep a message where it belongs."""
        if message is not None:
            call_id = message.call_id
        else:
            found = _CALL_ID.search(data)
            call_id = found[1].decode("utf-8", "replace").strip() if found is not None else ""
        trace = self._open.get(call_id)
        if trace is not None:
            trace.add(direction, data, peer, now, message)
