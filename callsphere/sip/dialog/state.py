"""States of a dialog, and what responses mean for it (RFC 3261 §12, §12.2.1.2)."""

from __future__ import annotations

from enum import Enum

TARGET_REFRESH = frozenset({"INVITE", "UPDATE"})
"""Methods whose Contact becomes the remote target (RFC 3261 §12.2, RFC 3311 §5)."""

ASK_AGAIN = (401, 407, 422)
"""Refusals after which the same request goes out once more with other headers."""


class DialogState(Enum):
    """RFC 3261 §12: early from a provisional response with a To tag, confirmed from the 2xx on."""

    EARLY = "early"
    CONFIRMED = "confirmed"
    TERMINATED = "terminated"


class Effect(Enum):
    """What a response to a request inside the dialog means for the dialog."""

    NONE = "none"
    SUCCEEDED = "succeeded"
    REFUSED = "refused"
    """The dialog goes on as it was before the request (RFC 3261 §14.1)."""
    CHALLENGED = "challenged"
    GLARE = "glare"
    """491: wait `retry_delay`, then ask again (RFC 3261 §14.1)."""
    TOO_BRIEF = "too_brief"
    """422: raise the session interval and `retry` (RFC 4028 §7.3)."""
    LOST = "lost"
    """408 or 481: the peer no longer has the dialog, or a proxy lost it (RFC 3261 §12.2.1.2)."""
    ENDED = "ended"
    """Any final response to a BYE."""


_EFFECTS = {
    401: Effect.CHALLENGED,
    407: Effect.CHALLENGED,
    408: Effect.LOST,
    422: Effect.TOO_BRIEF,
    481: Effect.LOST,
    491: Effect.GLARE,
}


def effect_of(method: str, status: int) -> Effect:
    """What a response with this status means for the dialog that the request was sent in."""
    if status < 200:
        return Effect.NONE
    if method == "BYE" and status not in (401, 407):
        return Effect.ENDED
    if status < 300:
        return Effect.SUCCEEDED
    return _EFFECTS.get(status, Effect.REFUSED)
