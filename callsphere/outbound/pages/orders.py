"""Placing a call, and what became of those that were asked for."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from callsphere.lib.errors import Refused
from callsphere.outbound import services
from callsphere.outbound.forms import PlaceCallForm
from callsphere.outbound.listing import orders_page
from callsphere.outbound.pages.base import OutboundPage
from callsphere.outbound.queries import outbound_calls_of
from callsphere.outbound.rows import order_rows
from tenants.access import Capability
from trunks.pages.editing import FormPage


class Orders(OutboundPage):
    """Calls that were asked for, the newest first; the list asks for news by itself."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        page = orders_page(self.tenant, request.GET.get("cursor", ""))
        context = {**self.list_context("list", page), "rows": order_rows(page.rows)}
        template = "outbound/list.html#rows" if getattr(request, "htmx", False) else "outbound/list.html"
        return render(request, template, context)


class Place(OutboundPage, FormPage):
    """Ask for a call; a worker places it within seconds."""

    capability: ClassVar[Capability] = Capability.CALLS_WRITE
    template_name = "outbound/place.html"
    form_class = PlaceCallForm

    def make_form(self, data: Any = None) -> PlaceCallForm:
        return PlaceCallForm(self.tenant, data, initial={"to_number": self.request.GET.get("to", "")})

    def page_context(self) -> dict[str, Any]:
        return {"lacks": self.make_form().lacks()}

    def save(self, form: PlaceCallForm) -> str:
        services.order_call(tenant=self.tenant, actor=self.actor, **form.wanted())
        return "It is placed within seconds, as soon as there is room among your calls at a time."

    def success_url(self) -> str:
        return self.url("list")


class Cancel(OutboundPage):
    """Take back a call that waits."""

    capability = Capability.CALLS_WRITE
    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        order = outbound_calls_of(self.tenant).filter(pk=kwargs["order_id"]).first()
        if order is None:
            raise Http404("no such call here")
        try:
            services.cancel_call(tenant=self.tenant, actor=self.actor, order=order)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "Canceled. Nobody is called.")
        return HttpResponseRedirect(self.url("list"))
