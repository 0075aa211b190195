from django.apps import AppConfig

from tenants.access import Capability
from tenants.navigation import Area, add_area


class CallsConfig(AppConfig):
    """What the provider tells of calls, and what callers hear."""

    name = "callsphere.calls"
    label = "calls"
    verbose_name = "Calls"

    def ready(self) -> None:
        from callsphere.calls import audit_kinds, inbox, incidents, watching  # noqa: PLC0415  # needs models

        add_area(Area("Calls", "call-log:list", "call", Capability.CALLS_READ, 40))
        add_area(Area("Messages", "inbox:list", "mail", Capability.CALLS_READ, 42, inbox.open_count))
        audit_kinds.add_kinds()
        incidents.add_kinds()
        watching.add_enders()
