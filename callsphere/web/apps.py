"""The app of what belongs to no single area: design system, landing page, error pages. It has no models."""

from django.apps import AppConfig

from tenants.access import Capability
from tenants.navigation import Area, add_area


class WebConfig(AppConfig):
    """Gives the template tags and the static files their place."""

    name = "callsphere.web"
    label = "web"
    verbose_name = "Web pages"

    def ready(self) -> None:
        add_area(Area("Dashboard", "web:dashboard", "dashboard", Capability.TENANT_READ, 10))
