"""Forms of the pages of calls. They read what people choose and type."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms

from agents.models import Agent
from callsphere.calls.enums import CallOutcome, Direction
from callsphere.calls.listing import CallFilter, read_sip_codes
from callsphere.calls.models.keeping import LONGEST_KEPT_DAYS, SHORTEST_CALLS_KEPT_DAYS
from callsphere.calls.wording import party_words
from callsphere.providers.twilio.double import SCRIPTS
from tenants.card_fields import CardChoiceField
from tenants.forms import EditForm, RangeField
from tenants.models import Tenant
from tenants.time_zones import first_moment, moment_after
from trunks.enums import NumberState
from trunks.models import PhoneNumber, Trunk

LONGEST_S = 100_000


class CallFilterForm(forms.Form):
    """Which calls the log shows. Days are those of the tenant's time zone. Three queries."""

    their_number = forms.CharField(required=False, max_length=80, label="Their number begins with")
    outcome = forms.ChoiceField(required=False, choices=[("", "Every outcome"), *CallOutcome.choices])
    agent = forms.ChoiceField(required=False)
    since = forms.DateField(required=False, label="From", widget=forms.DateInput({"type": "date"}))
    until = forms.DateField(required=False, label="Until", widget=forms.DateInput({"type": "date"}))
    number = forms.ChoiceField(required=False, label="Your number")
    trunk = forms.ChoiceField(required=False)
    direction = forms.ChoiceField(required=False, choices=[("", "Both directions"), *Direction.choices])
    code = forms.CharField(required=False, max_length=3, label="SIP code")
    shortest = forms.IntegerField(required=False, min_value=0, max_value=LONGEST_S, label="Talked at least")
    longest = forms.IntegerField(required=False, min_value=0, max_value=LONGEST_S, label="Talked at most")

    FIRST = ("their_number", "outcome", "agent", "since", "until")
    """Those that are always shown; the others are behind "More filters"."""

    def __init__(self, tenant: Tenant, data: Any = None) -> None:
        super().__init__(data)
        self.zone = tenant.zone
        numbers = PhoneNumber.objects.filter(tenant=tenant).order_by("number")
        agents = Agent.objects.filter(tenant=tenant).order_by("name", "pk")
        trunks = Trunk.objects.filter(tenant=tenant).order_by("name", "pk")
        self._offer("number", "Every number", numbers.values_list("pk", "number"))
        self._offer("agent", "Every agent", agents.values_list("pk", "name"))
        self._offer("trunk", "Every trunk", trunks.values_list("pk", "name"))

    def _offer(self, name: str, every: str, rows: Any) -> None:
        field = cast(forms.ChoiceField, self.fields[name])
        field.choices = [("", every), *((str(pk), label) for pk, label in rows)]

    def clean_code(self) -> range | None:
        text = self.cleaned_data["code"]
        try:
            return read_sip_codes(text) if text else None
        except ValueError as error:
            raise forms.ValidationError(str(error)) from None

    def clean(self) -> dict[str, Any]:
        since, until = self.cleaned_data.get("since"), self.cleaned_data.get("until")
        if since and until and until < since:
            self.add_error("until", "This is before the first day.")
        return self.cleaned_data

    def wanted(self) -> CallFilter:
        """Return which calls are asked for; fields that are wrong narrow nothing."""
        if not self.is_bound:
            return CallFilter()
        self.is_valid()
        value = self.cleaned_data.get
        since, until = value("since"), value("until")
        return CallFilter(
            started_from=first_moment(since, self.zone) if since else None,
            started_before=moment_after(until, self.zone) if until else None,
            phone_number_id=_id(value("number")),
            their_number=value("their_number") or "",
            agent_id=_id(value("agent")),
            trunk_id=_id(value("trunk")),
            direction=value("direction") or "",
            outcome=value("outcome") or "",
            sip_codes=value("code"),
            shortest_s=value("shortest"),
            longest_s=value("longest"),
        )

    @property
    def uses_more(self) -> bool:
        """Whether a filter is in use, or wrong, that is not among the first."""
        return any(
            self.data.get(name) or name in self.errors for name in self.fields if name not in self.FIRST
        )


class RetentionForm(EditForm):
    """For how many days calls and what was said in them are kept."""

    calls_kept_days = RangeField(
        label="Calls",
        min_value=SHORTEST_CALLS_KEPT_DAYS,
        max_value=LONGEST_KEPT_DAYS,
        unit="days",
        help_text="Who called whom, when, what became of it and why, and that callers left something.",
    )
    transcripts_kept_days = RangeField(
        label="What was said",
        min_value=1,
        max_value=LONGEST_KEPT_DAYS,
        unit="days",
        help_text="Transcripts, notes, messages that agents took, open ones too, the sound of voice messages,"
        " the words of texts and callbacks, and what tools were asked. They never outlast their call.",
    )


class RingForm(forms.Form):
    """Which number of the tenant's rings, and what the caller does. One query."""

    number = forms.ChoiceField(label="Which number rings?")
    script = CardChoiceField(
        label="What does the caller do?", choices=list(SCRIPTS.items()), initial=next(iter(SCRIPTS))
    )

    def __init__(self, tenant: Tenant, data: Any = None, *, initial: dict[str, Any] | None = None) -> None:
        super().__init__(data, initial=initial)
        numbers = PhoneNumber.objects.filter(tenant=tenant, state=NumberState.ACTIVE, trunk=None)
        field = cast(forms.ChoiceField, self.fields["number"])
        field.choices = [(str(each.pk), party_words(each.number)) for each in numbers.order_by("number")]

    @property
    def has_number(self) -> bool:
        """Whether there is a number that can be called."""
        return bool(cast(forms.ChoiceField, self.fields["number"]).choices)


def _id(text: str | None) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
