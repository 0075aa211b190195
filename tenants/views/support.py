"""Support leaves a customer's pages before the hour is over."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse

from tenants.support import end_visit
from tenants.views.base import PersonPage


class Leave(PersonPage):
    """Ends the visit and goes back to the desk. For everybody else there is nothing to end."""

    http_method_names = ("post", "options")

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        end_visit(request)
        return HttpResponseRedirect(reverse("admin:index"))
