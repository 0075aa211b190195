"""Forms of the billing pages. They read what people press; the rules live in the services."""

from django import forms


class PlanForm(forms.Form):
    """Which plan."""

    plan = forms.CharField(max_length=32)
