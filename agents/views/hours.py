"""Business hours: which there are, making, changing and deleting them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from django.http import Http404
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.functional import cached_property

from agents import services
from agents.forms.hours import HoursEditForm, HoursForm, holidays_as_text, week_as_texts
from agents.models import BusinessHours, NumberRoute
from agents.queries import NumberUse
from agents.summaries import hours_rows
from agents.views.base import AgentsForm, AgentsPage, DeletePage
from callsphere.lib.errors import VersionConflict


class HoursList(AgentsPage):
    """All business hours, by name: whether it is open now, and which numbers look at them."""

    area = "hours"

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        listed = BusinessHours.objects.filter(tenant=self.tenant).order_by("name")
        rows = hours_rows(listed.prefetch_related("routes__phone_number"), timezone.now())
        return render(request, "agents/hours.html", {"rows": rows, "tabs": self.area_tabs()})


class HoursCreate(AgentsForm):
    """Make business hours."""

    template_name = "agents/hours_form.html"
    form_class = HoursForm

    def initial(self) -> dict[str, Any]:
        office = ("monday", "tuesday", "wednesday", "thursday", "friday")
        return dict.fromkeys(office, "09:00-17:00")

    def page_context(self) -> dict[str, Any]:
        return {"hours_url": self.url("hours")}

    def save(self, form: HoursForm) -> str:
        hours = services.create_hours(tenant=self.tenant, actor=self.actor, **form.changes())
        return f"{hours} is made. Numbers look at it once you choose it where their calls lead."

    def success_url(self) -> str:
        return self.url("hours")


class OneHoursPage(AgentsPage):
    """A page about business hours of the tenant; 404 for any other."""

    @cached_property
    def hours(self) -> BusinessHours:
        """The business hours. Raises Http404."""
        hours = BusinessHours.objects.filter(tenant=self.tenant, pk=self.kwargs["hours_id"]).first()
        if hours is None:
            raise Http404("no such business hours here")
        return hours


class HoursEdit(OneHoursPage, AgentsForm):
    """Change business hours, for the next call on."""

    template_name = "agents/hours_form.html"
    form_class = HoursEditForm

    def initial(self) -> dict[str, Any]:
        return HoursEditForm.initial_of(self.hours)

    def edited(self) -> BusinessHours:
        return self.hours

    def page_context(self) -> dict[str, Any]:
        return {"hours": self.hours, "hours_url": self.url("hours")}

    def save(self, form: HoursEditForm) -> str:
        try:
            stored = services.edit_hours(
                tenant=self.tenant,
                actor=self.actor,
                hours=self.hours,
                expected_version=form.cleaned_data["version"],
                **form.changes(),
            )
        except VersionConflict as conflict:
            raise _in_words_of_the_form(conflict) from conflict
        return f"{stored} is saved. The next call goes by it."

    def success_url(self) -> str:
        return self.url("hours")


class HoursDelete(DeletePage, OneHoursPage):
    """Delete business hours, unless a number looks at them."""

    crumb: ClassVar[str] = "Business hours"
    button: ClassVar[str] = "Delete them"
    consequence: ClassVar[str] = "Days and holidays are forgotten. No number looks at them."

    def subject(self) -> BusinessHours:
        return self.hours

    def needed_by(self) -> dict[str, Any]:
        routes = NumberRoute.objects.filter(tenant=self.tenant, hours=self.hours)
        uses = [NumberUse(route, ()) for route in routes.select_related("phone_number")]
        words = "Calls to these numbers go by them. Choose others there first."
        return {"reason": words, "uses": uses} if uses else {}

    def delete(self) -> str:
        services.delete_hours(
            tenant=self.tenant, actor=self.actor, hours=self.hours, expected_version=self.expected_version
        )
        return f"{self.hours} is deleted."

    def back_url(self) -> str:
        return self.url("hours-edit", hours_id=self.hours.pk)

    def done_url(self) -> str:
        return self.url("hours")


def _in_words_of_the_form(conflict: VersionConflict) -> VersionConflict:
    """Return a conflict that tells of days and holidays as the form shows them."""
    yours, theirs = (_as_texts(side) for side in (conflict.yours, conflict.theirs))
    return VersionConflict(current_version=conflict.current_version, yours=yours, theirs=theirs)


def _as_texts(side: Mapping[str, Any]) -> dict[str, object]:
    texts = {name: value for name, value in side.items() if name not in ("weekly", "holidays")}
    if "weekly" in side:
        texts |= week_as_texts(side["weekly"])
    if "holidays" in side:
        texts["holidays"] = holidays_as_text(side["holidays"])
    return texts
