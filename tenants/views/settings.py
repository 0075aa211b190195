"""Settings of an organisation."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase

from tenants.access import Capability
from tenants.forms import TenantSettingsForm
from tenants.mixins import TenantViewMixin
from tenants.models import Tenant
from tenants.services import change_settings
from tenants.views.base import FormPage


class Settings(TenantViewMixin, FormPage):
    """Name, time zone, id, and the addresses that the carrier must let in."""

    capability = Capability.TENANT_READ
    write_capability = Capability.TENANT_WRITE
    template_name = "tenants/settings.html"
    form_class = TenantSettingsForm

    def make_form(self, data: Any = None) -> TenantSettingsForm:
        tenant = self.tenant
        initial = {"name": tenant.name, "time_zone": tenant.time_zone, "version": tenant.version}
        return TenantSettingsForm(data, initial=initial)

    def edited(self) -> Tenant:
        return self.tenant

    def save(self, form: TenantSettingsForm) -> HttpResponseBase:
        change_settings(
            tenant=self.tenant,
            actor=self.actor,
            expected_version=form.cleaned_data["version"],
            name=form.cleaned_data["name"],
            time_zone=form.cleaned_data["time_zone"],
        )
        messages.success(self.request, "The settings are saved.")
        return HttpResponseRedirect(self.request.path)
