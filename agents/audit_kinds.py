"""How the audit log speaks of agents and what belongs to them."""

from agents.models import Agent
from tenants.audit_lines import Kind, add_kind, add_sentences


def add_kinds() -> None:
    """Teach the log every kind of object that this app's services change."""
    add_kind(Kind(Agent, "agent", "agents"))
    add_sentences(
        {
            "published": "published the {noun} {name}",
            "rolled_back": "let an earlier version of the {noun} {name} answer again",
        }
    )
