"""Forms of a trunk at Twilio. They read what people type; the rules live in the services."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

from django import forms

from tenants.card_fields import CardChoiceField
from tenants.forms import EditForm
from trunks.enums import ProvisionKind, TransferMode, Transport
from trunks.models import Gateway, PhoneNumber, TrunkProvision
from trunks.models.provisioning import LONGEST_LABEL

KIND_CHOICES = [
    (ProvisionKind.BYOC, "SIP domain with a BYOC trunk"),
    (ProvisionKind.ELASTIC, "Elastic SIP trunk"),
]
KIND_HELP = {
    ProvisionKind.BYOC: (
        "Your carrier or SBC calls your agents at a SIP domain, and your agents call out through your own"
        " carrier. You keep your numbers and your contract there."
    ),
    ProvisionKind.ELASTIC: (
        "Calls to your numbers at Twilio go to your gateways, and your PBX calls the telephone network"
        " through Twilio. Twilio is the carrier and bills the minutes."
    ),
}
TRANSFER_CHOICES = [
    (TransferMode.NONE, "No transfers"),
    (TransferMode.SIP, "To SIP addresses alone"),
    (TransferMode.ALL, "All transfers"),
]


class SettingsFields(forms.Form):
    """What Twilio alone knows of a trunk."""

    domain_label = forms.CharField(
        label="Domain name",
        max_length=LONGEST_LABEL,
        required=False,
        help_text="Its first part: small letters, digits, hyphens. Empty: it is made of your organisation's"
        " name. All customers of Twilio share these names.",
    )
    secure = forms.BooleanField(
        label="TLS with SRTP alone",
        required=False,
        help_text="Calls that are not encrypted are refused, signalling and voice.",
    )
    transfer_mode = forms.ChoiceField(
        label="Transfers",
        choices=TRANSFER_CHOICES,
        initial=TransferMode.NONE,
        help_text="Which calls your gateways may hand on by REFER. Elastic SIP trunks alone have it.",
    )
    auto_apply = forms.BooleanField(
        label="Apply edits by themselves",
        required=False,
        help_text="What you edit here is put at Twilio at once. Unless something was changed there: then the"
        " plan waits for you. The first plan always does.",
    )

    def clean_domain_label(self) -> str:
        """People copy names with capitals; Twilio knows none."""
        return str(self.cleaned_data["domain_label"]).strip().lower()


class SetUpForm(SettingsFields):
    """What a trunk is to be at Twilio."""

    kind = CardChoiceField(
        label="What it is at Twilio",
        choices=KIND_CHOICES,
        cards=KIND_HELP,
        initial=ProvisionKind.BYOC,
        help_text="This cannot be changed later. To choose the other, switch it off and set it up anew.",
    )
    field_order = ["kind", "domain_label", "secure", "transfer_mode", "auto_apply"]

    @staticmethod
    def initial_of(gateways: Iterable[Gateway]) -> dict[str, Any]:
        """Propose encryption where all of the trunk's gateways are reached over TLS."""
        transports = {each.transport for each in gateways if each.is_enabled}
        return {"secure": transports == {Transport.TLS}}

    def changes(self) -> dict[str, Any]:
        """Return what the service takes."""
        return {name: self.cleaned_data[name] for name in self.fields}


class ProvisionEditForm(EditForm, SettingsFields):
    """The settings of a trunk that is at Twilio."""

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if kind != ProvisionKind.ELASTIC:
            del self.fields["transfer_mode"]

    @staticmethod
    def initial_of(row: TrunkProvision) -> dict[str, Any]:
        """Return what the form shows."""
        names = ("domain_label", "secure", "transfer_mode", "auto_apply", "version")
        return {name: getattr(row, name) for name in names}

    def changes(self) -> dict[str, Any]:
        """Return what the service takes."""
        return {name: self.cleaned_data[name] for name in self.fields if name != "version"}


class AttachForm(forms.Form):
    """Which of the bought numbers goes to an Elastic SIP trunk."""

    number = forms.ModelChoiceField(
        PhoneNumber.objects.none(),
        label="Phone number",
        empty_label="Choose a number",
        error_messages={"required": "Choose a number.", "invalid_choice": "Choose one of your numbers."},
    )

    def __init__(self, *args: Any, numbers: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        field = cast("forms.ModelChoiceField[PhoneNumber]", self.fields["number"])
        field.queryset = numbers
