from django.apps import AppConfig

from tenants.access import Capability
from tenants.navigation import Area, add_area


class AlertsConfig(AppConfig):
    """What went wrong: incidents, from the moment they are seen until they are over."""

    name = "callsphere.alerts"
    label = "alerts"
    verbose_name = "Alerts"

    def ready(self) -> None:
        # Models can be imported only now.
        from callsphere.alerts.audit_kinds import add_kinds  # noqa: PLC0415 (models can be imported only now)

        add_area(Area("Alerts", "alerts:list", "alert", Capability.ALERTS_READ, 60))
        add_kinds()
