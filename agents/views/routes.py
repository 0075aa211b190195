"""Where calls to a number lead: what is set, the dry run, changing it."""

from __future__ import annotations

import uuid
from typing import Any, ClassVar

from django.http import Http404, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.urls import reverse
from django.utils.functional import cached_property

from agents import services
from agents.deciding import ANSWER, decide
from agents.enums import RouteAction
from agents.forms.routes import VERSIONS_OFFERED, DryRunForm, RouteForm, answers_of
from agents.models import Agent, BusinessHours, NumberRoute
from agents.queries import newest_versions, plan_of, route_of
from agents.summaries import way_rows
from callsphere.lib.errors import VersionConflict
from tenants.access import Capability
from trunks.numbers.views.base import OneNumberPage
from trunks.pages.deleting import Deleting
from trunks.pages.editing import FormPage

_LOOKS = {
    ANSWER: "pass",
    RouteAction.HUMAN: "pass",
    RouteAction.VOICEMAIL: "skipped",
    RouteAction.HANG_UP: "warn",
}
_OUTCOMES = {ANSWER: "An agent answers", **{each.value: each.label for each in RouteAction}}
_ANSWERS = ("agent_id", "pinned_id")


class RoutePage(OneNumberPage):
    """A page about where calls to one of the tenant's numbers lead."""

    capability: ClassVar[Capability | None] = Capability.AGENTS_READ
    write_capability: ClassVar[Capability | None] = Capability.AGENTS_WRITE

    @cached_property
    def route(self) -> NumberRoute | None:
        """Where calls lead, None for nowhere yet."""
        return route_of(self.number)

    def route_url(self, name: str) -> str:
        """Return the address of one of this route's pages."""
        return reverse(f"routes:{name}", kwargs={"tenant": self.tenant.slug, "number_id": self.number.pk})

    def route_context(self) -> dict[str, Any]:
        """Return what every page of a route needs."""
        return {**self.number_context(), "route": self.route, "route_url": self.route_url("detail")}


class RouteDetail(RoutePage):
    """Where calls lead and when not, and what would become of a call: nothing is called."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        context = {**self.route_context(), "edit_url": self.route_url("edit")}
        if self.route is not None:
            context |= {"ways": way_rows(self.route), **self._dry_run(self.route)}
        return render(request, "agents/route.html", context)

    def _dry_run(self, route: NumberRoute) -> dict[str, Any]:
        time_zone = route.hours.time_zone if route.hours else "UTC"
        if "run" not in self.request.GET:
            return {"form": DryRunForm(time_zone=time_zone, initial={"calls": 0})}
        form = DryRunForm(self.request.GET, time_zone=time_zone)
        if not form.is_valid():
            return {"form": form}
        decision = decide(plan_of(route), form.cleaned_data["at"], **form.call())
        return {
            "form": form,
            "decision": decision,
            "outcome": _OUTCOMES[decision.action],
            "looks": _LOOKS[decision.action],
        }


class RouteEdit(RoutePage, FormPage):
    """Lead calls to an agent, or change where they lead."""

    capability: ClassVar[Capability] = Capability.AGENTS_WRITE
    template_name = "agents/route_edit.html"
    form_class = RouteForm
    field_names: ClassVar[dict[str, str]] = {
        "agent_id": "answers",
        "pinned_version": "answers",
        "phone_number_id": "",
    }

    @cached_property
    def agents(self) -> list[Agent]:
        """The agents that calls can lead to."""
        rows = Agent.objects.filter(tenant=self.tenant, deleted_at=None, published__isnull=False)
        return list(rows.order_by("name"))

    def make_form(self, data: QueryDict | None = None) -> RouteForm:
        versions = newest_versions(self.tenant, VERSIONS_OFFERED)
        if self.route and self.route.pinned and self.route.pinned.pk not in {each.pk for each in versions}:
            versions.append(self.route.pinned)
        return RouteForm(
            data,
            initial=self.initial(),
            agents=self.agents,
            versions=versions,
            hours=BusinessHours.objects.filter(tenant=self.tenant).order_by("name"),
            # sent by somebody who saw no route: a colleague may have been quicker
            is_new=self.route is None or (data is not None and "version" not in data),
        )

    def initial(self) -> dict[str, Any]:
        if self.route is not None:
            return RouteForm.initial_of(self.route)
        wanted = self.request.GET.get("agent", "")
        only = str(self.agents[0].pk) if len(self.agents) == 1 else ""
        return {"answers": wanted if wanted in {str(each.pk) for each in self.agents} else only}

    def edited(self) -> NumberRoute | None:
        return self.route

    def page_context(self) -> dict[str, Any]:
        slug = {"tenant": self.tenant.slug}
        return {
            **self.route_context(),
            "agents": self.agents,
            "agents_url": reverse("agents:list", kwargs=slug),
        }

    def save(self, form: RouteForm) -> str:
        if self.route is None or form.cleaned_data["version"] is None:
            services.create_route(
                tenant=self.tenant, actor=self.actor, phone_number_id=self.number.pk, **form.changes()
            )
            return "Calls lead there from now on."
        try:
            services.edit_route(
                tenant=self.tenant,
                actor=self.actor,
                route=self.route,
                expected_version=form.cleaned_data["version"],
                **form.changes(),
            )
        except VersionConflict as conflict:
            raise _in_words_of_the_form(conflict, self.route, form) from conflict
        return "Saved. The next call is led so."

    def success_url(self) -> str:
        return self.route_url("detail")

    def cancel_url(self) -> str:
        return self.route_url("detail") if self.route else self.number_url("detail")


class RouteDelete(Deleting, RoutePage):
    """Let calls lead nowhere."""

    capability: ClassVar[Capability | None] = Capability.AGENTS_WRITE

    @cached_property
    def led(self) -> NumberRoute:
        """The route; 404 where there is none."""
        if self.route is None:
            raise Http404("calls lead nowhere already")
        return self.route

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return render(
            request, "agents/route_delete.html", {**self.route_context(), "version": self.led.version}
        )

    def subject(self) -> NumberRoute:
        return self.led

    def delete(self) -> str:
        services.delete_route(
            tenant=self.tenant, actor=self.actor, route=self.led, expected_version=self.expected_version
        )
        return "Calls to this number lead nowhere now."

    def back_url(self) -> str:
        return self.number_url("detail")

    def done_url(self) -> str:
        return self.number_url("detail")


def _in_words_of_the_form(conflict: VersionConflict, route: NumberRoute, form: RouteForm) -> VersionConflict:
    """Return a conflict that names agent and pinned version as the form does, in one field, ids as texts."""
    yours, theirs = (
        {name: _plain(value) for name, value in side.items() if name not in _ANSWERS}
        for side in (conflict.yours, conflict.theirs)
    )
    if any(name in conflict.theirs for name in _ANSWERS):
        yours["answers"], theirs["answers"] = form.cleaned_data["answers"], answers_of(route)
    return VersionConflict(current_version=conflict.current_version, yours=yours, theirs=theirs)


def _plain(value: object) -> object:
    return str(value) if isinstance(value, uuid.UUID) else value
