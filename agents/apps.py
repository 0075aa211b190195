from django.apps import AppConfig
from django.core import checks


class AgentsConfig(AppConfig):
    """Agents, the tools they use, and the routes that lead calls to them."""

    name = "agents"
    verbose_name = "Agents"

    def ready(self) -> None:
        from agents import agent_templates, audit_kinds  # noqa: PLC0415  # needs models

        audit_kinds.add_kinds()
        checks.register(agent_templates.check_templates)
