"""The pages of the watch on gateways: how often they are asked, what changed, looking at once."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils.functional import cached_property
from django.views.generic.base import View

from callsphere.lib.errors import Refused
from trunks.health import services
from trunks.health.forms import PolicyForm
from trunks.health.summaries import change_rows
from trunks.models import HealthPolicy
from trunks.pages.base import EditsOnly, LivePage, OneTrunkPage
from trunks.pages.editing import TrunkFormPage
from trunks.queries import (
    changes_before,
    changes_of,
    place_of,
    read_place,
)
from trunks.wording import policy_sentences


class PolicyEdit(TrunkFormPage):
    """Change how often gateways are asked, and how many answers it takes to believe a change."""

    tab = "policy"
    template_name = "trunks/policy.html"
    form_class = PolicyForm

    @cached_property
    def policy(self) -> HealthPolicy:
        """The trunk's policy."""
        return HealthPolicy.objects.get(trunk=self.trunk)

    def initial(self) -> dict[str, Any]:
        return PolicyForm.initial_of(self.policy)

    def edited(self) -> HealthPolicy:
        return self.policy

    def page_context(self) -> dict[str, Any]:
        sentences = policy_sentences(
            self.policy.interval_s, self.policy.failures_to_down, self.policy.successes_to_up
        )
        return {**super().page_context(), "sentences": sentences}

    def save(self, form: PolicyForm) -> str:
        services.update_health_policy(
            tenant=self.tenant,
            actor=self.actor,
            policy=self.policy,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        return "The health checks are saved."

    def success_url(self) -> str:
        return self.trunk_url("detail")


class PolicyPreview(EditsOnly, OneTrunkPage):
    """What the numbers in the form would mean, while they are typed."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = PolicyForm({**request.GET.dict(), "version": str(self.trunk.version)})
        context: dict[str, Any] = {"sentences": []}
        if form.is_valid():
            context["sentences"] = policy_sentences(**form.changes())
        return render(request, "trunks/policy.html#meaning", context)


HISTORY_PAGE = 50


class TrunkHistory(LivePage, OneTrunkPage):
    """Every change of state of a trunk's gateways, with how long each state lasted."""

    tab = "history"
    template_name = "trunks/history.html"

    def page_context(self) -> dict[str, Any]:
        place = read_place(self.request.GET.get("before", ""))
        changes = changes_before(changes_of(self.tenant).filter(trunk=self.trunk), place)
        rows = change_rows(changes, limit=HISTORY_PAGE + 1)
        shown = rows[:HISTORY_PAGE]
        older = f"?before={place_of(shown[-1].change)}" if len(rows) > HISTORY_PAGE else ""
        return {
            **self.trunk_context(),
            "changes": shown,
            "newest_url": self.request.path if place else "",
            "older_url": older,
        }


class ProbeNow(EditsOnly, OneTrunkPage, View):
    """Look at a trunk's gateways at once."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            count = services.probe_now(tenant=self.tenant, actor=self.actor, trunk=self.trunk)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            asked = "The gateway is" if count == 1 else f"{count} gateways are"
            messages.success(request, f"{asked} being checked now. The answer shows here in seconds.")
        name = "first-check" if request.POST.get("next") == "first-check" else "detail"
        return HttpResponseRedirect(self.trunk_url(name))
