"""What pages show of phone numbers: rows, papers and a timeline ready to print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tenants.enums import ActorKind
from tenants.models import AuditEvent
from trunks.enums import Attestation, NumberSource, NumberState, PaperState
from trunks.models import NumberJob, PhoneNumber
from trunks.numbers.wording import (
    ATTESTATION_LOOKS,
    ATTESTATIONS,
    EMERGENCY,
    LOOKS,
    MESSAGING,
    OWN_PAPERS,
    PAPER_LOOKS,
    has_emergency_calls,
    is_under_way,
    next_step,
)

_DONE = {
    "phone_number.ordered": ("Ordered", "pending"),
    "phone_number.bought": ("Bought", "pass"),
    "phone_number.purchase_failed": ("Not bought", "fail"),
    "phone_number.added": ("Added", "pending"),
    "phone_number.verification_called": ("Called to verify it", "skipped"),
    "phone_number.verified": ("Verified", "pass"),
    "phone_number.verification_withdrawn": ("Verification withdrawn", "warn"),
    "phone_number.updated": ("Label changed", "skipped"),
    "phone_number.emergency_address_set": ("Emergency address entered", "skipped"),
    "phone_number.look_requested": ("Look asked for", "skipped"),
    "phone_number.changed_outside": ("Changed at the operator", "warn"),
    "phone_number.tried_again": ("Tried again", "skipped"),
    "phone_number.release_requested": ("Release asked for", "pending"),
    "phone_number.released": ("Released", "revoked"),
}


@dataclass(frozen=True, slots=True)
class Paper:
    """One thing that others must accept of a number: how far it is, and what that means."""

    title: str
    looks: str
    label: str
    meaning: str
    # In a table, where there is no room for the title; empty for what is not worth a line there.
    short: str = ""


@dataclass(frozen=True, slots=True)
class NumberRow:
    """A number as a line. `papers`: how calls are signed, the emergency address, messages."""

    number: PhoneNumber
    looks: str
    label: str
    next_step: str
    papers: tuple[Paper, ...]
    under_way: bool
    job: NumberJob | None

    @property
    def place(self) -> str:
        """Say where it comes from, for those that are on no trunk."""
        return NumberSource(self.number.source).label if self.number.trunk is None else ""


@dataclass(frozen=True, slots=True)
class Moment:
    """One line of a number's timeline."""

    at: datetime
    looks: str
    label: str
    by: str
    reason: str


def number_row(number: PhoneNumber) -> NumberRow:
    """Return a number of `phone_numbers_of` as a line."""
    job: NumberJob | None = next(iter(getattr(number, "open_jobs", ())), None)
    state = NumberState(number.state)
    return NumberRow(
        number, LOOKS[state], state.label, next_step(number, job), papers(number), is_under_way(number), job
    )


def number_rows(numbers: Iterable[PhoneNumber]) -> list[NumberRow]:
    """Return numbers of `phone_numbers_of` as lines."""
    return [number_row(number) for number in numbers]


def papers(number: PhoneNumber) -> tuple[Paper, ...]:
    """Return how calls are signed, the emergency address and the registration for messages."""
    if number.source == NumberSource.OWN:
        return tuple(
            Paper(title, "unknown", "Your carrier decides", meaning) for title, meaning in OWN_PAPERS
        )
    return (_signature(number), _emergency(number), _messages(number))


def timeline(events: Iterable[AuditEvent]) -> list[Moment]:
    """Return what was done to a number, in the order of the events."""
    return [_moment(event) for event in events]


def _moment(event: AuditEvent) -> Moment:
    label, looks = _DONE.get(
        event.verb, (event.verb.rpartition(".")[2].replace("_", " ").capitalize(), "skipped")
    )
    return Moment(event.created_at, looks, label, _by(event), event.reason)


def _by(event: AuditEvent) -> str:
    match event.actor_kind:
        case ActorKind.STAFF:
            return "CallSphere support"
        case ActorKind.SYSTEM:
            return "CallSphere"
        case ActorKind.API_KEY:
            return f"API key “{event.actor_label}”"
    return event.actor_label


def _signature(number: PhoneNumber) -> Paper:
    title = "Signature of calls"
    if not number.attestation:
        return Paper(title, "unknown", "Not known yet", "It is known once the number is yours.")
    level = Attestation(number.attestation)
    looks, meaning = ATTESTATION_LOOKS[level], ATTESTATIONS[level]
    return Paper(title, looks, level.label, meaning, f"Calls signed {level.value}")


def _emergency(number: PhoneNumber) -> Paper:
    title, state = "Emergency address", PaperState(number.emergency_state)
    if not has_emergency_calls(number):
        meaning = "Emergency calls from here are told an address in the US and Canada alone."
        return Paper(title, "unknown", "Not needed", meaning)
    if state == PaperState.NONE:
        return Paper(title, "warn", "Missing", EMERGENCY[state], "No emergency address")
    short = f"Emergency address {state.label.lower()}"
    return Paper(title, PAPER_LOOKS[state], state.label, EMERGENCY[state], short)


def _messages(number: PhoneNumber) -> Paper:
    title, state = "Messages", PaperState(number.messaging_state)
    if not number.has_sms:
        return Paper(title, "unknown", "Calls alone", "This number takes no messages.")
    if state == PaperState.NONE and number.country != "US":
        return Paper(title, "pass", "No registration needed", "Messages are delivered.")
    meaning = number.messaging_detail or MESSAGING[state]
    return Paper(title, PAPER_LOOKS[state], state.label, meaning, f"Messages {state.label.lower()}")
