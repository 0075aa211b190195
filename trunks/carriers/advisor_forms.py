"""The advisor's three questions."""

from __future__ import annotations

from typing import Any

from django import forms

from trunks.carriers.advisor import OFFERS, Address, Answers
from trunks.enums import Authentication

_OFFER_LABELS = {
    Authentication.IP_ALLOWLIST: "A SIP URI of yours, and an allowlist of addresses",
    Authentication.DIGEST: "A user name and a password for calls",
    Authentication.REGISTRATION: "Registration, as desk phones do it",
}
_ANSWER_HELP = {
    Answers.CALLSPHERE: "Agents answer here. The carrier sends calls straight to us.",
    Answers.OWN: "Calls reach your own system first, which hands them on.",
}


class AdvisorForm(forms.Form):
    """What is asked. Its cleaned data is what `advise` takes."""

    answers = forms.ChoiceField(
        label="Who answers the calls?",
        choices=Answers.choices,
        widget=forms.RadioSelect,
        initial=Answers.CALLSPHERE,
        error_messages={"required": "Choose who answers the calls."},
    )
    address = forms.ChoiceField(
        label="Does that place keep its public address?",
        choices=Address.choices,
        widget=forms.RadioSelect,
        initial=Address.STATIC,
        help_text="Ours do. That of an office behind an ordinary router often does not.",
        error_messages={"required": "Choose whether the address stays the same."},
    )
    offers = forms.MultipleChoiceField(
        label="What does your carrier offer?",
        choices=[(offer, _OFFER_LABELS[offer]) for offer in OFFERS],
        widget=forms.CheckboxSelectMultiple,
        required=False,
        help_text="Leave all empty if you do not know.",
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        texts = {str(value): text for value, text in _ANSWER_HELP.items()}
        self.fields["answers"].choice_help = texts  # type: ignore[attr-defined]  # read by the template

    def clean_answers(self) -> Answers:
        return Answers(self.cleaned_data["answers"])

    def clean_address(self) -> Address:
        return Address(self.cleaned_data["address"])

    def clean_offers(self) -> list[Authentication]:
        return [Authentication(offer) for offer in self.cleaned_data["offers"]]
