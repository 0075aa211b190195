"""Forms of the trunk itself. They read what people type; the rules live in the services."""

from __future__ import annotations

from typing import Any

from django import forms

from tenants.card_fields import CardChoiceField, CardMultipleChoiceField
from tenants.forms import EditForm
from trunks.enums import Authentication, Direction
from trunks.models import Trunk

DIRECTION_CHOICES = [
    (Direction.BOTH, "Both ways"),
    (Direction.INBOUND, "Inbound"),
    (Direction.OUTBOUND, "Outbound"),
]
DIRECTION_HELP = {
    Direction.BOTH: "Callers reach your agents, and your agents call out.",
    Direction.INBOUND: "Callers reach your agents.",
    Direction.OUTBOUND: "Your agents call out.",
}
AUTHENTICATION_CHOICES = [
    (Authentication.IP_ALLOWLIST, "By IP address"),
    (Authentication.DIGEST, "User name and password"),
    (Authentication.REGISTRATION, "Registration"),
]
AUTHENTICATION_HELP = {
    Authentication.IP_ALLOWLIST: "The carrier lets in calls from our addresses, and we from its own.",
    Authentication.DIGEST: "The carrier gave you both. They prove who is calling (SIP digest).",
    Authentication.REGISTRATION: "We sign in with user name and password, as a desk phone does.",
}


class TrunkFields(forms.Form):
    """What a trunk is called, and which way calls run."""

    name = forms.CharField(
        max_length=100,
        help_text="What you call this line: your carrier's name, or the office it serves.",
        error_messages={"required": "Give the line a name, for example the carrier's."},
    )
    direction = CardChoiceField(
        label="Which way do calls go?",
        choices=DIRECTION_CHOICES,
        cards=DIRECTION_HELP,
        initial=Direction.BOTH,
    )
    authentication = CardMultipleChoiceField(
        label="How do you and the carrier recognise each other?",
        choices=AUTHENTICATION_CHOICES,
        cards=AUTHENTICATION_HELP,
        required=False,
        initial=[Authentication.IP_ALLOWLIST],
        help_text="Your carrier's set-up page says which it uses. Several may apply.",
    )


class TrunkEditForm(EditForm, TrunkFields):
    """A trunk that exists."""

    notes = forms.CharField(
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text="For your team: contract number, the carrier's hotline.",
    )
    is_enabled = forms.BooleanField(
        label="This trunk is in use",
        required=False,
        help_text="Switched off, nothing is checked and no call runs over it.",
    )

    @staticmethod
    def initial_of(trunk: Trunk) -> dict[str, Any]:
        """Return what the form shows of a trunk."""
        names = ("name", "direction", "authentication", "notes", "is_enabled", "version")
        return {name: getattr(trunk, name) for name in names}

    def changes(self) -> dict[str, Any]:
        """Return what the services take."""
        names = ("name", "direction", "authentication", "notes", "is_enabled")
        return {name: self.cleaned_data[name] for name in names}


class TrunkFilterForm(forms.Form):
    """Search and state of the list."""

    q = forms.CharField(required=False, max_length=100, label="Search")
    state = forms.ChoiceField(
        required=False,
        label="State",
        choices=[
            ("", "Every state"),
            ("down", "Down"),
            ("impaired", "Impaired"),
            ("unknown", "Not checked yet"),
            ("up", "Up"),
            ("paused", "Paused"),
        ],
    )
