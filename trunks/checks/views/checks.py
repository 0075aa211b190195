"""Readiness checks of a trunk: asking for one, watching it, reading the report."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.http import Http404, HttpResponse, HttpResponseRedirect, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property

from callsphere.lib.errors import Refused
from tenants.renderers import CaptureRenderer, TextRenderer
from trunks.checks import services
from trunks.checks.forms import CheckForm
from trunks.checks.queries import checks_of, latest_checks
from trunks.checks.reports import as_json, as_pcap, as_text, file_headers
from trunks.checks.summaries import check_row, check_rows, news_of, outcome_of, run_views
from trunks.checks.wording import progress_words
from trunks.models import CheckSchedule, Gateway, ReadinessCheck
from trunks.pages.base import EditsOnly, LivePage, OneTrunkPage


def check_form(trunk: Any, data: Any = None, **initial: Any) -> CheckForm:
    """Return the form that starts a check of a trunk."""
    gateways = list(Gateway.objects.filter(trunk=trunk))
    return CheckForm(data, gateways=gateways, initial=initial or _last_options(trunk))


def _last_options(trunk: Any) -> dict[str, Any]:
    """What was asked for last time: most people ask for the same again."""
    last = trunk.checks.values("call", "caller", "register").first()
    return dict(last or {})


class CheckList(LivePage, OneTrunkPage):
    """A trunk's reports, and the form that asks for the next one."""

    tab = "checks"
    template_name = "trunks/checks.html"

    def page_context(self) -> dict[str, Any]:
        checks = latest_checks(self.trunk, ReadinessCheck.KEPT)
        return {
            **self.trunk_context(),
            "rows": check_rows(checks),
            "check_form": check_form(self.trunk),
            "schedule": CheckSchedule.objects.filter(trunk=self.trunk.pk).first(),
        }

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        """Start a check, and lead to the page that follows it."""
        form = check_form(self.trunk, request.POST)
        if form.is_valid():
            try:
                check = services.start_check(
                    tenant=self.tenant, actor=self.actor, trunk=self.trunk, **form.options()
                )
                return HttpResponseRedirect(self.trunk_url("check-detail", check_id=check.pk))
            except ValidationError as error:
                for name, texts in error.message_dict.items():
                    form.add_error(name if name in form.fields else None, texts)
            except Refused as refusal:
                form.add_error(NON_FIELD_ERRORS, str(refusal))
        context = {**self.page_context(), "check_form": form}
        return render(request, self.template_name, context, status=422)


class OneCheckPage(OneTrunkPage):
    """A page about one check of one trunk."""

    @cached_property
    def check(self) -> ReadinessCheck:
        """The check; 404 for any other."""
        found = checks_of(self.tenant).filter(trunk=self.trunk.pk, pk=self.kwargs["check_id"]).first()
        if found is None:
            raise Http404("no such check here")
        return found


class CheckDetail(LivePage, OneCheckPage):
    """A check as it goes on, and its report when it has ended."""

    template_name = "trunks/check_detail.html"

    def page_context(self) -> dict[str, Any]:
        check = self.check
        return {
            **self.trunk_context(),
            "check_form": check_form(
                self.trunk, call=check.call, caller=check.caller, register=check.register
            ),
            "check": check,
            "row": check_row(check),
            "runs": run_views(check),
            "outcome": outcome_of(check),
            "news": news_of(check),
        }

    def said(self, context: dict[str, Any]) -> str:
        outcome = context["outcome"]
        return outcome.title if outcome else progress_words(self.check.steps)

    def is_settled(self, context: dict[str, Any]) -> bool:
        return not self.check.is_open


class CheckStop(EditsOnly, OneCheckPage):
    """Stop a check that waits or runs."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            services.cancel_check(tenant=self.tenant, actor=self.actor, check=self.check)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        return HttpResponseRedirect(self.trunk_url("check-detail", check_id=self.check.pk))


class CheckJson(OneCheckPage):
    """The report as `sip check --json` prints it."""

    http_method_names = ["get"]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        headers = file_headers(self.check, "json")
        return JsonResponse(as_json(self.check), json_dumps_params={"indent": 2}, headers=headers)


class CheckText(OneCheckPage):
    """The report as `sip check --trace` prints it."""

    http_method_names = ["get"]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        headers = file_headers(self.check, "txt")
        return HttpResponse(
            as_text(self.check), content_type=f"{TextRenderer.media_type}; charset=utf-8", headers=headers
        )


class CheckCapture(OneCheckPage):
    """The messages as a capture; back to the page while the check runs."""

    http_method_names = ["get"]

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            capture = as_pcap(self.check)
        except Refused as refusal:
            messages.warning(request, str(refusal))
            return HttpResponseRedirect(self.trunk_url("check-detail", check_id=self.check.pk))
        headers = file_headers(self.check, "pcap")
        return HttpResponse(capture, content_type=CaptureRenderer.media_type, headers=headers)
