from django.apps import AppConfig, apps
from django.contrib import admin
from django.contrib.admin import apps as admin_apps

from callsphere import checks


class TenantsConfig(AppConfig):
    """Users, tenants and what every surface stands on."""

    default = True
    name = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        from tenants import log_lines  # noqa: F401, PLC0415 (the logs' receivers; models can be imported only now)
        from tenants.services import counted  # noqa: PLC0415 (models can be imported only now)

        checks.register_all()
        counted.count_people_and_keys()


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as the default one."""

    default = False
    default_site = "tenants.admin_site.AdminSite"

    def ready(self) -> None:
        super().ready()
        # Groups are not used, and the others' pages would show one-time-code secrets.
        # Addresses change through their owner's page, which writes the logs.
        for label in (
            "account.EmailAddress",
            "auth.Group",
            "otp_totp.TOTPDevice",
            "otp_static.StaticDevice",
        ):
            admin.site.unregister(apps.get_model(label))
