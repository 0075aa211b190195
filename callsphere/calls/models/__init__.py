"""Calls: what was told of them, what became of them, what was said."""

from callsphere.calls.models.calls import Call, CallKey, CallLeg
from callsphere.calls.models.conversations import (
    CallNote,
    FunctionCall,
    RealtimeSession,
    TranscriptLine,
    UnwantedCall,
)
from callsphere.calls.models.events import CallEvent
from callsphere.calls.models.follow_ups import CallbackRequest, CallerMessage
from callsphere.calls.models.keeping import CallRetention
from callsphere.calls.models.recordings import VoiceMessage, VoiceSound
from callsphere.calls.models.texts import TextMessage

__all__ = (
    "Call",
    "CallEvent",
    "CallKey",
    "CallLeg",
    "CallNote",
    "CallRetention",
    "CallbackRequest",
    "CallerMessage",
    "FunctionCall",
    "RealtimeSession",
    "TextMessage",
    "TranscriptLine",
    "UnwantedCall",
    "VoiceMessage",
    "VoiceSound",
)
