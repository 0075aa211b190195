"""What the provider is told to do with a call, as TwiML. Call these inside a tenant's context."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from django.conf import settings

from agents.enums import Runtime
from agents.models import AgentVersion
from callsphere.calls.enums import CallAction
from callsphere.calls.models import Call, RealtimeSession
from callsphere.calls.parties import caller_number
from callsphere.calls.tokens import HEADER, SessionName, sign_session, sign_stream
from callsphere.providers.openai.account import sip_address
from callsphere.providers.twilio import twiml
from tenants.keys import reveal

RINGS_S = 20
"""How long an agent or a person is rung, in seconds; agents answer in one or two."""
LONGEST_MESSAGE_S = 180
LEAVE_A_MESSAGE = "Nobody can take your call at the moment. Please leave a message after the tone."
MESSAGE_TAKEN = "Thank you, your message has been taken. Goodbye."
_SLACK = timedelta(seconds=90)
"""From the longest call to when we end it ourselves: ringing, and whatever was said before."""

ACTIONS = {
    Runtime.OPENAI_REALTIME: CallAction.REALTIME,
    Runtime.SIP_URI: CallAction.SIP,
    Runtime.MEDIA_STREAM: CallAction.STREAM,
}


class After(StrEnum):
    """Who was called when the provider asks what to do next: whoever was meant, or whoever is left."""

    AGENT = "agent"
    LAST = "last"


@dataclass(frozen=True, slots=True)
class Place:
    """The address that the provider has for a number or trunk, below PUBLIC_URL: `/voice/…/`."""

    path: str

    def url(self, kind: str, query: str = "") -> str:
        return f"{settings.PUBLIC_URL}{self.path}{kind}/{'?' + query if query else ''}"

    def dialled(self, after: After) -> str:
        return self.url("dialled", f"after={after}")


def place_of(call: Call) -> Place:
    """Return where the provider asks about a call: at its trunk or at its number, of which it has one."""
    if call.trunk_id is not None:
        return Place(f"/voice/trunk/{call.trunk_id}/")
    return Place(f"/voice/{call.phone_number_id}/")


def connect_agent(call: Call, version: AgentVersion, place: Place, after: After, now: datetime) -> str:
    """Lead a call to an agent, and keep it from lasting longer than the agent says."""
    call.action = ACTIONS[Runtime(version.runtime)]
    call.end_due_at = now + timedelta(seconds=version.longest_call_s) + _SLACK
    if version.runtime == Runtime.MEDIA_STREAM:
        return _connect_stream(call, version, place, after, now)
    dialling = twiml.Dialling(
        action=place.dialled(after), timeout_s=RINGS_S, time_limit_s=version.longest_call_s
    )
    is_ours = version.runtime == Runtime.OPENAI_REALTIME
    leg = _openai_leg(call, version, place) if is_ours else _sip_leg(call, version, place)
    return twiml.dial_sip(leg, dialling)


def call_person(call: Call, number: str, place: Place) -> str:
    """Lead a call to a person's number.

    The caller's own number is shown; where it is withheld or none, the one that was called: Twilio takes no
    other (error 13214).
    """
    call.action, call.sent_to = CallAction.PERSON, number
    _forget_longest(call)
    shown = "" if caller_number(call) else call.our_number
    dialling = twiml.Dialling(
        action=place.dialled(After.LAST),
        timeout_s=RINGS_S,
        caller_id=shown if shown.startswith("+") else "",
    )
    return twiml.dial_number(twiml.NumberLeg(number, status_callback=place.url("status")), dialling)


def take_message(call: Call, place: Place, sentence: str = LEAVE_A_MESSAGE) -> str:
    """Have the caller leave a message."""
    call.action = CallAction.VOICEMAIL
    _forget_longest(call)
    return twiml.voicemail(
        sentence,
        action=place.url("recorded"),
        recording_callback=place.url("recording"),
        longest_s=LONGEST_MESSAGE_S,
    )


def turn_away(call: Call, sentence: str) -> str:
    """Say why nobody takes a call, and end it."""
    call.action = CallAction.HANG_UP
    _forget_longest(call)
    return twiml.say_and_hang_up(sentence)


def _forget_longest(call: Call) -> None:
    """Let whoever takes over from an agent not be cut off when the agent would have been."""
    if not call.end_reason:
        call.end_due_at = None


def _openai_leg(call: Call, version: AgentVersion, place: Place) -> twiml.SipLeg:
    address = sip_address()
    if not address:
        raise twiml.InstructionsInvalid("OpenAI is not set up here.")
    session, _ = RealtimeSession.objects.get_or_create(tenant=call.tenant, call=call, version=version)
    token = sign_session(SessionName(call.tenant_id, session.pk))
    return twiml.SipLeg(
        address,
        headers={HEADER: token},
        status_callback=place.url("status"),
    )


def _sip_leg(call: Call, version: AgentVersion, place: Place) -> twiml.SipLeg:
    return twiml.SipLeg(
        version.sip_uri,
        headers={"X-Callsphere-Call": str(call.pk)},
        username=version.sip_username,
        password=reveal(version, "sip_secret") if version.sip_secret else "",
        status_callback=place.url("status"),
    )


def _connect_stream(call: Call, version: AgentVersion, place: Place, after: After, now: datetime) -> str:
    agent_id: uuid.UUID = version.agent_id
    token = sign_stream(url=version.stream_url, call_id=call.pk, agent_id=agent_id, now=now)
    parameters = {
        "token": token,
        "call": str(call.pk),
        "agent": str(agent_id),
        "version": str(version.number),
        "from": call.their_number,
        "to": call.our_number,
    }
    return twiml.connect_stream(
        version.stream_url, parameters, action=place.dialled(after), status_callback=place.url("status")
    )
