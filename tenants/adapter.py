"""What django-allauth asks us."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from tenants.models import User


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]
    """Keeps e-mail addresses in lower case."""

    def save_user(self, request: HttpRequest, user: User, form: object, commit: bool = True) -> User:
        user = super().save_user(request, user, form, commit=False)
        user.email = user.email.lower()
        if commit:
            user.save()
        return user
