from django.apps import AppConfig
from django.core import checks

from tenants.access import Capability
from tenants.navigation import Area, add_area


class TrunksConfig(AppConfig):
    """SIP trunks, their gateways and their health."""

    name = "trunks"
    verbose_name = "Trunks"

    def ready(self) -> None:
        from trunks import audit_kinds, incidents, preset_checks  # noqa: PLC0415 (models can be imported only now)

        add_area(Area("Trunks", "trunks:list", "trunk", Capability.TRUNKS_READ, 20))
        audit_kinds.add_kinds()
        incidents.add_kinds()
        checks.register(preset_checks.check_presets)
