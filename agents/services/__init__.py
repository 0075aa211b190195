"""What can be done to agents. One transaction and an audit event for each."""

from agents.services.agents import create_agent, delete_agent, edit_draft
from agents.services.publishing import publish, roll_back

__all__ = ["create_agent", "delete_agent", "edit_draft", "publish", "roll_back"]
