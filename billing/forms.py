"""Forms of the billing pages. They read what people press; the rules live in the services."""

from django import forms


class PlanForm(forms.Form):
    """Which plan."""

    plan = forms.CharField(max_length=32)


class AffiliateKeyForm(forms.Form):
    """What a new key is called."""

    name = forms.CharField(
        max_length=100,
        help_text="Which program uses it, such as “Spreadsheet”.",
        error_messages={
            "required": "Give the key a name, so that you know later what stops when you revoke it."
        },
    )


class JoinForm(forms.Form):
    """Which code somebody wants, and that they take the terms."""

    code = forms.CharField(
        label="Your code", max_length=32, help_text="3 to 32 of a-z, 0-9 and -. It cannot be changed later."
    )
    terms = forms.BooleanField(label="I take the terms above", required=False)
