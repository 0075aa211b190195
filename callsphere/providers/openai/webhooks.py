"""Events that OpenAI sends: proven by their signature, and read as far as calls need it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from django.conf import settings
from openai import InvalidWebhookSignatureError, OpenAI
from openai.resources.webhooks.webhooks import Webhooks
from openai.types.webhooks import RealtimeCallIncomingWebhookEvent
from pydantic import TypeAdapter, ValidationError

_INCOMING = "realtime.call.incoming"
MediaSecurity = Literal["srtp", "rtp", ""]


class WebhookRefused(Exception):
    """What came is no call to answer. `is_signed`: OpenAI did send it, so sending it again will not help."""

    def __init__(self, message: str, *, is_signed: bool = False) -> None:
        super().__init__(message)
        self.is_signed = is_signed


@dataclass(frozen=True, slots=True)
class SipHeader:
    """A header of the caller's INVITE. Whoever knows our SIP address can send any: believe none unproven."""

    name: str
    value: str


@dataclass(frozen=True, slots=True)
class IncomingRealtimeCall:
    """A call that waits to be accepted. Deliveries repeat: `event_id` stays the same."""

    event_id: str
    call_id: str
    sip_headers: tuple[SipHeader, ...]
    """All but credentials, in their order; names may repeat."""
    media_security: MediaSecurity
    """How the audio travels; empty when that is unknown."""

    def header(self, name: str) -> str:
        """Return the first header of a name, however it is written; empty when there is none."""
        return next((each.value for each in self.sip_headers if each.name.lower() == name.lower()), "")


def unwrap_webhook(body: bytes, headers: Mapping[str, str]) -> IncomingRealtimeCall:
    """Return the call that a webhook tells of.

    Raises WebhookRefused for a signature that does not prove that OpenAI sent it within the last 5 minutes,
    for missing headers, and for whatever is no incoming call.
    """
    if not settings.OPENAI_WEBHOOK_SECRET:
        raise WebhookRefused("OPENAI_WEBHOOK_SECRET is not set, so nothing that OpenAI sends can be proven.")
    try:
        _webhooks().verify_signature(body, headers, secret=settings.OPENAI_WEBHOOK_SECRET)
    except (InvalidWebhookSignatureError, ValueError, TypeError) as error:
        # The SDK compares ASCII alone, and reads bodies as UTF-8.
        raise WebhookRefused(f"This does not prove that OpenAI sent it: {_reason(error)}.") from None
    return _read(body)


def _read(body: bytes) -> IncomingRealtimeCall:
    try:
        event = _EVENTS.validate_json(body)
    except ValidationError:
        raise WebhookRefused(f"OpenAI sent something else than {_INCOMING}.", is_signed=True) from None
    security = event.data.sip_media_security
    return IncomingRealtimeCall(
        event_id=event.id,
        call_id=event.data.call_id,
        sip_headers=tuple(SipHeader(each.name, each.value) for each in event.data.sip_headers),
        media_security=security if security in ("srtp", "rtp") else "",  # type: ignore[arg-type]  # mypy narrows no str
    )


@lru_cache(maxsize=1)
def _webhooks() -> Webhooks:
    """Return what verifies signatures. It needs neither key nor network, and takes a while to make."""
    return OpenAI(api_key="none", base_url="http://localhost").webhooks


def _reason(error: Exception) -> str:
    is_ours_to_tell = not isinstance(error, UnicodeDecodeError | TypeError)
    return str(error).removesuffix(".") if is_ours_to_tell else "it is no text that could be signed"


_EVENTS = TypeAdapter(RealtimeCallIncomingWebhookEvent)
