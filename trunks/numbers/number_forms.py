"""Forms of numbers that are bought or brought along: what is looked for, what it is called."""

from __future__ import annotations

from typing import Any, cast

from django import forms

from tenants.card_fields import CardMultipleChoiceField
from tenants.forms import EditForm
from trunks.enums import NumberKind
from trunks.models import NumberSearch, PhoneNumber, Trunk
from trunks.models.numbers import LONGEST_LABEL
from trunks.number_format import countries

_CAPABILITIES = {"voice": "Calls", "sms": "Text messages (SMS)", "mms": "Pictures (MMS)"}
_LABEL_HELP = "What you call it, for example the office that it rings at."


class NumberFilterForm(forms.Form):
    """Search and state of the list."""

    q = forms.CharField(required=False, max_length=40, label="Search")
    show = forms.ChoiceField(
        required=False, label="Show", choices=[("", "In use"), ("over", "Given up, or not bought")]
    )


class NumberSearchForm(forms.Form):
    """What kind of number is looked for."""

    country = forms.ChoiceField(choices=countries, initial="US")
    kind = forms.ChoiceField(choices=NumberKind.choices, initial=NumberKind.LOCAL)
    area_code = forms.RegexField(
        r"^[2-9][0-9]{2}$",
        required=False,
        help_text="In the US and Canada, such as 415.",
        error_messages={"invalid": "An area code has three digits, such as 415."},
    )
    contains = forms.RegexField(
        r"^[0-9A-Za-z*]{2,16}$",
        required=False,
        error_messages={"invalid": "Use 2 to 16 digits, letters and *."},
        label="Digits that it contains",
        help_text="2 or more; letters as on a keypad, and * for any digit.",
    )
    capabilities = CardMultipleChoiceField(
        label="What is it for?", required=False, choices=list(_CAPABILITIES.items()), initial=["voice"]
    )

    @staticmethod
    def initial_of(search: NumberSearch) -> dict[str, Any]:
        """Return what the form shows of a search, so that it can be changed."""
        names = ("country", "kind", "area_code", "contains")
        needs = [name for name in _CAPABILITIES if getattr(search, f"needs_{name}")]
        return {**{name: getattr(search, name) for name in names}, "capabilities": needs}

    def wanted(self) -> dict[str, Any]:
        """Return what the service takes."""
        names = ("country", "kind", "area_code", "contains")
        needs = {f"needs_{name}": name in self.cleaned_data["capabilities"] for name in _CAPABILITIES}
        return {**{name: self.cleaned_data[name].strip() for name in names}, **needs}


class LabelFields(forms.Form):
    """What a number is called."""

    label = forms.CharField(required=False, max_length=LONGEST_LABEL, help_text=_LABEL_HELP)


class OrderForm(LabelFields):
    """A purchase. The papers are asked for where the law of the country wants them."""

    address_sid = forms.CharField(
        required=False, max_length=34, label="Address", help_text="Its id begins with AD."
    )
    bundle_sid = forms.CharField(
        required=False, max_length=34, label="Approved papers", help_text="Their id begins with BU."
    )


class LabelForm(EditForm, LabelFields):
    """A number that exists."""

    @staticmethod
    def initial_of(number: PhoneNumber) -> dict[str, Any]:
        """Return what the form shows of a number."""
        return {"label": number.label, "version": number.version}


class VerifyForm(forms.Form):
    """How a number is reached that is to be verified."""

    extension = forms.RegexField(
        r"^[0-9]{1,8}$",
        required=False,
        help_text="Only if a menu answers: it is dialled then.",
        error_messages={"invalid": "Use up to 8 digits."},
    )


class EmergencyForm(forms.Form):
    """Where help is to be sent."""

    customer_name = forms.CharField(max_length=100, label="Who is found there")
    street = forms.CharField(max_length=100, label="Street and number")
    street_more = forms.CharField(max_length=100, required=False, label="Suite or floor")
    city = forms.CharField(max_length=100, label="City")
    region = forms.CharField(max_length=100, label="State or province", help_text="Such as CA.")
    postal_code = forms.CharField(max_length=20, label="Postal code")


class OwnNumberForm(LabelFields):
    """A number of the tenant's own, and the trunk that it rides on."""

    field_order = ("number", "trunk", "label")

    number = forms.CharField(
        max_length=40,
        label="Phone number",
        help_text="With + and the country code, such as +49 30 901820.",
        error_messages={"required": "Enter the number with + and its country code."},
    )
    trunk = forms.ModelChoiceField(
        queryset=Trunk.objects.none(),
        empty_label="Choose a trunk",
        help_text="The line that your carrier delivers its calls over.",
        error_messages={
            "required": "Choose the line that it is reached over.",
            "invalid_choice": "This trunk is gone. Choose another.",
        },
    )

    def __init__(self, *args: Any, trunks: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        cast("forms.ModelChoiceField[Trunk]", self.fields["trunk"]).queryset = trunks
