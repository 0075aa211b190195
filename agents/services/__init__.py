"""What can be done to agents, their tools and routes. One transaction and an audit event for each."""

from agents.services.agents import create_agent, delete_agent, edit_draft, numbers_led_to
from agents.services.hours import create_hours, delete_hours, edit_hours
from agents.services.publishing import missing_in, publish, roll_back, words_to_fill_in
from agents.services.routes import create_route, delete_route, edit_route
from agents.services.tools import create_tool, delete_tool, edit_tool, renew_signing_secret

__all__ = [
    "create_agent",
    "create_hours",
    "create_route",
    "create_tool",
    "delete_agent",
    "delete_hours",
    "delete_route",
    "delete_tool",
    "edit_draft",
    "edit_hours",
    "edit_route",
    "edit_tool",
    "missing_in",
    "numbers_led_to",
    "publish",
    "renew_signing_secret",
    "roll_back",
    "words_to_fill_in",
]
