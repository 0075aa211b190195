from django.apps import AppConfig
from django.core import checks

from tenants.access import Capability
from tenants.navigation import Area, add_area


class AgentsConfig(AppConfig):
    """Agents, the tools they use, and the routes that lead calls to them."""

    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        from agents import agent_templates, audit_kinds  # noqa: PLC0415  # needs models

        add_area(Area("Agents", "agents:list", "agent", Capability.AGENTS_READ, 25))
        audit_kinds.add_kinds()
        checks.register(agent_templates.check_templates)
