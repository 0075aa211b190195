"""Numbers that must not be called."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from callsphere.outbound import services
from callsphere.outbound.forms import DoNotCallForm
from callsphere.outbound.listing import forbidden_page
from callsphere.outbound.pages.base import OutboundPage
from callsphere.outbound.queries import numbers_not_to_call
from tenants.access import Capability
from trunks.pages.editing import FormPage


class Forbidden(OutboundPage):
    """The list, the newest first."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        page = forbidden_page(self.tenant, request.GET.get("cursor", ""))
        return render(request, "outbound/do_not_call.html", self.list_context("do-not-call", page))


class Forbid(OutboundPage, FormPage):
    """Put a number on the list."""

    capability: ClassVar[Capability] = Capability.CALLS_WRITE
    template_name = "outbound/forbid.html"
    form_class = DoNotCallForm

    def save(self, form: DoNotCallForm) -> str:
        row = services.forbid_calls(tenant=self.tenant, actor=self.actor, **form.cleaned_data)
        return f"{row.number} is not called any more."

    def success_url(self) -> str:
        return self.url("do-not-call")


class Allow(OutboundPage):
    """Take a number off the list."""

    capability = Capability.CALLS_WRITE
    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        entry = numbers_not_to_call(self.tenant).filter(pk=kwargs["entry_id"]).first()
        if entry is None:
            raise Http404("this number is not on the list")
        services.allow_calls(tenant=self.tenant, actor=self.actor, entry=entry)
        messages.success(request, f"{entry.number} can be called again.")
        return HttpResponseRedirect(self.url("do-not-call"))
