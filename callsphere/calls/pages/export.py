"""The log as a file for a spreadsheet."""

from __future__ import annotations

from typing import Any

from django.http import StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.utils import timezone

from callsphere.calls.exporting import export_calls
from callsphere.calls.forms import CallFilterForm
from callsphere.calls.pages.base import CallsPage
from tenants.access import Capability


class Export(CallsPage):
    """All calls that the log's filters leave, as CSV; it is sent while it is read."""

    capability = Capability.CALLS_EXPORT
    http_method_names = ["get"]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        which = CallFilterForm(self.tenant, request.GET).wanted()
        pieces = export_calls(tenant=self.tenant, actor=self.actor, which=which)
        name = f"{self.tenant.slug}-calls-{timezone.now():%Y-%m-%d}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8", headers=headers)
