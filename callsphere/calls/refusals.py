"""The log of requests that nothing proves: whoever sends many of them fills no disk."""

from __future__ import annotations

import time
from threading import Lock

import structlog

EVERY_S = 10.0
log = structlog.get_logger(__name__)
_lock = Lock()
_told_at: dict[str, float] = {}
_untold: dict[str, int] = {}


def forget() -> None:
    """Let the next refusal be told, whatever was told before."""
    with _lock:
        _told_at.clear()
        _untold.clear()


def note_refusal(why: str, place: str) -> None:
    """Log why a request was refused; of each reason one line in EVERY_S, with how many were left out.

    `why` is one of a few words of ours; `place` is what the address names.
    """
    now = time.monotonic()
    with _lock:
        if now - _told_at.get(why, -EVERY_S) < EVERY_S:
            _untold[why] = _untold.get(why, 0) + 1
            return
        _told_at[why] = now
        left_out = _untold.pop(why, 0)
    log.warning("voice_request_refused", why=why, place=place, left_out=left_out)
