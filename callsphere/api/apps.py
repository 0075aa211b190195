from django.apps import AppConfig


class ApiConfig(AppConfig):
    """The router of the REST API and its reference page."""

    name = "callsphere.api"
    label = "api"
    verbose_name = "API"
