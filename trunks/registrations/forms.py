"""The form of a registration. The rules live in the services."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms

from tenants.card_fields import CardChoiceField, offer
from tenants.forms import EditForm, RangeField
from trunks.gateways.forms import AddressFields
from trunks.models import DigestCredential, Registration
from trunks.models.registrations import LONGEST_EXPIRES_S, SHORTEST_EXPIRES_S

NEW, NONE = "new", "none"
_KEEPS = "Leave it empty to keep the one that is stored. Nobody can read it here again."


class RegistrationForm(AddressFields):
    """Where, as whom and how often a trunk registers."""

    field_order = ("address", "transport", "port", "username", "sign_in", "auth_username", "secret", "realm")

    username = forms.CharField(
        label="User",
        max_length=128,
        help_text="What stands before the @ in the address that your carrier gave you.",
        error_messages={"required": "Enter the user that your carrier gave you, often the phone number."},
    )
    sign_in = CardChoiceField(label="How do we prove who we are?", initial=NEW)
    auth_username = forms.CharField(
        label="User name for signing in",
        required=False,
        max_length=128,
        help_text="Leave it empty if it is the user above.",
    )
    secret = forms.CharField(
        label="Password",
        required=False,
        max_length=128,
        strip=False,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}),
        help_text="Stored encrypted. Nobody can read it here again.",
    )
    realm = forms.CharField(
        required=False, max_length=128, help_text="Leave it empty unless your carrier names one."
    )
    expires_s = RangeField(
        label="Register for",
        unit="seconds",
        initial=3600,
        min_value=SHORTEST_EXPIRES_S,
        max_value=LONGEST_EXPIRES_S,
        help_text="What we ask for; the carrier may grant less. It is refreshed after half of it.",
    )

    def __init__(self, *args: Any, credentials: Sequence[DigestCredential], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["address"].label = "Registrar"
        if credentials:
            self.fields["secret"].help_text = _KEEPS
        self.credentials = {str(each.pk): each for each in credentials}
        choices = [
            *((pk, f"As “{each}”") for pk, each in self.credentials.items()),
            (NEW, "With a user name and password"),
            (NONE, "Not at all"),
        ]
        cards = {
            **{pk: _kept_for(each) for pk, each in self.credentials.items()},
            NEW: "Those for SIP that your carrier gave you. They are kept under Access.",
            NONE: "Only where the carrier knows us by our addresses.",
        }
        offer(self, "sign_in", choices, cards)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("sign_in") == NEW and not cleaned.get("secret"):
            self.add_error("secret", "Enter the password that belongs to this user name.")
        return cleaned

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        data = self.cleaned_data
        changes = {"registrar": data["uri"], "username": data["username"], "expires_s": data["expires_s"]}
        if data["sign_in"] == NEW:
            account = {"username": data["auth_username"] or data["username"], "realm": data["realm"]}
            return {**changes, "account": {**account, "secret": data["secret"]}}
        chosen = self.credentials.get(data["sign_in"])
        return {**changes, "credential": chosen, "secret": (data["secret"] or None) if chosen else None}


class RegistrationEditForm(EditForm, RegistrationForm):
    """A registration that exists."""

    @staticmethod
    def initial_of(registration: Registration) -> dict[str, Any]:
        """Return what the form shows of a registration: everything but the password."""
        return {
            "address": registration.registrar,
            "username": registration.username,
            "sign_in": str(registration.credential_id or NONE),
            "expires_s": registration.expires_s,
            "version": registration.version,
        }


def _kept_for(credential: DigestCredential) -> str:
    if credential.secret_set_at is None:
        return "Its password was cleared: enter it again below."
    if not credential.bound_hosts:
        return "Enter its password again below."
    return f"Its password is kept for {', '.join(credential.bound_hosts)}. For another host enter it again."
