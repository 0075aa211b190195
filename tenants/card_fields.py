"""Choices that forms draw as cards, each with a sentence of its own."""

from collections.abc import Iterable, Mapping
from typing import Any

from django import forms


class CardChoiceField(forms.ChoiceField):
    """One of several cards. `cards` maps a value to the sentence on its card."""

    widget = forms.RadioSelect
    choice_help: dict[str, str]

    def __init__(self, *, cards: Mapping[Any, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choice_help = {str(value): sentence for value, sentence in (cards or {}).items()}


class CardMultipleChoiceField(forms.MultipleChoiceField):
    """Any of several cards. `cards` maps a value to the sentence on its card."""

    widget = forms.CheckboxSelectMultiple
    choice_help: dict[str, str]

    def __init__(self, *, cards: Mapping[Any, str] | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.choice_help = {str(value): sentence for value, sentence in (cards or {}).items()}


def offer(
    form: forms.Form,
    name: str,
    choices: Iterable[tuple[str, str]],
    cards: Mapping[str, str] | None = None,
) -> None:
    """Set what can be chosen in one form, as (value, label), and the sentences on the cards."""
    field = form.fields[name]
    if not isinstance(field, forms.ChoiceField):
        raise TypeError(f"{name} is no choice")
    field.choices = list(choices)
    if isinstance(field, CardChoiceField | CardMultipleChoiceField):
        field.choice_help = dict(cards or {})
