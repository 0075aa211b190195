from django.apps import AppConfig


class LocalConfig(AppConfig):
    """The embedded default: servers, sandbox carriers and demo data of `make run`."""

    name = "callsphere.local"
    label = "local"
