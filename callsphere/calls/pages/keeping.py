"""How long calls are kept: read by whoever may act on calls, and changed."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils.functional import cached_property

from callsphere.calls import services
from callsphere.calls.forms import RetentionForm
from callsphere.calls.models import CallRetention
from callsphere.calls.pages.base import CallsPage
from callsphere.calls.queries import retention_of
from tenants.access import Capability
from trunks.pages.editing import FormPage


class Keeping(CallsPage, FormPage):
    """Say for how many days calls, and what was said in them, are kept."""

    capability: ClassVar[Capability] = Capability.CALLS_WRITE
    template_name = "calls/keeping.html"
    form_class = RetentionForm

    @cached_property
    def retention(self) -> CallRetention:
        """What holds now."""
        return retention_of(self.tenant)

    def initial(self) -> dict[str, Any]:
        return {name: getattr(self.retention, name) for name in (*services.RETENTION_FIELDS, "version")}

    def edited(self) -> CallRetention:
        return self.retention

    def save(self, form: RetentionForm) -> str:
        services.set_retention(
            tenant=self.tenant,
            actor=self.actor,
            expected_version=form.cleaned_data["version"],
            **{name: form.cleaned_data[name] for name in services.RETENTION_FIELDS},
        )
        return "Saved. What is older is deleted within the hour."

    def success_url(self) -> str:
        return self.url("list")
