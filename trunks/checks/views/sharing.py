"""Passing a report on: links that show it to whoever has them."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.generic.base import View

from callsphere.lib.errors import Refused
from trunks.checks import services
from trunks.checks.forms import ShareForm
from trunks.checks.masking import masked
from trunks.checks.services.shares import usable_shares
from trunks.checks.summaries import check_row, outcome_of, run_views
from trunks.checks.views.checks import OneCheckPage
from trunks.models import CheckShare
from trunks.pages.base import EditsOnly


class CheckShares(EditsOnly, OneCheckPage):
    """The links to a report, and the form that makes one."""

    template_name = "trunks/check_shares.html"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return self._show(ShareForm(initial={"days": 7}))

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = ShareForm(request.POST)
        if not form.is_valid():
            return self._show(form, status=422)
        try:
            _share, link = services.share_check(
                tenant=self.tenant, actor=self.actor, check=self.check, days=int(form.cleaned_data["days"])
            )
        except Refused as refusal:
            form.add_error(None, str(refusal))
            return self._show(form, status=422)
        return self._show(ShareForm(initial={"days": 7}), link=link)

    def _show(self, form: ShareForm, *, link: str = "", status: int = 200) -> HttpResponse:
        context = {
            **self.trunk_context(),
            "check": self.check,
            "form": form,
            "link": link,
            "shares": list(usable_shares(self.check)),
        }
        response = render(self.request, self.template_name, context, status=status)
        if link:
            response["Cache-Control"] = "no-store"
        return response


class CheckShareRevoke(EditsOnly, OneCheckPage):
    """End a link."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        share = (
            CheckShare.objects.select_related("readiness_check__trunk")
            .filter(readiness_check=self.check, pk=self.kwargs["share_id"])
            .first()
        )
        if share is None:
            raise Http404("no such link here")
        services.revoke_share(tenant=self.tenant, actor=self.actor, share=share)
        messages.success(request, "The link no longer works.")
        return HttpResponseRedirect(self.trunk_url("check-shares", check_id=self.check.pk))


class SharedReport(View):
    """A report for whoever has the link: masked, without a name of the tenant's, and in no search engine."""

    http_method_names = ["get", "head"]

    def get(self, request: HttpRequest, token: str) -> HttpResponse:
        found = services.find_shared_check(token)
        if found is None:
            raise Http404("no such link")
        check = masked(found)
        outcome = outcome_of(check)
        context = {
            "row": check_row(check),
            "runs": run_views(check),
            "outcome": replace(outcome, message="") if outcome else None,
            "check": check,
        }
        response = render(request, "trunks/shared_report.html", context)
        response["X-Robots-Tag"] = "noindex, nofollow"
        response["Cache-Control"] = "no-store"
        response["Referrer-Policy"] = "no-referrer"
        return response
