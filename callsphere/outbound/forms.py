"""Forms of the pages of outbound calls."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms

from agents.models import Agent
from callsphere.calls.wording import party_words
from callsphere.outbound.enums import MachineAction
from callsphere.outbound.models.dialling import LONGEST_REASON
from callsphere.outbound.models.orders import LONGEST_BRIEF, LONGEST_MACHINE_MESSAGE
from callsphere.outbound.queries import numbers_to_call_from
from tenants.models import Tenant

_TEXT = forms.Textarea({"rows": 3})


class PlaceCallForm(forms.Form):
    """Whom to call, from which number, and what the agent is to know. Two queries."""

    to_number = forms.CharField(
        label="Whom to call",
        max_length=40,
        help_text="With + and the country code, or as you dial it in your number's country.",
        widget=forms.TextInput({"type": "tel", "autocomplete": "off"}),
    )
    phone_number_id = forms.ChoiceField(label="From which number", help_text="Whoever is called sees it.")
    agent_id = forms.ChoiceField(label="Which agent talks", help_text="As it is published now.")
    brief = forms.CharField(
        label="What the agent is to know",
        required=False,
        max_length=LONGEST_BRIEF,
        widget=_TEXT,
        help_text="About this call alone: who it is, and what it is about.",
    )
    machine_action = forms.ChoiceField(
        label="If an answering machine takes it", choices=MachineAction.choices, initial=MachineAction.GO_ON
    )
    machine_message = forms.CharField(
        label="What to say after its tone",
        required=False,
        max_length=LONGEST_MACHINE_MESSAGE,
        widget=_TEXT,
        help_text="Only where a message is to be left.",
    )

    def __init__(self, tenant: Tenant, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        agents = Agent.objects.filter(tenant=tenant, deleted_at=None).exclude(published=None)
        self._offer("agent_id", agents.order_by("name", "pk").values_list("pk", "name"))
        numbers = numbers_to_call_from(tenant).order_by("number").values_list("pk", "number")
        self._offer("phone_number_id", ((pk, party_words(number)) for pk, number in numbers))

    def lacks(self) -> str:
        """Return what is missing before anybody can be called: "number", "agent" or nothing."""
        if not self._choices("phone_number_id"):
            return "number"
        return "" if self._choices("agent_id") else "agent"

    def wanted(self) -> dict[str, Any]:
        """Return what is asked for, as the service takes it."""
        ids = {name: uuid.UUID(self.cleaned_data[name]) for name in ("phone_number_id", "agent_id")}
        return {**self.cleaned_data, **ids}

    def _choices(self, name: str) -> Any:
        return cast(forms.ChoiceField, self.fields[name]).choices

    def _offer(self, name: str, rows: Any) -> None:
        cast(forms.ChoiceField, self.fields[name]).choices = [(str(pk), label) for pk, label in rows]


class DoNotCallForm(forms.Form):
    """A number that must not be called."""

    number = forms.CharField(
        max_length=40,
        help_text="With + and the country code.",
        widget=forms.TextInput({"type": "tel", "autocomplete": "off"}),
    )
    reason = forms.CharField(required=False, max_length=LONGEST_REASON, help_text="Where that comes from.")
