"""Incidents of calls that had to be ended, or could not be."""

from __future__ import annotations

from datetime import datetime

from callsphere.alerts.enums import Severity
from callsphere.alerts.kinds import IncidentKind, add_kind
from callsphere.alerts.services import Recovery, Sighting, Subject, open_incidents, resolve_incidents
from tenants.audit import Actor
from trunks.enums import EndReason
from trunks.models import LiveCall
from trunks.session_timers.policy import ends_after_s, exactly

CALL_ENDED = IncidentKind("call_ended", "Call had to be ended")
CALL_NOT_ENDED = IncidentKind("call_not_ended", "Call could not be ended")
_ACTOR = Actor.system("live calls")
_TITLES = {
    EndReason.NOT_REFRESHED: "{}: a call was ended because its refresh was overdue",
    EndReason.TOO_LONG: "{}: a call was ended because it lasted too long",
}


def add_kinds() -> None:
    """Make the kinds of incidents of calls known."""
    add_kind(CALL_ENDED)
    add_kind(CALL_NOT_ENDED)


def tell_ended(call: LiveCall, now: datetime) -> None:
    """Open or count the incident that calls of a trunk had to be ended: one trouble for each reason."""
    reason, subject = EndReason(call.reason), _subject(call)
    sighting = Sighting(
        tenant_id=call.tenant_id,
        key=f"{subject.kind}:{subject.id}:calls:{reason.value}",
        kind=CALL_ENDED.code,
        severity=Severity.WARNING,
        subject=subject,
        title=_TITLES[reason].format(subject.label),
        detail=_detail(call, "Answer to our hang-up"),
    )
    open_incidents(actor=_ACTOR, sightings=[sighting], now=now)


def tell_not_ended(call: LiveCall, now: datetime) -> None:
    """Open the incident of a call that goes on although it should not, or count one more attempt."""
    subject = _subject(call)
    sighting = Sighting(
        tenant_id=call.tenant_id,
        key=_key_of(call),
        kind=CALL_NOT_ENDED.code,
        severity=Severity.CRITICAL,
        subject=subject,
        title=f"{subject.label}: a call goes on that should be over",
        detail=_detail(call, "Last attempt"),
    )
    open_incidents(actor=_ACTOR, sightings=[sighting], now=now)


def tell_settled(call: LiveCall, note: str, now: datetime) -> None:
    """End the incident of a call that goes on although it should not, where there is one."""
    recovery = Recovery(call.tenant_id, _key_of(call), note)
    resolve_incidents(actor=_ACTOR, recoveries=[recovery], now=now)


def _key_of(call: LiveCall) -> str:
    return f"live_call:{call.pk}:not_ended"


def _subject(call: LiveCall) -> Subject:
    trunk = call.trunk
    if trunk is None:
        return Subject("live_call", call.pk, "A deleted trunk")
    return Subject("trunk", trunk.pk, trunk.name)


def _detail(call: LiveCall, came: str) -> str:
    answered = f"{call.answered_at:%Y-%m-%d %H:%M:%S} UTC"
    which = f"Call {call.reference} ({call.provider}), answered at {answered}."
    return f"{_why(call)} {which} {came}: {call.outcome.rstrip('.')}."


def _why(call: LiveCall) -> str:
    if not call.reason:
        return "Its readiness check ended before the call did."
    if call.reason == EndReason.NOT_REFRESHED and call.session_interval_s is not None:
        after = exactly(ends_after_s(call.session_interval_s))
        return f"No refresh came for {after}, with a session interval of {call.session_interval_s} s."
    longest = call.too_long_at - call.answered_at if call.too_long_at else None
    limit = f"{exactly(longest.total_seconds())}, the trunk's longest call" if longest else "its time"
    return f"It lasted longer than {limit}."
