"""The app of what belongs to no single area: design system, landing page, error pages. It has no models."""

from django.apps import AppConfig


class WebConfig(AppConfig):
    """Gives the template tags and the static files their place."""

    name = "callsphere.web"
    label = "web"
    verbose_name = "Web pages"
