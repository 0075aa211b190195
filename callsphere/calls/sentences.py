"""What callers hear when nobody takes their call, and what the log says of it."""

from __future__ import annotations

from callsphere.calls.places import Called
from trunks.enums import NumberState

NOT_CONNECTED = "This number is not connected to an agent yet. Please call again later. Goodbye."
NO_LONGER = "This number is no longer in service. Goodbye."
NOT_NOW = "This number cannot take calls at the moment. Please call again later. Goodbye."
NOBODYS = "The number that you have called is not in use here. Please check it and call again. Goodbye."
CLOSED = "Nobody can take your call at the moment. Please call again later. Goodbye."
FAILED = "Something went wrong on our side. Please call again in a few minutes. Goodbye."

_WHY = {
    NOT_CONNECTED: "Calls to this number lead to no agent yet. Open the number, and lead them to one.",
    NO_LONGER: "The number was given up.",
    NOT_NOW: "No calls are taken: your organisation may only be read, or it or the trunk is switched off.",
    NOBODYS: "The number that was called is not on this trunk. Add it there if it is yours.",
}
_GIVEN_UP = (NumberState.RELEASING, NumberState.RELEASED, NumberState.FAILED)


def sentence_for(called: Called) -> str:
    """Return why no call is taken there at all; empty where calls are taken."""
    if not called.may_take:
        return NOT_NOW
    if called.number_id is None:
        return NOBODYS
    return NO_LONGER if called.number_state in _GIVEN_UP else ""


def why(sentence: str) -> str:
    """Return why a caller hears a sentence, as whoever owns the number reads it."""
    return _WHY[sentence]
