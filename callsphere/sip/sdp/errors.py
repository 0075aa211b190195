"""What reading and negotiating SDP raises."""

from __future__ import annotations


class SdpError(ValueError):
    """A body that is no SDP, or not usable as one; `reason` is a sentence."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class OfferRefused(SdpError):
    """An offer that can be read but not accepted: 488. `cause` is a code of callsphere.sip.causes."""

    def __init__(self, cause: str, reason: str) -> None:
        super().__init__(reason)
        self.cause = cause
