"""A number of the tenant's own: brought along on a trunk, proved by a call."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import Http404, HttpResponse, QueryDict
from django.utils.functional import cached_property

from callsphere.providers.twilio.client import is_double, parent_account
from trunks.enums import NumberSource
from trunks.models import NumberVerification, PhoneNumber, Trunk
from trunks.numbers import services
from trunks.numbers.number_forms import OwnNumberForm, VerifyForm
from trunks.numbers.summaries import number_row
from trunks.numbers.verifying import ANSWER_WITHIN, start_verification, why_not_called
from trunks.numbers.views.base import NumbersPage, OneNumberPage
from trunks.pages.base import LivePage
from trunks.pages.editing import FormPage


class OwnAdd(NumbersPage, FormPage):
    """Add a number that the tenant has at a carrier."""

    template_name = "numbers/own_add.html"
    form_class = OwnNumberForm
    added: PhoneNumber

    def make_form(self, data: QueryDict | None = None) -> forms.Form:
        trunks = Trunk.objects.filter(tenant=self.tenant).order_by("name")
        return OwnNumberForm(data, trunks=trunks, initial=self.initial())

    def initial(self) -> dict[str, Any]:
        return {"trunk": self.request.GET.get("trunk", "")}

    def page_context(self) -> dict[str, Any]:
        has_trunk = Trunk.objects.filter(tenant=self.tenant).exists()
        return {"list_url": self.url("list"), "has_trunk": has_trunk, **self.room_context()}

    def save(self, form: OwnNumberForm) -> str:
        self.added = services.add_own_number(tenant=self.tenant, actor=self.actor, **form.cleaned_data)
        return "The number is added. Prove next that it is yours."

    def success_url(self) -> str:
        return self.url("verify", number_id=self.added.pk)

    def cancel_url(self) -> str:
        return self.url("list")


class NumberVerify(OneNumberPage, FormPage, LivePage):
    """Prove a number by a call: the page shows the code, whoever answers types it."""

    template_name = "numbers/verify.html"
    form_class = VerifyForm

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if getattr(request, "htmx", False):
            return self._part(self.page_context())
        return super().get(request, *args, **kwargs)

    @cached_property
    def number(self) -> PhoneNumber:
        """The number; 404 for one that was bought here."""
        number = super().number
        if number.source != NumberSource.OWN:
            raise Http404("nothing is to be verified")
        return number

    def page_context(self) -> dict[str, Any]:
        number = self.number
        call = NumberVerification.objects.filter(phone_number=number).first()
        return {
            **self.number_context(),
            "row": number_row(number),
            "call": call,
            "until": call.called_at + ANSWER_WITHIN if call and call.called_at else None,
            "can_call": parent_account() is not None,
            "why_not": why_not_called(number.number),
            "is_double": is_double(),
        }

    def is_settled(self, context: dict[str, Any]) -> bool:
        return not (context["call"] and context["call"].is_open)

    def said(self, context: dict[str, Any]) -> str:
        call = context["call"]
        return f"{call.get_state_display()}. {call.code}" if call else ""

    def save(self, form: VerifyForm) -> str:
        start_verification(tenant=self.tenant, actor=self.actor, number=self.number, **form.cleaned_data)
        return ""

    def success_url(self) -> str:
        return self.number_url("verify")

    def cancel_url(self) -> str:
        return self.number_url("detail")
