from django.apps import AppConfig


class TrunksConfig(AppConfig):
    """SIP trunks, their gateways and their health."""

    name = "trunks"
    verbose_name = "Trunks"
