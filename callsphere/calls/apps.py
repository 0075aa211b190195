from django.apps import AppConfig


class CallsConfig(AppConfig):
    """What the provider tells of calls, and what callers hear."""

    name = "callsphere.calls"
    label = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        from callsphere.calls import audit_kinds, incidents, watching  # noqa: PLC0415  # needs models

        audit_kinds.add_kinds()
        incidents.add_kinds()
        watching.add_enders()
