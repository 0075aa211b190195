"""What callers left, made at once."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from callsphere.calls.models import Call, CallbackRequest, CallerMessage, TextMessage, VoiceMessage
from callsphere.lib.ids import uuid7_at
from tenants.clock import database_now
from tenants.context import tenant_context
from tests.calls.conftest import CALLER, NUMBER, new_sid

_USUAL: dict[Any, dict[str, Any]] = {
    CallerMessage: {"name": "Jane Roe", "number": CALLER, "text": "Please call me about my crown."},
    CallbackRequest: {"number": CALLER, "time_zone": "America/Los_Angeles"},
    VoiceMessage: {"duration_s": 21, "sound_state": "there", "sound_due_at": None},
    TextMessage: {"to_number": CALLER, "from_number": NUMBER, "body": "We open at 8.", "state": "delivered"},
}


def leave(call: Call, model: Any, at: datetime | None = None, *, is_done: bool = False, **fields: Any) -> Any:
    """Let a call leave something behind, at a time; by default now, and open."""
    at = at or database_now()
    values = {**_USUAL[model], **fields}
    if model is VoiceMessage:
        values.setdefault("recording_sid", new_sid("RE"))
    if model is CallbackRequest:
        values.setdefault("wanted_at", at)
    if is_done:
        values |= {"handled_at": at, "handled_by": "olivia@example.com"}
        values |= {"state": "done"} if model is CallbackRequest else {}
    with tenant_context(call.tenant):
        return model.objects.create(id=uuid7_at(at), tenant=call.tenant, call=call, created_at=at, **values)
