"""Which calls the API's parameters mean."""

from __future__ import annotations

from typing import Any

import django_filters
from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet

from callsphere.calls.enums import CallOutcome, Direction
from callsphere.calls.listing import CallFilter, narrow, read_sip_codes
from callsphere.calls.models import Call
from tenants.filters import OneOfFilter

LONGEST_BEGINNING = 64


class SipCodesField(forms.CharField):
    """A code, or a class of codes; None for neither."""

    def clean(self, value: Any) -> range | None:
        text = super().clean(value)
        try:
            return read_sip_codes(text) if text else None
        except ValueError as error:
            raise ValidationError(str(error), code="invalid") from error


class SipCodesFilter(django_filters.CharFilter):
    """Calls whose last answer was one of some codes."""

    field_class = SipCodesField


class SecondsFilter(django_filters.NumberFilter):
    """A whole number of seconds."""

    field_class = forms.IntegerField


class CallFilterSet(django_filters.FilterSet):
    """Which calls. The parameters are those of `CallFilter`."""

    started_from = django_filters.IsoDateTimeFilter(help_text="Began then or later")
    started_before = django_filters.IsoDateTimeFilter(help_text="Began earlier than that")
    phone_number_id = django_filters.UUIDFilter()
    their_number = django_filters.CharFilter(
        max_length=LONGEST_BEGINNING, help_text="How the other party's number begins, with its country code"
    )
    agent_id = django_filters.UUIDFilter()
    trunk_id = django_filters.UUIDFilter()
    direction = OneOfFilter(Direction.choices)
    outcome = OneOfFilter(CallOutcome.choices)
    sip_code = SipCodesFilter(help_text="A SIP code such as `486`, or a class such as `4xx`")
    shortest_s = SecondsFilter(min_value=0, help_text="Talked this many seconds or more")
    longest_s = SecondsFilter(min_value=0, help_text="Talked this many seconds or fewer")
    live = django_filters.BooleanFilter(help_text="`true` leaves out what is over")

    class Meta:
        model = Call
        fields: list[str] = []

    @property
    def which(self) -> CallFilter:
        """Return what is asked for, once it has been found valid."""
        asked = dict(self.form.cleaned_data)
        asked["sip_codes"] = asked.pop("sip_code")
        asked["live"] = bool(asked["live"])
        return CallFilter(**asked)

    def filter_queryset(self, queryset: QuerySet[Call]) -> QuerySet[Call]:
        """Narrow all at once: some parameters are about the key."""
        return narrow(queryset, self.which)
