"""Forms of allowed networks and credentials."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants.card_fields import CardChoiceField
from tenants.forms import EditForm
from trunks.enums import CredentialDirection
from trunks.models import DigestCredential


class NetworkForm(forms.Form):
    """A network that calls are accepted from."""

    cidr = forms.CharField(
        label="Address or network",
        max_length=60,
        help_text="Such as 203.0.113.5, 203.0.113.0/24 or 2001:db8::/48, as your carrier lists it.",
        error_messages={"required": "Enter an address or a network, such as 203.0.113.0/24."},
    )
    note = forms.CharField(required=False, max_length=100, help_text="For example: Frankfurt, signalling.")
    wide_confirmed = forms.BooleanField(label="Yes, so wide a network is meant", required=False)

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        return {name: self.cleaned_data[name] for name in ("cidr", "note", "wide_confirmed")}


class NetworkEditForm(EditForm, NetworkForm):
    """A network on the list."""


class CredentialForm(forms.Form):
    """A user name and a password."""

    direction = CardChoiceField(
        label="Who has to prove who they are?",
        choices=[(CredentialDirection.OUTBOUND, "We do"), (CredentialDirection.INBOUND, "The carrier does")],
        cards={
            CredentialDirection.OUTBOUND: "We send these when the carrier asks. This is the usual case.",
            CredentialDirection.INBOUND: "The carrier sends these when it calls you.",
        },
        initial=CredentialDirection.OUTBOUND,
    )
    username = forms.CharField(
        label="User name", max_length=128, error_messages={"required": "Enter the user name."}
    )
    secret = forms.CharField(
        label="Password",
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted. Nobody can read it here again, you included.",
        error_messages={"required": "Enter the password that your carrier gave you."},
    )
    realm = forms.CharField(
        required=False,
        max_length=128,
        help_text="Leave it empty unless your carrier names one; with one, no other is answered.",
    )

    def changes(self) -> dict[str, Any]:
        """Return what the services take; an empty password on an edit keeps the stored one."""
        names = ("direction", "username", "realm")
        changes = {name: self.cleaned_data[name] for name in names}
        return {**changes, "secret": self.cleaned_data["secret"] or None}


class CredentialEditForm(EditForm, CredentialForm):
    """A credential that exists: its password may be replaced, never read."""

    def __init__(self, *args: Any, is_stored: bool = True, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        secret = self.fields["secret"]
        secret.required = False
        if is_stored:
            secret.label, secret.help_text = "New password", "Leave it empty to keep the stored one."

    @staticmethod
    def initial_of(credential: DigestCredential) -> dict[str, Any]:
        """Return what the form shows of a credential: everything but the password."""
        return {name: getattr(credential, name) for name in ("direction", "username", "realm", "version")}
