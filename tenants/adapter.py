"""What django-allauth asks us, and the changes of accounts that it makes: each goes through a service."""

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.models import EmailAddress
from django.http import HttpRequest

from tenants.audit import Actor
from tenants.middleware import current_request_id
from tenants.models import User
from tenants.services.own_account import (
    PASSWORD_CHANGED,
    PASSWORD_RESET,
    PASSWORD_SET,
    changing_addresses,
    set_password,
    sign_up,
)

# Where the session keeps {"token", "email", "organisation"} of the invitation that a visitor opened.
PENDING_INVITATION = "pending_invitation"
_DONE_BY_PAGE = {"account_change_password": PASSWORD_CHANGED, "account_set_password": PASSWORD_SET}


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
            sign_up(user=user, actor=actor_for(request, user))
        return user

    def set_password(self, user: User, password: str) -> None:
        page = self.request.resolver_match
        # Whoever is not on their own page came by the link in a mail.
        done = _DONE_BY_PAGE.get(page.url_name if page else "", PASSWORD_RESET)
        set_password(user=user, actor=actor_for(self.request, user), password=password, done=done)

    def confirm_email(self, request: HttpRequest, email_address: EmailAddress) -> bool:
        user: User = email_address.user
        with changing_addresses(user=user, actor=actor_for(request, user)):
            return bool(super().confirm_email(request, email_address))


def actor_for(request: HttpRequest, user: User) -> Actor:
    """Name the person whose account it is: signed in, or holding the link of a mail to them."""
    return Actor.user(user, ip=request.META.get("REMOTE_ADDR"), request_id=current_request_id())


def address_that_signs_in(request: HttpRequest, credentials: dict[str, str] | None) -> str:
    """Tell django-axes whose failures to count: allauth's credentials and form have names of their own."""
    return ((credentials or {}).get("email") or request.POST.get("login", "")).lower()
