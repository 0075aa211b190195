"""Forms of the inbox. They read what people choose and type."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms

from callsphere.calls.enums import LeftKind, TextState
from callsphere.calls.inbox import InboxFilter, TextFilter

_OPEN, _DONE = "open", "done"
_LONGEST_NUMBER = 80


class InboxFilterForm(forms.Form):
    """Which of what callers left; fields that are wrong narrow nothing."""

    number = forms.CharField(required=False, max_length=_LONGEST_NUMBER, label="Number begins with")
    kind = forms.ChoiceField(required=False, choices=[("", "Everything"), *LeftKind.choices])
    state = forms.ChoiceField(
        required=False, choices=[("", "Open and done"), (_OPEN, "Open"), (_DONE, "Done")]
    )
    call = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def wanted(self) -> InboxFilter:
        """Return what is asked for."""
        value = _values(self)
        state = value("state")
        return InboxFilter(
            kind=value("kind") or "",
            is_open=state == _OPEN if state else None,
            number=value("number") or "",
            call_id=value("call"),
        )


class TextFilterForm(forms.Form):
    """Which text messages; fields that are wrong narrow nothing."""

    number = forms.CharField(required=False, max_length=_LONGEST_NUMBER, label="Number begins with")
    state = forms.ChoiceField(required=False, choices=[("", "Every state"), *TextState.choices])
    call = forms.UUIDField(required=False, widget=forms.HiddenInput)

    def wanted(self) -> TextFilter:
        """Return what is asked for."""
        value = _values(self)
        call_id: uuid.UUID | None = value("call")
        return TextFilter(state=value("state") or "", number=value("number") or "", call_id=call_id)


def _values(form: forms.Form) -> Any:
    form.is_valid()
    return form.cleaned_data.get
