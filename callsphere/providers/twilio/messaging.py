"""Whether numbers may send text messages to the US: campaigns (10DLC) and toll-free verification."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

from callsphere.providers.twilio.account import TwilioAccount
from callsphere.providers.twilio.client import open_client
from callsphere.providers.twilio.lists import EVERYTHING

State = Literal["registered", "pending", "failed", "none"]
_CAMPAIGN: Mapping[str, State] = {
    "VERIFIED": "registered",
    "PENDING": "pending",
    "IN_PROGRESS": "pending",
    "FAILED": "failed",
    "SUSPENDED": "failed",
}
_TOLL_FREE: Mapping[str, State] = {
    "TWILIO_APPROVED": "registered",
    "PENDING_REVIEW": "pending",
    "IN_REVIEW": "pending",
    "TWILIO_REJECTED": "failed",
}


@dataclass(frozen=True, slots=True)
class MessagingState:
    """One number's registration. `service_sid` is its messaging service (MG…), `reason` why it failed."""

    state: State = "none"
    service_sid: str = ""
    reason: str = ""


UNREGISTERED = MessagingState()


def read_messaging_states(account: TwilioAccount) -> dict[str, MessagingState]:
    """Return the registration of every number, by its id (PN…), that has anything to do with one.

    Two requests, and two more for each messaging service. Numbers that are missing are UNREGISTERED.
    """
    messaging = open_client(account).messaging.v1
    found: dict[str, MessagingState] = {}
    for service in messaging.services.list(page_size=EVERYTHING):
        campaign = _campaign_state(messaging.services(service.sid), service.sid)
        for number in messaging.services(service.sid).phone_numbers.list(page_size=EVERYTHING):
            found[number.sid] = campaign
    for row in messaging.tollfree_verifications.list(page_size=EVERYTHING):
        state = _TOLL_FREE.get(str(row.status), "none")
        found[row.tollfree_phone_number_sid] = MessagingState(state, "", row.rejection_reason or "")
    return found


def _campaign_state(service: Any, service_sid: str) -> MessagingState:
    """A service has one campaign; without any its numbers send nothing to the US."""
    for row in service.us_app_to_person.list(page_size=EVERYTHING):
        reasons = "; ".join(str(each.get("description", "")) for each in row.errors or [])
        return MessagingState(_CAMPAIGN.get(str(row.campaign_status), "none"), service_sid, reasons)
    return MessagingState("none", service_sid)
