from django.apps import AppConfig


class CallsConfig(AppConfig):
    """What the provider tells of calls, and what callers hear."""

    name = "callsphere.calls"
    label = "calls"
    verbose_name = "Calls"
