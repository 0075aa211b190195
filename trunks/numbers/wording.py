"""What phone numbers and their states mean, in the words of people who are no telecom engineers.

Pure functions over a PhoneNumber and the work that is being done to it.
"""

from __future__ import annotations

from trunks.enums import Attestation, NumberSource, NumberState, PaperState
from trunks.models import NumberJob, PhoneNumber

LOOKS = {
    NumberState.ORDERED: "pending",
    NumberState.UNVERIFIED: "warn",
    NumberState.ACTIVE: "active",
    NumberState.RELEASING: "pending",
    NumberState.FAILED: "fail",
    NumberState.RELEASED: "revoked",
}
PAPER_LOOKS = {
    PaperState.NONE: "unknown",
    PaperState.PENDING: "pending",
    PaperState.REGISTERED: "pass",
    PaperState.FAILED: "fail",
}
ATTESTATION_LOOKS = {Attestation.FULL: "pass", Attestation.PARTIAL: "warn", Attestation.GATEWAY: "warn"}
ATTESTATIONS = {
    Attestation.FULL: "Whoever is called can see that caller and number were checked.",
    Attestation.PARTIAL: "It is known who calls, but not that the number is theirs. Phones may warn.",
    Attestation.GATEWAY: "Nobody vouches for these calls. Phones may show “Spam likely”. "
    "That ends when Twilio has approved your business: ask support.",
}
EMERGENCY = {
    PaperState.NONE: "A call to 911 from this number does not tell where to send help, and may cost a fee.",
    PaperState.PENDING: "The address is being checked. Until then, 911 is not told where to send help.",
    PaperState.REGISTERED: "A call to 911 tells where to send help.",
    PaperState.FAILED: "The address was refused. 911 is not told where to send help.",
}
MESSAGING = {
    PaperState.NONE: "Carriers in the US deliver messages of registered senders alone. "
    "Calls need no registration; to send messages, ask support.",
    PaperState.PENDING: "The carriers have not answered yet. Until then messages may be dropped.",
    PaperState.REGISTERED: "Messages are delivered.",
    PaperState.FAILED: "The carriers refused it: messages are not delivered.",
}
OWN_PAPERS = (
    ("Signature of calls", "It signs the calls over its line, and knows whether the number is yours."),
    ("Emergency address", "Emergency calls go over its line: ask which address it tells."),
    ("Messages", "They do not come over a SIP line."),
)
_AMERICA = ("US", "CA")


def is_under_way(number: PhoneNumber) -> bool:
    """Whether its state will change by itself within seconds or minutes."""
    return number.state in (NumberState.ORDERED, NumberState.RELEASING)


def has_emergency_calls(number: PhoneNumber) -> bool:
    """Whether an emergency address belongs to it: calls to 911 are told where from, in the US and Canada."""
    return number.source == NumberSource.BOUGHT and number.has_voice and number.country in _AMERICA


def next_step(number: PhoneNumber, job: NumberJob | None = None) -> str:
    """Say what happens next by itself, or what somebody has to do; nothing for a number that is over."""
    match number.state:
        case NumberState.ORDERED if job and job.error:
            return f"{job.error} {_again(job)}"
        case NumberState.ORDERED:
            return "It is yours within seconds. There is nothing to do."
        case NumberState.RELEASING if job and job.error:
            return f"{job.error} {_again(job)}"
        case NumberState.RELEASING:
            return "It is given back within seconds. There is nothing to do."
        case NumberState.UNVERIFIED:
            return "Prove that it is yours, so that agents may show it when they call."
        case NumberState.FAILED:
            return number.error
        case NumberState.ACTIVE:
            return _active_step(number)
    return ""


def _again(job: NumberJob) -> str:
    return "It is being undone." if job.state == "undoing" else "It is tried again by itself."


def _active_step(number: PhoneNumber) -> str:
    if number.error:
        return number.error
    if number.messaging_state == PaperState.FAILED:
        return f"Messages are not delivered. {number.messaging_detail}".strip()
    if has_emergency_calls(number) and number.emergency_state in (PaperState.NONE, PaperState.FAILED):
        return "It has no emergency address."
    return ""
