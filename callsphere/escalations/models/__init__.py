"""Who is on call, in which order they are asked, and what became of asking them."""

from callsphere.escalations.models.people import (
    EscalationAgent,
    EscalationPolicy,
    EscalationTier,
    OnCallPerson,
    TierPerson,
)
from callsphere.escalations.models.runs import Escalation, EscalationAsk, EscalationStep

__all__ = (
    "Escalation",
    "EscalationAgent",
    "EscalationAsk",
    "EscalationPolicy",
    "EscalationStep",
    "EscalationTier",
    "OnCallPerson",
    "TierPerson",
)
