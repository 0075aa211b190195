"""Whether text messages from a number can arrive anywhere."""

from __future__ import annotations

from trunks.enums import NumberSource, NumberState, PaperState
from trunks.models import PhoneNumber

_REFUSED_IN_US = {
    PaperState.NONE: "is not registered for text messages",
    PaperState.PENDING: "is not registered for text messages yet",
    PaperState.FAILED: "was refused as a sender of text messages",
}


def why_no_texts(number: PhoneNumber) -> str:
    """Return why texts from a number arrive nowhere, in a sentence without its name; empty when they may.

    Carriers in the US drop what comes from numbers there without a campaign (Twilio error 30034).
    """
    if number.source != NumberSource.BOUGHT:
        return "is on a line of your carrier's, over which no text messages come."
    if number.state != NumberState.ACTIVE or not number.has_sms:
        return "cannot send text messages."
    state = PaperState(number.messaging_state)
    if number.country == "US" and state != PaperState.REGISTERED:
        return f"{_REFUSED_IN_US[state]}, so carriers in the US do not deliver them."
    return ""
