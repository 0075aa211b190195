from django.apps import AppConfig

from tenants.access import Capability
from tenants.navigation import Area, add_area


class BillingConfig(AppConfig):
    """Plans, subscriptions and invoices."""

    name = "billing"
    verbose_name = "Billing"

    def ready(self) -> None:
        from billing import audit_kinds  # noqa: PLC0415 (models can be imported only now)
        from billing.affiliates import attribution  # noqa: F401, PLC0415 (hears of new tenants)

        add_area(Area("Billing", "billing:plan", "billing", Capability.BILLING_READ, 75))
        audit_kinds.add_kinds()
