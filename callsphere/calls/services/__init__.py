"""What people do with calls."""

from callsphere.calls.services.keeping import FIELDS as RETENTION_FIELDS
from callsphere.calls.services.keeping import set_retention
from callsphere.calls.services.live import hang_up
from callsphere.calls.services.messages import (
    handle_callback,
    handle_message,
    handle_voice_message,
    reopen_callback,
    reopen_message,
    reopen_voice_message,
)

__all__ = (
    "RETENTION_FIELDS",
    "handle_callback",
    "handle_message",
    "handle_voice_message",
    "hang_up",
    "reopen_callback",
    "reopen_message",
    "reopen_voice_message",
    "set_retention",
)
