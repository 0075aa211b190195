"""Ring it: have Twilio's double place a call to one of the tenant's numbers, where that double is in use."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from callsphere.calls.forms import RingForm
from callsphere.calls.pages.base import CallsPage
from callsphere.celery import wake
from callsphere.providers.twilio.double import is_double
from tenants.access import Capability

TASK, QUEUE = "calls.ring_double", "deliver"


class RingIt(CallsPage):
    """Which number rings, and what the caller does; a worker places the call."""

    capability = Capability.CALLS_WRITE

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        return self._show(RingForm(self.tenant, initial={"number": request.GET.get("number", "")}))

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = RingForm(self.tenant, request.POST)
        if not is_double() or not form.is_valid():
            return self._show(form, status=422)
        number, script = form.cleaned_data["number"], form.cleaned_data["script"]
        transaction.on_commit(partial(wake, TASK, QUEUE, str(self.tenant.pk), number, script))
        messages.success(request, "It rings within seconds. The call stands here as soon as it comes in.")
        return HttpResponseRedirect(self.url("list"))

    def _show(self, form: RingForm, status: int = 200) -> HttpResponse:
        if not is_double():
            raise Http404("only Twilio's double can be asked to call")
        context = {"form": form, "has_number": form.has_number, "log_url": self.url("list")}
        return render(self.request, "calls/ring.html", context, status=status)
