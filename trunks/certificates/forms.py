"""Forms of certificates. What is pasted is never rendered again where a private key could be in it."""

from __future__ import annotations

import re
from typing import Any

from django import forms

from tenants.forms import EditForm
from trunks.certificates.reading import LONGEST_KEY, LONGEST_PEM
from trunks.models import Expiring

_NOTHING_BUT_CERTIFICATES = re.compile(
    r"\s*(?:-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----\s*)+"
)


class CertificateInput(forms.Textarea):
    """Renders what was typed again only when it is certificates alone."""

    def format_value(self, value: Any) -> Any:
        text = str(value or "")
        return super().format_value(value) if _NOTHING_BUT_CERTIFICATES.fullmatch(text) else ""


class KeyInput(forms.Textarea):
    """Never renders what was typed."""

    def format_value(self, value: Any) -> Any:
        return ""


_PASTE = {"rows": 8, "spellcheck": "false", "autocapitalize": "none", "autocomplete": "off"}


def _certificates(label: str, help_text: str, missing: str) -> forms.CharField:
    return forms.CharField(
        label=label,
        max_length=LONGEST_PEM,
        widget=CertificateInput(attrs={**_PASTE, "placeholder": "-----BEGIN CERTIFICATE-----"}),
        help_text=help_text,
        error_messages={"required": missing},
    )


class AuthorityForm(forms.Form):
    """Authorities to trust."""

    name = forms.CharField(
        max_length=100,
        help_text="What you call it, for example the carrier's name.",
        error_messages={"required": "Give it a name, for example the carrier's."},
    )
    certificates = _certificates(
        "Certificate",
        "In PEM form, as the carrier gave it to you. Several may follow each other.",
        "Paste the certificate of the carrier's authority.",
    )
    clear_secrets = forms.BooleanField(label="Yes, clear them", required=False)


class AuthorityEditForm(EditForm, AuthorityForm):
    """An authority that exists: its certificates may be replaced."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _may_be_empty(self.fields["certificates"], "New certificate")

    @staticmethod
    def initial_of(row: Expiring) -> dict[str, Any]:
        """Return what the form shows."""
        return {"name": row.name, "version": row.version}

    def changes(self) -> dict[str, Any]:
        """Return what the service takes."""
        return _given(self.cleaned_data, "name", "certificates", "clear_secrets")


class ClientCertificateForm(forms.Form):
    """A certificate of ours, and its key."""

    name = forms.CharField(
        max_length=100,
        help_text="What you call it, for example the carrier that asks for it.",
        error_messages={"required": "Give it a name, for example the carrier's."},
    )
    certificates = _certificates(
        "Certificate",
        "In PEM form. Yours first, then those that lead to its authority, if the carrier wants them.",
        "Paste the certificate that the carrier gave you, or takes from you.",
    )
    private_key = forms.CharField(
        label="Private key",
        max_length=LONGEST_KEY,
        strip=False,
        widget=KeyInput(attrs={**_PASTE, "placeholder": "-----BEGIN PRIVATE KEY-----"}),
        help_text="In PEM form, without a passphrase. Stored encrypted. Nobody can read it here again.",
        error_messages={"required": "Paste the private key that belongs to the certificate."},
    )


class ClientCertificateEditForm(EditForm, ClientCertificateForm):
    """A certificate that exists: it may be replaced; its key is never shown."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _may_be_empty(self.fields["certificates"], "New certificate")
        _may_be_empty(self.fields["private_key"], "New private key")

    @staticmethod
    def initial_of(row: Expiring) -> dict[str, Any]:
        """Return what the form shows."""
        return {"name": row.name, "version": row.version}

    def changes(self) -> dict[str, Any]:
        """Return what the service takes."""
        return _given(self.cleaned_data, "name", "certificates", "private_key")


def _may_be_empty(field: forms.Field, label: str) -> None:
    field.required = False
    field.label, field.help_text = label, "Leave it empty to keep the stored one."


def _given(cleaned: dict[str, Any], *names: str) -> dict[str, Any]:
    return {name: cleaned[name] for name in names if cleaned[name] != ""}
