"""The one error that reading SIP raises."""

from __future__ import annotations


class SipParseError(ValueError):
    """Bytes or a header value that are no SIP; `reason` says in a sentence what is wrong."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason
