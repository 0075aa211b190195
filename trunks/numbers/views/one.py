"""A phone number: how far it is, what it is called, giving it up."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.http import HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render

from callsphere.lib.errors import Refused, VersionConflict
from callsphere.providers.twilio.client import parent_account
from trunks.models import EmergencyAddress, NumberRefresh, PhoneNumber
from trunks.numbers import services
from trunks.numbers.number_forms import LabelForm
from trunks.numbers.queries import events_of
from trunks.numbers.refreshing import look_again
from trunks.numbers.summaries import number_row, timeline
from trunks.numbers.verifying import why_not_called
from trunks.numbers.views.base import OneNumberPage
from trunks.numbers.views.searching import country_name
from trunks.numbers.wording import has_emergency_calls
from trunks.pages.base import EditsOnly, LivePage
from trunks.pages.deleting import OfOneVersion
from trunks.pages.editing import FormPage

_CHANGED_SINCE = "Somebody changed this number since you opened the page. Look at it again first."


class NumberDetail(LivePage, OneNumberPage):
    """What a number is, how far it is, and what was done to it."""

    template_name = "numbers/detail.html"

    def page_context(self) -> dict[str, Any]:
        number = self.number
        return {
            **self.number_context(),
            "row": number_row(number),
            "country": country_name(number.country),
            "can_call": parent_account() is not None and not why_not_called(number.number),
            "refresh": NumberRefresh.objects.filter(tenant=self.tenant).first(),
            "has_emergency": has_emergency_calls(number),
            "emergency": EmergencyAddress.objects.filter(phone_number=number).first(),
            "moments": timeline(events_of(number)),
        }

    def said(self, context: dict[str, Any]) -> str:
        row = context["row"]
        return f"{row.label}. {row.next_step}".strip()


class NumberLook(OneNumberPage, EditsOnly):
    """Read at once what others decide of the number."""

    http_method_names = ["post"]

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            look_again(tenant=self.tenant, actor=self.actor, number=self.number)
        except Refused as refusal:
            messages.warning(request, str(refusal))
        else:
            messages.success(request, "It is being looked at. What changed shows here in seconds.")
        return HttpResponseRedirect(self.number_url("detail"))


class NumberEdit(OneNumberPage, FormPage):
    """Change what a number is called."""

    template_name = "numbers/edit.html"
    form_class = LabelForm

    def initial(self) -> dict[str, Any]:
        return LabelForm.initial_of(self.number)

    def edited(self) -> PhoneNumber:
        return self.number

    def page_context(self) -> dict[str, Any]:
        return self.number_context()

    def save(self, form: LabelForm) -> str:
        services.label_number(
            tenant=self.tenant,
            actor=self.actor,
            number=self.number,
            expected_version=form.cleaned_data["version"],
            label=form.cleaned_data["label"],
        )
        return "The label is saved."

    def success_url(self) -> str:
        return self.number_url("detail")


class NumberRelease(OfOneVersion, OneNumberPage, EditsOnly):
    """Says what is lost, and gives the number up when asked to."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return render(request, "numbers/release.html", self.number_context())

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        detail_url = self.number_url("detail")
        try:
            number = services.release_number(
                tenant=self.tenant,
                actor=self.actor,
                number=self.number,
                expected_version=self.expected_version,
            )
        except VersionConflict:
            messages.warning(request, _CHANGED_SINCE)
            return HttpResponseRedirect(request.path)
        except Refused as refusal:
            messages.error(request, str(refusal))
            return HttpResponseRedirect(detail_url)
        told = "is given up" if number.is_over else "is being given back"
        messages.success(request, f"{number.number} {told}.")
        return HttpResponseRedirect(self.url("list") if number.is_over else detail_url)
