"""How the audit log speaks of calls."""

from callsphere.calls.models import Call, CallbackRequest, CallerMessage, CallRetention
from tenants.audit_lines import Kind, add_kind, add_sentences


def add_kinds() -> None:
    """Teach the log what people do with calls."""
    add_kind(Kind(Call, "call", "calls"))
    add_kind(Kind(CallRetention, "retention of calls", "retention of calls"))
    add_sentences({"hung_up": "hung up the {noun} {name}", "calls.exported": "exported calls of {name}"})
    add_kind(Kind(CallerMessage, "message", "messages of callers"))
    add_kind(Kind(CallbackRequest, "callback", "callbacks"))
    add_sentences({"handled": "dealt with the {noun} {name}"})
