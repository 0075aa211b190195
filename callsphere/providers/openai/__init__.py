"""Calls that OpenAI's Realtime API answers over SIP: who may call, with which session, and what is said."""

from callsphere.providers.openai.account import is_configured, is_double, sip_address
from callsphere.providers.openai.calls import accept_call, hang_up_call, refer_call, reject_call
from callsphere.providers.openai.errors import CallGone, RealtimeError, Refused, Unavailable
from callsphere.providers.openai.sideband import Sideband, attach
from callsphere.providers.openai.webhooks import (
    IncomingRealtimeCall,
    SipHeader,
    WebhookRefused,
    unwrap_webhook,
)

__all__ = [
    "CallGone",
    "IncomingRealtimeCall",
    "RealtimeError",
    "Refused",
    "Sideband",
    "SipHeader",
    "Unavailable",
    "WebhookRefused",
    "accept_call",
    "attach",
    "hang_up_call",
    "is_configured",
    "is_double",
    "refer_call",
    "reject_call",
    "sip_address",
    "unwrap_webhook",
]
