"""The form of the guided path: all that a first trunk needs."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from trunks.enums import Authentication, CredentialDirection
from trunks.gateways.forms import AddressFields
from trunks.trunks.forms import TrunkFields


class ConnectForm(TrunkFields, AddressFields):
    """Everything a first trunk needs, on one page: nothing is stored before all of it is right."""

    # errors are summed up in the order in which the page asks
    field_order = ("name", "direction", "address", "transport", "port", "authentication")

    networks = forms.CharField(
        label="The carrier's own addresses",
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="One a line. Calls to you are accepted from these alone. You can add them later.",
    )
    wide_confirmed = forms.BooleanField(label="Yes, so wide a network is meant", required=False)
    username = forms.CharField(label="User name", required=False, max_length=128)
    secret = forms.CharField(
        label="Password", required=False, max_length=128, strip=False, widget=forms.PasswordInput
    )
    realm = forms.CharField(
        required=False, max_length=128, help_text="Leave it empty unless your carrier names one."
    )
    # The carrier preset that the form was filled in from; the services check it.
    preset = forms.CharField(required=False, max_length=40, widget=forms.HiddenInput)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        methods = set(cleaned.get("authentication", ()))
        if Authentication.IP_ALLOWLIST not in methods:
            cleaned["networks"] = ""
        if not methods & {Authentication.DIGEST, Authentication.REGISTRATION}:
            cleaned.update(username="", secret="", realm="")
        elif cleaned.get("username") and not cleaned.get("secret"):
            self.add_error("secret", "Enter the password that belongs to this user name.")
        elif cleaned.get("secret") and not cleaned.get("username"):
            self.add_error("username", "Enter the user name that belongs to this password.")
        return cleaned

    def account(self) -> dict[str, Any]:
        """Return the credential that the carrier gave out, as the services take it."""
        names = ("username", "secret", "realm")
        return {
            "direction": CredentialDirection.OUTBOUND,
            **{name: self.cleaned_data[name] for name in names},
        }

    def registration(self) -> dict[str, Any] | None:
        """Return the registration that was asked for: at the carrier's address, as the user who signs in.

        None where it is not chosen, or its user name is still to come.
        """
        data = self.cleaned_data
        if Authentication.REGISTRATION not in data["authentication"] or not data["username"]:
            return None
        account = {name: data[name] for name in ("username", "secret", "realm")}
        return {"registrar": data["uri"], "username": data["username"], "account": account}

    def network_lines(self) -> list[str]:
        """Return the networks as typed, one each."""
        return [line for line in re.split(r"[\s,;]+", self.cleaned_data["networks"]) if line]
