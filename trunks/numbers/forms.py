"""The form of a trunk's number rule, and of the example that it is shown with."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants.forms import EditForm, RangeField
from trunks.enums import NumberFormat
from trunks.models import Trunk
from trunks.number_format import RULE_FIELDS, NumberError, countries, read_number

FORMAT_CHOICES = [
    (NumberFormat.E164_PLUS, "+4930901820 (with +)"),
    (NumberFormat.E164, "4930901820 (without +)"),
    (NumberFormat.INTERNATIONAL, "004930901820 (after a prefix)"),
    (NumberFormat.NATIONAL, "030901820 (national)"),
]


class SampleForm(forms.Form):
    """A call that the rule is tried on. Nothing of it is stored."""

    number = forms.CharField(label="Number to call", max_length=60, required=False, initial="+49 30 901820")
    caller = forms.CharField(label="Caller id", max_length=60, required=False, initial="+1 415 555 2671")


class NumberRuleForm(EditForm, SampleForm):
    """How a trunk writes numbers."""

    field_order = ("version", *RULE_FIELDS, "number", "caller")

    dial_format = forms.ChoiceField(label="Called numbers are written", choices=FORMAT_CHOICES)
    caller_id_format = forms.ChoiceField(label="Your number is written", choices=FORMAT_CHOICES)
    home_country = forms.ChoiceField(
        label="Country of the line",
        required=False,
        choices=[("", "Not needed"), *countries()],
        help_text="Its numbers may be entered, and sent, the national way.",
    )
    international_prefix = forms.CharField(
        max_length=6,
        required=False,
        help_text="Before country codes: 00 in most of Europe, 011 in North America.",
    )
    strip_digits = RangeField(
        label="Leave out leading digits",
        unit="digits",
        min_value=0,
        max_value=9,
        required=False,
        help_text="How many, from 0 to 9. A + goes with them.",
    )
    dial_prefix = forms.CharField(
        label="Put in front",
        max_length=16,
        required=False,
        help_text="A tech prefix of your carrier's, such as 12345678*. Digits, * and #.",
    )
    sends_asserted_identity = forms.BooleanField(
        label="Send P-Asserted-Identity",
        required=False,
        help_text="Some carriers take the caller id from this header, and only if they trust you.",
    )

    @staticmethod
    def initial_of(trunk: Trunk) -> dict[str, Any]:
        """Return what the form shows of a trunk."""
        return {name: getattr(trunk, name) for name in (*RULE_FIELDS, "version")}

    def clean_strip_digits(self) -> int:
        return self.cleaned_data["strip_digits"] or 0

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        return {name: self.cleaned_data[name] for name in RULE_FIELDS}

    def check_sample(self) -> bool:
        """Say what is wrong with the sample's numbers, beside each; return whether both can be used."""
        for name in ("number", "caller"):
            try:
                read_number(self.cleaned_data[name], self.cleaned_data["home_country"])
            except NumberError as error:
                self.add_error(name, str(error))
        return self.is_valid()
