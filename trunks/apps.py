from django.apps import AppConfig
from django.core import checks

from tenants.access import Capability
from tenants.navigation import Area, add_area


class TrunksConfig(AppConfig):
    """SIP trunks, their gateways and their health."""

    name = "trunks"
    verbose_name = "Trunks"

    def ready(self) -> None:
        from trunks import audit_kinds, provider_drift, room  # noqa: PLC0415  # needs models
        from trunks.certificates import expiry  # noqa: PLC0415  # needs models
        from trunks.checks import dialog_ender  # noqa: PLC0415  # needs models
        from trunks.health import incidents  # noqa: PLC0415  # needs models
        from trunks.live_calls import incidents as call_incidents  # noqa: PLC0415  # needs models
        from trunks.presets import checks as preset_checks  # noqa: PLC0415  # needs models

        add_area(Area("Numbers", "numbers:list", "number", Capability.TRUNKS_READ, 15))
        add_area(Area("Trunks", "trunks:list", "trunk", Capability.TRUNKS_READ, 20))
        add_area(Area("Certificates", "trunks:certificates", "lock", Capability.TRUNKS_READ, 21))
        audit_kinds.add_kinds()
        incidents.add_kinds()
        call_incidents.add_kinds()
        dialog_ender.add_enders()
        checks.register(preset_checks.check_presets)
        expiry.add_kinds()
        provider_drift.add_kinds()
        room.count_trunks()
        room.count_numbers()
