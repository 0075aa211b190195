from django.apps import AppConfig
from django.contrib.admin import apps as admin_apps

from callsphere import checks


class TenantsConfig(AppConfig):
    """Users, tenants and what every surface stands on."""

    default = True
    name = "tenants"
    verbose_name = "Tenants"

    def ready(self) -> None:
        checks.register_all()


class AdminConfig(admin_apps.AdminConfig):
    """Django's admin with our site as the default one."""

    default = False
    default_site = "tenants.admin_site.AdminSite"
