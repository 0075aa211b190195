"""The sound of a voice message as an answer: the part that is asked for, for nobody to keep but who asked."""

from __future__ import annotations

from collections.abc import Mapping

import structlog

from callsphere.calls.byte_ranges import Part, part_of
from callsphere.calls.enums import SoundState
from callsphere.calls.models import VoiceMessage
from callsphere.calls.sound_keeping import sound_of
from callsphere.lib.crypto import SecretUnreadable
from tenants.models import Tenant

_NOT_THERE = {
    SoundState.WAITING: "It is being fetched from Twilio. Try again in a minute.",
    SoundState.THERE: "It cannot be opened. Tell CallSphere's support.",
    SoundState.FAILED: "Twilio did not hand it over.",
    SoundState.FORGOTTEN: "It was deleted, as transcripts are after the time that you keep them.",
}
"""Why a message cannot be heard, where nothing more is known."""
_HEADERS = {
    "Cache-Control": "private, no-store",
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Content-Disposition": 'inline; filename="voice-message.wav"',
}

log = structlog.get_logger(__name__)


def why_not_there(message: VoiceMessage) -> str:
    """Say why a message cannot be heard, or not yet."""
    return message.sound_error or _NOT_THERE[SoundState(message.sound_state)]


def sound_part(
    tenant: Tenant, message: VoiceMessage, method: str | None, asked: Mapping[str, str]
) -> Part | None:
    """Return what a request's headers ask of a message's sound; None where there is none to hear.

    Ranges are for GET alone (RFC 9110 §14.2). Call it inside the tenant's context.
    """
    if message.sound_state != SoundState.THERE:
        return None
    try:
        data = sound_of(tenant, message.pk)
    except SecretUnreadable as error:
        log.error("sound_unreadable", message=str(message.pk), tenant_id=str(tenant.pk), why=str(error))
        return None
    if data is None:
        return None
    wanted = asked.get("Range", "") if method == "GET" else ""
    part = part_of(data, wanted, asked.get("If-Range", ""))
    return Part(part.status, part.data, {**_HEADERS, **part.headers})
