"""How the audit log speaks of agents and what belongs to them."""

from agents.models import Agent, BusinessHours, NumberRoute, Tool
from tenants.audit_lines import Kind, add_kind, add_sentences


def add_kinds() -> None:
    """Teach the log every kind of object that this app's services change."""
    add_kind(Kind(Agent, "agent", "agents"))
    add_kind(Kind(Tool, "tool", "tools"))
    add_kind(Kind(BusinessHours, "business hours", "business hours"))
    add_kind(Kind(NumberRoute, "route of", "routes of"))
    add_sentences(
        {
            "tested": "tested the {noun} {name}",
            "signing_secret_renewed": "renewed the signing secret of the {noun} {name}",
            "published": "published the {noun} {name}",
            "rolled_back": "let an earlier version of the {noun} {name} answer again",
        }
    )
