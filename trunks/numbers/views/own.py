"""A number of the tenant's own: brought along on a trunk."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict

from trunks.models import PhoneNumber, Trunk
from trunks.numbers import services
from trunks.numbers.number_forms import OwnNumberForm
from trunks.numbers.views.base import NumbersPage
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
        return self.url("detail", number_id=self.added.pk)

    def cancel_url(self) -> str:
        return self.url("list")
