"""What django-allauth asks us."""

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest

from tenants.models import User

# Where the session keeps {"token", "email", "organisation"} of the invitation that a visitor opened.
PENDING_INVITATION = "pending_invitation"


class AccountAdapter(DefaultAccountAdapter):
    """Keeps e-mail addresses in lower case; takes an invitation's link as proof of its address."""

    def is_email_verified(self, request: HttpRequest, email: str) -> bool:
        """Say whether the address needs no mail of its own: the invitation's link was sent to it alone."""
        invitation = request.session.get(PENDING_INVITATION)
        if invitation is not None and invitation["email"].lower() == email.lower():
            return True
        return bool(super().is_email_verified(request, email))

    def save_user(self, request: HttpRequest, user: User, form: object, commit: bool = True) -> User:
        user = super().save_user(request, user, form, commit=False)
        user.email = user.email.lower()
        if commit:
            user.save()
        return user


def address_that_signs_in(request: HttpRequest, credentials: dict[str, str] | None) -> str:
    """Tell django-axes whose failures to count: allauth's credentials and form have names of their own."""
    return ((credentials or {}).get("email") or request.POST.get("login", "")).lower()
