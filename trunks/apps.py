from django.apps import AppConfig
from django.core import checks

from tenants.access import Capability
from tenants.navigation import Area, add_area


class TrunksConfig(AppConfig):
    """SIP trunks, their gateways and their health."""

    name = "trunks"
    verbose_name = "Trunks"

    def ready(self) -> None:
        from trunks import (  # noqa: PLC0415 (models can be imported only now)
            audit_kinds,
            call_incidents,
            certificate_expiry,
            dialog_ender,
            incidents,
            preset_checks,
        )

        add_area(Area("Trunks", "trunks:list", "trunk", Capability.TRUNKS_READ, 20))
        add_area(Area("Certificates", "trunks:certificates", "lock", Capability.TRUNKS_READ, 21))
        audit_kinds.add_kinds()
        incidents.add_kinds()
        call_incidents.add_kinds()
        dialog_ender.add_enders()
        checks.register(preset_checks.check_presets)
        certificate_expiry.add_kinds()
