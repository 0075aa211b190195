from django.apps import AppConfig

from tenants.access import Capability
from tenants.navigation import Area, add_area


class TrunksConfig(AppConfig):
    """SIP trunks, their gateways and their health."""

    name = "trunks"
    verbose_name = "Trunks"

    def ready(self) -> None:
        from trunks import audit_kinds, certificate_expiry, incidents  # noqa: PLC0415 (models can be imported only now)

        add_area(Area("Trunks", "trunks:list", "trunk", Capability.TRUNKS_READ, 20))
        add_area(Area("Certificates", "trunks:certificates", "lock", Capability.TRUNKS_READ, 21))
        audit_kinds.add_kinds()
        incidents.add_kinds()
        certificate_expiry.add_kinds()
