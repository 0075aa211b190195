"""Demo data about calls: a receptionist, a number that leads to her, and a dozen calls of the last days."""

from __future__ import annotations

import secrets
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from agents.deciding import decide
from agents.hours import DAYS
from agents.models import Agent, AgentVersion, NumberRoute
from agents.queries import plan_of, routes_of
from agents.services import create_agent, create_hours, create_route, edit_draft, publish
from callsphere.calls.models import (
    Call,
    CallKey,
    CallLeg,
    CallNote,
    RealtimeSession,
    TranscriptLine,
)
from callsphere.calls.realtime.costs import response_cost
from callsphere.lib.ids import uuid7_at
from callsphere.local.demo_left import leave_behind, leave_voice_message
from callsphere.local.demo_past import PAST_CALLS, PastCall
from callsphere.providers.twilio.client import parent_account
from callsphere.providers.twilio.double import is_double
from tenants.audit import Actor
from tenants.clock import database_now
from tenants.models import Tenant
from trunks.models import PhoneNumber, Trunk
from trunks.services import add_own_number, order_number

NUMBER = "+14155550101"
STAFF = "+14155550123"
OPENAI = "sip:proj_demo@sip.api.openai.com;transport=tls"
FILLED_IN = {
    "[name of the practice]": "Harbor Dental",
    "[address and how to get there]": "12 Harbor Street, second floor, beside the ferry landing",
    "[opening hours]": "Monday to Friday 8 a.m. to 6 p.m., Saturday 9 a.m. to 1 p.m.",
    "[services and who offers them]": "check-ups (Dr. Lee), braces (Dr. Ortiz), emergencies (both)",
    "[insurance and payment]": "most dental plans; cards and cash",
}


def make_calls(tenant: Tenant, actor: Actor) -> None:
    """Make the receptionist, her number and the calls that she took. Call it inside the tenant's context."""
    agent = _make_agent(tenant, actor)
    number = _make_number(tenant, actor)
    route = _make_route(tenant, actor, number, agent)
    version = AgentVersion.objects.select_related("agent").get(agent=agent)
    now = database_now()
    trunks = {trunk.name: trunk for trunk in Trunk.objects.filter(tenant=tenant)}
    for past in PAST_CALLS:
        _make_call(_Making(tenant, number, route, version, trunks["Busy carrier"]), past, now - past.ago)


def _make_agent(tenant: Tenant, actor: Actor) -> Agent:
    who: dict[str, Any] = {"tenant": tenant, "actor": actor}
    agent = create_agent(**who, name="Front desk", template="healthcare-receptionist")
    texts = {
        name: getattr(agent, name) for name in ("instructions", "safety_rules", "greeting", "consent_text")
    }
    for words, filling in FILLED_IN.items():
        texts = {name: text.replace(words, filling) for name, text in texts.items()}
    texts["transfer_number"] = STAFF
    agent = edit_draft(**who, agent=agent, expected_version=agent.version, **texts)
    publish(**who, agent=agent, expected_version=agent.version, note="The demo's receptionist")
    return agent


def _make_number(tenant: Tenant, actor: Actor) -> PhoneNumber:
    """Order one where it costs nothing, from the double; else bring one along, on the healthy carrier."""
    if is_double() and parent_account() is not None:
        return order_number(tenant=tenant, actor=actor, number=NUMBER, label="Front desk")
    trunk = Trunk.objects.get(tenant=tenant, name="Main line")
    return add_own_number(tenant=tenant, actor=actor, trunk=trunk, number=NUMBER, label="Front desk")


def _make_route(tenant: Tenant, actor: Actor, number: PhoneNumber, agent: Agent) -> NumberRoute:
    weekly = [{"day": day, "opens": "00:00", "closes": "24:00"} for day in DAYS]
    who: dict[str, Any] = {"tenant": tenant, "actor": actor}
    hours = create_hours(**who, name="Always", time_zone="America/Los_Angeles", weekly=weekly)
    ways: dict[str, Any] = {f"{when}_action": "voicemail" for when in ("closed", "overflow", "fallback")}
    made = create_route(
        **who, phone_number_id=number.pk, agent_id=agent.pk, hours_id=hours.pk, most_calls=5, **ways
    )
    return routes_of(tenant).get(pk=made.pk)


@dataclass(frozen=True, slots=True)
class _Making:
    tenant: Tenant
    number: PhoneNumber
    route: NumberRoute
    version: AgentVersion
    busy_line: Trunk


