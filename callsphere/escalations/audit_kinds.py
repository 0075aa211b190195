"""How the audit log speaks of people on call, policies and escalations."""

from callsphere.escalations.models import Escalation, EscalationPolicy, OnCallPerson
from tenants.audit_lines import Kind, add_kind, add_sentences


def add_kinds() -> None:
    """Teach the log what people do with them."""
    add_kind(Kind(OnCallPerson, "person on call", "people on call"))
    add_kind(Kind(EscalationPolicy, "escalation policy", "escalation policies"))
    add_kind(Kind(Escalation, "escalation", "escalations"))
    add_sentences(
        {
            "escalation.started": "started the {noun} {name}",
            "escalation.canceled": "canceled the {noun} {name}",
        }
    )
