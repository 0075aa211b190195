"""API keys: which there are, making one, ending one."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.functional import cached_property

from tenants.access import DESCRIPTIONS, Capability
from tenants.forms import ApiKeyForm
from tenants.mixins import TenantViewMixin
from tenants.models import ApiKey
from tenants.queries import api_keys_of
from tenants.services import create_api_key, revoke_api_key
from tenants.views.base import ConfirmPage, FormPage, shown_once

# What to try first with a new key, by what it may do.
_FIRST_CALLS = (
    (Capability.TRUNKS_READ, "trunks/"),
    (Capability.TENANT_READ, "tenant/"),
    (Capability.AUDIT_READ, "audit-events/"),
)


class ApiKeysPage(TenantViewMixin):
    """A page about API keys."""

    capability = Capability.API_KEYS_WRITE

    def list_url(self) -> str:
        """Return the address of the list."""
        return reverse("tenants:api-keys", kwargs={"tenant": self.tenant.slug})


class ApiKeys(ApiKeysPage):
    """The keys, usable ones first."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        rows = [
            {
                "key": key,
                "state": key.state,
                "may": [DESCRIPTIONS[Capability(name)][0] for name in key.capabilities],
            }
            for key in api_keys_of(self.tenant)
        ]
        return render(request, "tenants/api_keys.html", {"rows": rows, "api_url": _api_url()})


def _api_url() -> str:
    return f"{settings.PUBLIC_URL}/api/v1/"


class ApiKeyCreate(ApiKeysPage, FormPage):
    """Makes a key and shows it, the only time."""

    template_name = "tenants/api_key_create.html"
    form_class = ApiKeyForm

    def page_context(self) -> dict[str, Any]:
        return {"keys_url": self.list_url()}

    def make_form(self, data: Any = None) -> ApiKeyForm:
        return ApiKeyForm(data, giver=self.request.capabilities)

    def save(self, form: ApiKeyForm) -> HttpResponseBase:
        key, token = create_api_key(
            tenant=self.tenant,
            actor=self.actor,
            name=form.cleaned_data["name"],
            capabilities=form.cleaned_data["capabilities"],
            created_by=self.request.user,
            allowed_networks=form.networks(),
            expires_at=form.expires_at(),
        )
        first = next((path for each, path in _FIRST_CALLS if each in key.capabilities), "")
        context = {
            **self.page_context(),
            "key": key,
            "token": token,
            "first_call": f"{_api_url()}{first}" if first else "",
        }
        return shown_once(render(self.request, "tenants/api_key_created.html", context))


class ApiKeyRevoke(ApiKeysPage, ConfirmPage):
    """Ends a key."""

    @cached_property
    def key(self) -> ApiKey:
        """The usable or expired key that the address names. Raises Http404."""
        return get_object_or_404(
            ApiKey.objects.filter(tenant=self.tenant, revoked_at=None), pk=self.kwargs["key_id"]
        )

    def question(self) -> dict[str, str]:
        return {
            "crumb": "API keys",
            "crumb_url": self.list_url(),
            "heading": f"Revoke “{self.key.name}”?",
            "text": "Programs that use it are refused at once. This cannot be undone:"
            " to give access again, make a new key.",
            "button": "Revoke the key",
        }

    def act(self) -> str:
        revoke_api_key(tenant=self.tenant, actor=self.actor, key=self.key)
        return f"“{self.key.name}” was revoked."

    def back_url(self) -> str:
        return self.list_url()