def _make_call(making: _Making, past: PastCall, at: datetime) -> None:
    by_agent = past.outcome in ("agent", "person", "voicemail")
    answered_at = at + timedelta(seconds=3) if past.talked_s is not None else None
    ended_at = (answered_at or at + timedelta(seconds=7)) + timedelta(seconds=past.talked_s or 0)
    call = Call.objects.create(
        id=uuid7_at(at),
        tenant=making.tenant,
        direction="outbound" if past.outbound else "inbound",
        call_sid=_sid("CA"),
        phone_number=making.number,
        trunk=making.busy_line if past.busy_line else None,
        our_number=NUMBER,
        their_number=past.caller,
        agent=making.version.agent if by_agent else None,
        version=making.version if by_agent else None,
        action="" if past.outbound else _ACTIONS.get(past.outcome, ""),
        sent_to=STAFF if past.person else "",
        because=[] if past.outbound else _because(making, past, at),
        state="ended",
        outcome=past.outcome,
        hung_up_by=past.hung_up_by,
        end_reason=past.reason,
        sip_code=past.code,
        cause=past.cause,
        verstat="" if past.outbound else past.verstat,
        started_at=at,
        answered_at=answered_at,
        ended_at=ended_at,
        talked_s=past.talked_s,
        price=Decimal("0.0085") * (1 + (past.talked_s or 0) // 60),
        price_unit="USD",
    )
    CallKey.objects.create(tenant=making.tenant, call=call, call_sid=call.call_sid)
    if by_agent:
        _make_talk(making, call, past)


_ACTIONS = {"agent": "realtime", "person": "person", "voicemail": "voicemail", "turned_away": "hang_up"}


def _because(making: _Making, past: PastCall, at: datetime) -> list[str]:
    if past.outcome == "turned_away":
        return ["The number was not connected to an agent yet."]
    decision = decide(plan_of(making.route), at, calls=0)
    if past.outcome != "voicemail":
        return list(decision.because)
    left = decide(plan_of(making.route), at, unreachable=True)
    return [*decision.because, *(why for why in left.because if why not in decision.because)]


def _make_talk(making: _Making, call: Call, past: PastCall) -> None:
    of_call: dict[str, Any] = {"tenant": making.tenant, "call": call}
    at, is_taken = call.started_at, past.outcome != "voicemail"
    end = call.ended_at if not past.person else at + timedelta(seconds=24)
    CallLeg.objects.create(
        **of_call,
        call_sid=_sid("CA"),
        kind="agent",
        target=OPENAI,
        state="completed" if is_taken else "failed",
        sip_code=200 if is_taken else past.code,
        started_at=at + timedelta(seconds=1),
        answered_at=call.answered_at if is_taken else None,
        ended_at=end if is_taken else at + timedelta(seconds=2),
    )
    if not is_taken:
        leave_voice_message(call, _sid("RE"), past.talked_s or 0)
        return
    leave_behind(call, past)
    if past.person:
        CallNote.objects.create(
            **of_call, key="transfer", text="The agent puts the caller through.", noted_at=end
        )
        CallLeg.objects.create(
            **of_call,
            call_sid=_sid("CA"),
            kind="person",
            target=STAFF,
            state="completed",
            sip_code=200,
            attestation="A",
            started_at=end,
            answered_at=at + timedelta(seconds=31),
            ended_at=call.ended_at,
        )
    usage = _usage(len(past.said))
    RealtimeSession.objects.create(
        **of_call,
        version=making.version,
        state="over",
        openai_call_id=f"rtc_{uuid.uuid4().hex}",
        offered_at=at + timedelta(seconds=2),
        accepted_at=call.answered_at,
        greeted_at=call.answered_at,
        ended_at=end,
        usage=usage,
        cost=response_cost(making.version.model, usage),
    )
    TranscriptLine.objects.bulk_create(
        TranscriptLine(
            **of_call,
            item_id=f"item_{number}",
            speaker="caller" if number % 2 else "agent",
            text=text,
            said_at=at + timedelta(seconds=4 + 7 * number),
        )
        for number, text in enumerate(past.said)
    )


def _usage(lines: int) -> dict[str, Any]:
    """Return what a conversation of so many lines uses: each response reads anew what was said before."""
    text_in, audio_in, text_out, audio_out = 900 * lines, 60 * lines, 30 * lines, 110 * lines
    cached = {"text_tokens": 900 * (lines - 1), "audio_tokens": 0}
    return {
        "input_tokens": text_in + audio_in,
        "output_tokens": text_out + audio_out,
        "total_tokens": text_in + audio_in + text_out + audio_out,
        "input_token_details": {
            "text_tokens": text_in,
            "audio_tokens": audio_in,
            "cached_tokens": cached["text_tokens"],
            "cached_tokens_details": cached,
        },
        "output_token_details": {"text_tokens": text_out, "audio_tokens": audio_out},
    }


def _sid(prefix: str) -> str:
    return prefix + secrets.token_hex(16)
