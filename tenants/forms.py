"""Forms of the tenants' pages: which fields there are, in which words. The rules live in the services."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, cast

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

from tenants.access import (
    API_KEY_CAPABILITIES,
    DESCRIPTIONS,
    ROLE_DESCRIPTIONS,
    Capability,
    roles_grantable_by,
)
from tenants.card_fields import CardChoiceField, CardMultipleChoiceField, offer
from tenants.enums import Role
from tenants.models import Membership
from tenants.time_zones import UTC_NAME, known_zones, zone_choices

OPENED = "opened"
_EXPIRY_CHOICES = [("90", "In 90 days"), ("365", "In a year"), ("never", "Never")]


class RangeField(forms.IntegerField):
    """A whole number within bounds. Its error names both, and the unit."""

    def __init__(self, *, min_value: int, max_value: int, unit: str = "", **kwargs: Any) -> None:
        told = f"Use {min_value} to {max_value} {unit}".rstrip() + "."
        errors = {"min_value": told, "max_value": told, "invalid": told}
        super().__init__(min_value=min_value, max_value=max_value, error_messages=errors, **kwargs)


def opened_text(held: Mapping[str, Any]) -> str:
    """Write what a form's fields held, to be sent back with it."""
    return json.dumps(held, default=str)


def attach_errors(form: forms.Form, error: ValidationError) -> None:
    """Put what a service refused beside the fields it names."""
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: [error]}
    for name, errors in by_field.items():
        form.add_error(name if name in form.fields else None, ValidationError(errors))


class VersionInput(forms.HiddenInput):
    """The version that a form was made from and, beside it, what the fields held then."""

    opened = ""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        version = super().render(name, value, attrs, renderer)
        return format_html('{}<input type="hidden" name="{}" value="{}">', version, OPENED, self.opened)


class EditForm(forms.Form):
    """A form over something stored: it carries the version it was made from."""

    version = forms.IntegerField(widget=VersionInput, min_value=1)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = (name for name in self.fields if name != "version")
        held = {name: self.get_initial_for_field(self.fields[name], name) for name in names}
        text = self.data.get(OPENED, "") if self.is_bound else opened_text(held)
        cast(VersionInput, self.fields["version"].widget).opened = str(text)

    def opened(self) -> dict[str, Any]:
        """Return what the fields held when the form was opened; empty when the sender did not say."""
        try:
            held = json.loads(self.data.get(OPENED) or "{}")
        except ValueError:
            return {}
        return held if isinstance(held, dict) else {}

    def is_touched(self, name: str) -> bool:
        """Whether the person changed a field; one of which the sender did not say counts as changed."""
        opened = self.opened()
        if name not in opened or name not in self.fields:
            return True
        field, sent = self.fields[name], self[name].data
        if isinstance(sent, str):
            sent = sent.replace("\r\n", "\n")  # browsers send the line ends of textareas so
        try:
            return field.has_changed(field.to_python(opened[name]), sent)
        except ValidationError:
            return True


class TenantNameForm(forms.Form):
    """The name of an organisation."""

    name = forms.CharField(
        max_length=100,
        label="Name of your organisation",
        error_messages={"required": "Write the name that your colleagues know it by."},
    )


class WelcomeForm(TenantNameForm):
    """A new organisation. `time_zone` is the browser's; one that says none, or nonsense, has UTC."""

    time_zone = forms.CharField(required=False, widget=forms.HiddenInput(attrs={"data-time-zone": True}))

    def clean_time_zone(self) -> str:
        name: str = self.cleaned_data["time_zone"]
        return name if name in known_zones() else UTC_NAME


class TenantSettingsForm(EditForm, TenantNameForm):
    """What an organisation's own people change of it."""

    time_zone = forms.ChoiceField(
        help_text="Pages write times by it, and days begin by it. Business hours have one of their own.",
        error_messages={"required": "Choose where your clocks hang."},
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        zones = cast(forms.ChoiceField, self.fields["time_zone"])
        zones.choices = zone_choices(self.get_initial_for_field(zones, "time_zone"))


class RoleForm(forms.Form):
    """Which role somebody gets, of those that the member may give."""

    role = CardChoiceField(label="Role", error_messages={"required": "Choose a role."})

    def __init__(self, *args: Any, giver: Membership, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        roles = roles_grantable_by(giver.role)
        sentences = {role.value: ROLE_DESCRIPTIONS[role] for role in roles}
        offer(self, "role", [(role.value, role.label) for role in roles], sentences)


class InviteForm(RoleForm):
    """Whom to invite, and as what."""

    email = forms.EmailField(
        label="E-mail address",
        help_text="The invitation can be accepted with this address alone.",
        error_messages={
            "required": "Write the address to which the invitation goes.",
            "invalid": "Write an e-mail address such as mara@example.com.",
        },
    )
    field_order = ["email", "role"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        kwargs.setdefault("initial", {"role": Role.VIEWER})
        super().__init__(*args, **kwargs)


class ApiKeyForm(forms.Form):
    """What a new API key may do, from where, and for how long."""

    name = forms.CharField(
        max_length=100,
        help_text="Which program uses it, such as “Provisioning script”.",
        error_messages={
            "required": "Give the key a name, so that you know later what stops when you revoke it."
        },
    )
    capabilities = CardMultipleChoiceField(
        label="What it may do",
        error_messages={"required": "Choose at least one thing that the key may do."},
    )
    expiry = forms.ChoiceField(
        widget=forms.RadioSelect, label="Expires", choices=_EXPIRY_CHOICES, initial="90"
    )
    allowed_networks = forms.CharField(
        widget=forms.Textarea(attrs={"rows": 3}),
        label="Allowed networks",
        required=False,
        help_text="One a line, such as 203.0.113.0/24. Left empty, the key works from everywhere.",
    )

    def __init__(self, *args: Any, giver: frozenset[Capability], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # Nobody gives a program more than they may do themselves.
        offered = [each for each in DESCRIPTIONS if each in API_KEY_CAPABILITIES & giver]
        sentences = {each.value: DESCRIPTIONS[each][1] for each in offered}
        offer(self, "capabilities", [(each.value, DESCRIPTIONS[each][0]) for each in offered], sentences)

    def networks(self) -> list[str]:
        """Return the networks, line by line."""
        return str(self.cleaned_data["allowed_networks"]).replace(",", "\n").splitlines()

    def expires_at(self) -> datetime | None:
        """Return when the key ends, or None for never."""
        days = self.cleaned_data["expiry"]
        return None if days == "never" else timezone.now() + timedelta(days=int(days))


class CodeForm(forms.Form):
    """A one-time code of an authenticator app, or a recovery code."""

    code = forms.CharField(
        max_length=40,
        label="Code",
        error_messages={"required": "Enter the code that your app shows."},
        widget=forms.TextInput(attrs={"autocomplete": "one-time-code", "spellcheck": "false"}),
    )


class AuditFilterForm(forms.Form):
    """Which events of the audit log to show. Every field may stay empty."""

    actor = forms.CharField(required=False, label="Who", max_length=254)
    kind = forms.ChoiceField(required=False, label="About")
    since = forms.DateField(
        required=False,
        label="From",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Write a date such as 2026-03-31."},
    )
    until = forms.DateField(
        required=False,
        label="To",
        widget=forms.DateInput(attrs={"type": "date"}),
        error_messages={"invalid": "Write a date such as 2026-03-31."},
    )

    def __init__(self, *args: Any, kinds: list[tuple[str, str]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        offer(self, "kind", [("", "Everything"), *kinds])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and since > until:
            self.add_error("until", "This day is before the first one.")
        return cleaned
