"""Forms of the readiness pages. They read what people type; the rules live in the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from trunks.models import Gateway
from trunks.models.readiness import LONGEST_NUMBER


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
        self.fields["gateway"].choices = [("", "All that are switched on"), *choices]  # type: ignore[attr-defined]

    @property
    def has_choice(self) -> bool:
        """Whether there are several gateways to choose from."""
        return len(self._gateways) > 1

    def options(self) -> dict[str, Any]:
        return {**super().options(), "gateway": self._gateways.get(self.cleaned_data["gateway"])}
