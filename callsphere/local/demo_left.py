"""What the demo's callers left: a message, a callback, a voice message that can be heard, texts."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from callsphere.calls.models import Call, CallbackRequest, CallerMessage, TextMessage, VoiceMessage
from callsphere.calls.sound_keeping import keep_sound
from callsphere.calls.text_sending import found_in
from callsphere.lib.ids import uuid7_at
from callsphere.local.demo_past import PastCall
from callsphere.local.doubles.twilio.voice.recording import sound_of

TIME_ZONE = "America/Los_Angeles"


def leave_behind(call: Call, past: PastCall) -> None:
    """Store what a call of the past left behind. Call it inside the tenant's context."""
    at = call.ended_at or call.started_at
    if past.message:
        values = {"name": past.name, "number": past.caller, "text": past.message}
        made = CallerMessage.objects.create(**_of(call, at), **values, is_urgent=past.is_urgent)
        if past.is_done:
            made.handled_at, made.handled_by = at + timedelta(hours=1), "olivia@harbordental.example"
            made.save(update_fields=["handled_at", "handled_by"])
    if past.calls_back:
        CallbackRequest.objects.create(
            **_of(call, at),
            number=past.caller,
            wanted_at=_tomorrow_morning(at),
            time_zone=TIME_ZONE,
            note=past.calls_back,
        )
    if past.text:
        _send(call, past, at)


def leave_voice_message(call: Call, recording_sid: str, seconds: int) -> None:
    """Store a voice message with its sound: a soft tone, as long as the message is."""
    at = call.ended_at or call.started_at
    there: dict[str, Any] = {"sound_state": "there", "sound_due_at": None}
    message = VoiceMessage.objects.create(
        **_of(call, at), recording_sid=recording_sid, duration_s=seconds, **there
    )
    keep_sound(message, sound_of({"duration": str(seconds), "channels": 1}))


def _of(call: Call, at: datetime) -> dict[str, Any]:
    return {"id": uuid7_at(at), "tenant_id": call.tenant_id, "call": call, "created_at": at}


def _tomorrow_morning(at: datetime) -> datetime:
    local = at.astimezone(ZoneInfo(TIME_ZONE)) + timedelta(days=1)
    return local.replace(hour=9, minute=30, second=0, microsecond=0)


def _send(call: Call, past: PastCall, at: datetime) -> None:
    found = found_in("undelivered" if past.text_error else "delivered", "", past.text_error)
    if found is None:
        raise LookupError("the provider's words for texts are known")
    TextMessage.objects.create(
        **_of(call, at),
        to_number=past.caller,
        from_number=call.our_number,
        body=past.text,
        state=found.state,
        error_code=found.error_code or None,
        error=found.error,
        ended_at=at,
    )
