from django.apps import AppConfig


class EscalationsConfig(AppConfig):
    """People on call, and escalations."""

    name = "callsphere.escalations"
    label = "escalations"
    verbose_name = "Escalations"

    def ready(self) -> None:
        from callsphere.escalations import (  # noqa: PLC0415  # needs models
            accepting,
            audit_kinds,
            builtin,
            incidents,
        )

        audit_kinds.add_kinds()
        incidents.add_kinds()
        accepting.answer_calls()
        builtin.serve_agents()
