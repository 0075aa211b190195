"""Forms of the readiness pages. They read what people type; the rules live in the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from tenants.forms import EditForm, VersionInput
from trunks.models import Gateway
from trunks.models.checks import LONGEST_NUMBER


class CheckOptionsForm(forms.Form):
    """What a check does besides looking whether the carrier is there."""

    call = forms.CharField(
        label="Number to call",
        required=False,
        max_length=LONGEST_NUMBER,
        help_text="A phone of yours that answers. The call is hung up within seconds; your carrier may"
        " charge for it. Leave it empty to place no call.",
    )
    caller = forms.CharField(
        label="Number to call from",
        required=False,
        max_length=LONGEST_NUMBER,
        help_text="One that your carrier lets you show.",
    )
    register = forms.BooleanField(
        label="Sign in (REGISTER) as well",
        required=False,
        help_text="With the trunk's user name and password. It is signed out again at the end.",
    )

    def options(self) -> dict[str, Any]:
        """Return what the services take."""
        return {name: self.cleaned_data[name] for name in ("call", "caller", "register")}


class CheckForm(CheckOptionsForm):
    """A check to be started now."""

    gateway = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, gateways: Sequence[Gateway] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._gateways = {str(each.pk): each for each in gateways}
        choices = [(key, each.uri) for key, each in self._gateways.items()]
        self.fields["gateway"].choices = [("", "All that are switched on"), *choices]  # type: ignore[attr-defined]  # typed as any field

    @property
    def has_choice(self) -> bool:
        """Whether there are several gateways to choose from."""
        return len(self._gateways) > 1

    def options(self) -> dict[str, Any]:
        return {**super().options(), "gateway": self._gateways.get(self.cleaned_data["gateway"])}


class ShareForm(forms.Form):
    """For how long a link shows a report."""

    days = forms.ChoiceField(
        label="The link works for", choices=[("1", "1 day"), ("7", "7 days"), ("30", "30 days")]
    )


class ScheduleForm(EditForm, CheckOptionsForm):
    """How often a trunk is checked by itself; version 0 while it is not."""

    version = forms.IntegerField(widget=VersionInput, min_value=0)
    every_hours = forms.ChoiceField(
        label="How often",
        required=False,
        choices=[
            ("", "Never: on request alone"),
            ("1", "Every hour"),
            ("6", "Every 6 hours"),
            ("12", "Every 12 hours"),
            ("24", "Every day"),
            ("168", "Every week"),
        ],
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = self.fields["every_hours"].choices  # type: ignore[attr-defined]  # typed as any field
        stored = str(self.initial.get("every_hours") or "")
        if stored not in {value for value, _label in choices}:  # set through the API
            other = (stored, f"Every {stored} hours")
            self.fields["every_hours"].choices = [*choices, other]  # type: ignore[attr-defined]  # as above
