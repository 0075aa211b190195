"""Forms of the entrance that differ from allauth's own."""

from typing import Any

from allauth.account import forms as allauth_forms


class SignupForm(allauth_forms.SignupForm):
    """Names the address as the page does, so that the list of errors does too."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = "Work e-mail"
