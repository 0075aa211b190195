"""How a trunk writes numbers: the rule, and a call as it will be addressed under it."""

from __future__ import annotations

from typing import Any

from django.core.exceptions import ValidationError
from django.http import HttpResponse
from django.shortcuts import render

from callsphere.sip.uri import SipUri, parse_gateway_uri
from trunks.models import Gateway, Trunk
from trunks.number_format import NumberError, preview
from trunks.numbers.forms import NumberRuleForm, SampleForm
from trunks.pages.base import EditsOnly, OneTrunkPage
from trunks.pages.editing import TrunkFormPage
from trunks.queries import gateways_of
from trunks.trunks import services

# Stands for a carrier while the trunk has no gateway.
_NO_GATEWAY = "sip:carrier.example"


class NumberFormatEdit(TrunkFormPage):
    """Change how numbers are written; or, with the other button, look at the preview and store nothing."""

    tab = "number-format"
    template_name = "trunks/number_format.html"
    form_class = NumberRuleForm

    def post(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        if "look" in request.POST:
            return self.show(NumberRuleForm(request.POST, initial=self.initial()))
        return super().post(request, *args, **kwargs)

    def initial(self) -> dict[str, Any]:
        return NumberRuleForm.initial_of(self.trunk)

    def edited(self) -> Trunk:
        return self.trunk

    def show(self, form: Any, *, status: int = 200, **more: Any) -> HttpResponse:
        shown = form if form.is_bound else NumberRuleForm(_all_initial(form))
        seen = preview_of(shown, self.trunk)
        if form.is_bound and status == 200 and form.errors:
            status = 422
        return super().show(form, status=status, **seen, **more)

    def save(self, form: NumberRuleForm) -> str:
        services.update_trunk(
            tenant=self.tenant,
            actor=self.actor,
            trunk=self.trunk,
            expected_version=form.cleaned_data["version"],
            **form.changes(),
        )
        return "The way numbers are written is saved."

    def success_url(self) -> str:
        return self.trunk_url("number-format")

    def cancel_url(self) -> str:
        return self.trunk_url("detail")


class NumberPreview(EditsOnly, OneTrunkPage):
    """A call as it would be addressed, while the rule is being entered."""

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponse:
        form = NumberRuleForm({**request.GET.dict(), "version": str(self.trunk.version)})
        context = preview_of(form, self.trunk)
        return render(request, "trunks/number_format.html#preview", context)


def preview_of(form: NumberRuleForm, trunk: Trunk) -> dict[str, Any]:
    """Return `preview` (a Preview or None) and `preview_errors`: sentences with the field's name."""
    if form.is_valid() and form.check_sample():
        try:
            rule = services.check_number_rule(**form.changes())
            sample = {name: form.cleaned_data[name] for name in SampleForm.base_fields}
            return {"preview": preview(rule, carrier=_carrier_of(trunk), **sample)}
        except ValidationError as error:
            _attach(form, error)
        except NumberError as error:
            form.add_error("strip_digits", str(error))
    errors = [f"{form[name].label}: {text}" for name, texts in form.errors.items() for text in texts]
    return {"preview": None, "preview_errors": errors}


def _attach(form: NumberRuleForm, error: ValidationError) -> None:
    for name, texts in error.message_dict.items():
        for text in texts:
            form.add_error(name, text)


def _carrier_of(trunk: Trunk) -> SipUri:
    gateway: Gateway | None = gateways_of(trunk).filter(is_enabled=True).first()
    return parse_gateway_uri(gateway.uri if gateway else _NO_GATEWAY)


def _all_initial(form: NumberRuleForm) -> dict[str, Any]:
    return {name: form.get_initial_for_field(field, name) for name, field in form.fields.items()}
