"""Forms of the alerts pages. They read what people type; the rules live in the services."""

from __future__ import annotations

from typing import Any

from django import forms

from callsphere.alerts.enums import Severity, State
from callsphere.alerts.kinds import kind_choices
from callsphere.alerts.models import LONGEST_NOTE


class IncidentFilterForm(forms.Form):
    """State, severity and kind of the list."""

    state = forms.ChoiceField(required=False, choices=[("", "Open and resolved"), *State.choices])
    severity = forms.ChoiceField(required=False, choices=[("", "Every severity"), *Severity.choices])
    kind = forms.ChoiceField(required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # the kinds are those of the apps above, known once all are loaded
        kind: Any = self.fields["kind"]
        kind.choices = [("", "Every kind"), *kind_choices()]


class ResolveForm(forms.Form):
    """Why an incident is over."""

    note = forms.CharField(
        label="What was it, or what was done?",
        max_length=LONGEST_NOTE,
        help_text="One sentence. Your team reads it here and in the audit log.",
        error_messages={"required": "Say in a sentence what it was, or what was done."},
    )
