from django.apps import AppConfig


class OutboundConfig(AppConfig):
    """Calls that are placed for tenants."""

    name = "callsphere.outbound"
    label = "outbound"
    verbose_name = "Outbound calls"

    def ready(self) -> None:
        from callsphere.outbound import audit_kinds  # noqa: PLC0415  # needs models

        audit_kinds.add_kinds()
