"""The page of a number's emergency address."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse, HttpResponseRedirect

from trunks.models import EmergencyAddress
from trunks.numbers.emergencies import FIELDS, set_emergency_address
from trunks.numbers.number_forms import EmergencyForm
from trunks.numbers.views.base import OneNumberPage
from trunks.numbers.views.searching import country_name
from trunks.numbers.wording import has_emergency_calls
from trunks.pages.editing import FormPage


class EmergencyEdit(OneNumberPage, FormPage):
    """Say where help is to be sent; back to the number where no emergency calls belong to it."""

    template_name = "numbers/emergency.html"
    form_class = EmergencyForm

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if not has_emergency_calls(self.number):
            return HttpResponseRedirect(self.number_url("detail"))
        return super().get(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        there = EmergencyAddress.objects.filter(phone_number=self.number).first()
        if there is None:
            return {"customer_name": self.tenant.name}
        return {name: getattr(there, name) for name in FIELDS}

    def page_context(self) -> dict[str, Any]:
        return {**self.number_context(), "country": country_name(self.number.country)}

    def save(self, form: EmergencyForm) -> str:
        set_emergency_address(tenant=self.tenant, actor=self.actor, number=self.number, **form.cleaned_data)
        return "The address is being checked. What comes of it shows here in seconds."

    def success_url(self) -> str:
        return self.number_url("detail")
