"""What becomes of a call: by the number's route when it comes in, and by what is left when nobody took it.

Call these inside a tenant's context, outside of which nothing here is waited for.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.db.models import QuerySet
from django.http import QueryDict

from agents.deciding import ANSWER, Decision, decide
from agents.enums import RouteAction
from agents.models import AgentVersion, NumberRoute
from agents.queries import plan_of, routes_of
from callsphere.calls import sentences
from callsphere.calls.enums import CallAction, CallState, Direction
from callsphere.calls.instructions import (
    MESSAGE_TAKEN,
    After,
    Place,
    call_person,
    connect_agent,
    take_message,
    turn_away,
)
from callsphere.calls.models import Call, CallEvent, CallKey
from callsphere.calls.payload import call_sid_of, known_fields
from callsphere.calls.places import Called
from callsphere.lib.crypto import SecretUnreadable
from callsphere.lib.ids import uuid7_at
from callsphere.providers.twilio import twiml
from tenants.clock import database_now
from tenants.models import Tenant

LONGEST_UNWATCHED = timedelta(hours=4, minutes=5)
"""After so long the provider is asked about a call of which no end was told."""
_TAKEN = ("completed", "answered")
_STREAM_STARTED = "stream-started"
_UNABLE = (SecretUnreadable, twiml.InstructionsInvalid)


def answer_call(tenant: Tenant, called: Called, form: QueryDict, place: Place) -> str:
    """Return the TwiML for a call that comes in; for the same call again, what it was told before."""
    sentence = sentences.sentence_for(called)
    # locked, so that two calls at once do not both count the same others; always before the call's own row
    route = None if sentence else _routes(tenant, called).select_for_update(of=("self",), no_key=True).first()
    call = _call_of(tenant, called, form)
    now = database_now()
    if sentence or route is None:
        heard = sentence or sentences.NOT_CONNECTED
        call.because = call.because or [sentences.why(heard)]
        document = turn_away(call, heard)
    elif call.action:
        document = _again(call, route, place, now)
    else:
        decision = decide(plan_of(route), now, calls=_going_on(call))
        document = _follow(call, route, decision, place, After.AGENT, now)
    call.save()
    return document


def rescue_call(tenant: Tenant, called: Called, form: QueryDict, place: Place) -> str:
    """Return the TwiML for a call that got no usable answer from us: whatever the route leaves to do."""
    route = None if sentences.sentence_for(called) else _routes(tenant, called).first()
    call = _call_of(tenant, called, form)
    document = turn_away(call, sentences.FAILED) if route is None else _rescued(call, route, place)
    call.save()
    return document


def go_on(tenant: Tenant, called: Called, form: QueryDict, place: Place, after: str) -> str:
    """Return the TwiML for what comes after somebody was called: or its end."""
    if form.get("CallStatus") == "completed":
        return twiml.hang_up()
    call = _call_of(tenant, called, form)
    if call.direction == Direction.OUTBOUND:
        return twiml.hang_up()  # whoever was called is left with nobody: a route is for callers
    if not _was_missed(call, form):
        return twiml.hang_up()
    route = _routes(tenant, called).first()
    if after == After.AGENT and route is not None:
        document = _rescued(call, route, place)
    else:
        call.because = [*call.because, "Nobody answered: the caller can leave a message."]
        document = take_message(call, place)
    call.save()
    return document


def leave_agent(call: Call, why: str, place: Place) -> str:
    """Return the TwiML for a caller whose agent has failed in mid-call: whatever the route leaves to do.

    The call's row is locked; save it.
    """
    call.because = [*call.because, why]
    route = routes_of(call.tenant).filter(phone_number=call.phone_number_id).first()
    return take_message(call, place) if route is None else _rescued(call, route, place)


def thank_for_message() -> str:
    """Return the TwiML for a caller who has left a message."""
    return twiml.say_and_hang_up(MESSAGE_TAKEN)


def _was_missed(call: Call, form: QueryDict) -> bool:
    if call.action == CallAction.STREAM:
        return not _was_streamed(call)
    return form.get("DialCallStatus") not in _TAKEN


def _was_streamed(call: Call) -> bool:
    """Tell whether a media stream was opened: what comes after one says nothing of how it went."""
    told = CallEvent.objects.filter(tenant=call.tenant_id, root_sid=call.call_sid)
    return told.filter(call_status=_STREAM_STARTED).exists()


def _rescued(call: Call, route: NumberRoute, place: Place) -> str:
    now = database_now()
    decision = decide(plan_of(route), now, unreachable=True)
    return _follow(call, route, decision, place, After.LAST, now)


def _follow(
    call: Call, route: NumberRoute, decision: Decision, place: Place, after: After, now: datetime
) -> str:
    """Carry out a decision. An agent that cannot be called after all is one that cannot be reached."""
    call.because = [*call.because, *(why for why in decision.because if why not in call.because)]
    if decision.action == ANSWER and decision.target is not None:
        version = _version(route, decision)
        try:
            document = connect_agent(call, version, place, after, now)
        except _UNABLE as error:
            call.because.append(_unable(error))
            return take_message(call, place) if after == After.LAST else _rescued(call, route, place)
        call.agent_id, call.version = version.agent_id, version
        return document
    return _ways(call, decision.number, place)[RouteAction(decision.action)]()


def _ways(call: Call, number: str, place: Place) -> dict[RouteAction, Callable[[], str]]:
    return {
        RouteAction.HUMAN: lambda: call_person(call, number, place),
        RouteAction.VOICEMAIL: lambda: take_message(call, place),
        RouteAction.HANG_UP: lambda: turn_away(call, sentences.CLOSED),
    }


def _again(call: Call, route: NumberRoute, place: Place, now: datetime) -> str:
    if call.version is not None and call.action in (CallAction.REALTIME, CallAction.SIP, CallAction.STREAM):
        return connect_agent(call, call.version, place, After.AGENT, now)
    action = {CallAction.PERSON: RouteAction.HUMAN, CallAction.VOICEMAIL: RouteAction.VOICEMAIL}
    return _ways(call, call.sent_to, place)[action.get(CallAction(call.action), RouteAction.HANG_UP)]()


def _unable(error: Exception) -> str:
    if isinstance(error, SecretUnreadable):
        return "The agent's password cannot be opened. Enter it again."
    return f"The agent cannot be called: {error}"


def _version(route: NumberRoute, decision: Decision) -> AgentVersion:
    """Return what answers: the pinned version, or the published one of whichever agent was decided for."""
    agents = (route.agent, route.closed_agent, route.overflow_agent, route.fallback_agent)
    target = decision.target
    chosen = next(agent for agent in agents if agent and target and str(agent.pk) == target.agent_id)
    if chosen.pk == route.agent_id and route.pinned is not None:
        return route.pinned
    version = chosen.published
    if version is None:  # the decision is for a target that has one
        raise LookupError(f"agent {chosen.pk} has no published version")
    return version


def _routes(tenant: Tenant, called: Called) -> QuerySet[NumberRoute]:
    return routes_of(tenant).filter(phone_number=called.number_id)


def _going_on(call: Call) -> int:
    others = Call.objects.filter(tenant=call.tenant_id, phone_number=call.phone_number_id)
    return others.exclude(pk=call.pk).exclude(state=CallState.ENDED).count()


def _call_of(tenant: Tenant, called: Called, form: QueryDict) -> Call:
    """Return the call's row, locked, made with its first request."""
    sid = call_sid_of(form)
    found = find_call(tenant, sid)
    if found is not None:
        return found
    now, known = database_now(), known_fields(form)
    call = Call(
        id=uuid7_at(now),
        tenant=tenant,
        direction=Direction.INBOUND,
        call_sid=sid,
        phone_number_id=called.number_id,
        trunk_id=called.trunk_id,
        our_number=known.get("To", ""),
        their_number=known.get("From", ""),
        verstat=known.get("StirVerstat", "")[:48],
        started_at=now,
        look_due_at=now + LONGEST_UNWATCHED,
    )
    call.save(force_insert=True)
    key = CallKey(tenant=tenant, call_sid=sid, call=call)
    CallKey.objects.bulk_create([key], ignore_conflicts=True)
    kept = find_call(tenant, sid)
    if kept is None or kept.pk != call.pk:  # the same request came twice at once, and the other was first
        call.delete()
    return kept or call


def find_call(tenant: Tenant, sid: str) -> Call | None:
    rows = Call.objects.filter(tenant=tenant, keys__call_sid=sid).select_related("version")
    return rows.select_for_update(of=("self",), no_key=True).first()
