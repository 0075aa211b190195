"""How long to wait when both sides changed a session at once (RFC 3261 §14.1, §14.2)."""

from __future__ import annotations


def retry_delay(*, owns_call_id: bool, chance: float) -> float:
    """Seconds to wait after a 491 before the request is sent once more (RFC 3261 §14.1).

    2.1 to 4 s for the side that made the Call-ID, 0 to 2 s for the other, in steps of 10 ms, so that
    the two do not meet again. `chance` is a random number from 0 (included) to 1 (excluded).
    """
    if owns_call_id:
        return (210 + int(chance * 191)) / 100
    return int(chance * 201) / 100


def retry_after(chance: float) -> int:
    """Seconds for the Retry-After of a 500 to a second offer or INVITE: 0 to 10 (RFC 3261 §14.2)."""
    return int(chance * 11)
