"""The second factor: who has one, and the middleware that asks for it.

A person who has set up one-time codes proves them once per session, right after signing in; until then no
page of theirs opens. Proving and changing the factor are services; this module only reads.
"""

from collections.abc import Callable
from urllib.parse import urlsplit

from django.http import HttpRequest, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.http import urlencode
from django_htmx.http import HttpResponseClientRedirect
from django_otp.plugins.otp_static.models import StaticDevice, StaticToken
from django_otp.plugins.otp_totp.models import TOTPDevice

from tenants.models import User

# Requests below these carry no session of a person, or must work for whoever is half signed in.
_OPEN_PREFIXES = ("/api/", "/static/", "/voice/")


def find_device(user: User) -> TOTPDevice | None:
    """Return the person's authenticator, or None when they have not set one up."""
    return TOTPDevice.objects.filter(user=user, confirmed=True).first()


def find_recovery_device(user: User) -> StaticDevice | None:
    """Return what holds the person's recovery codes, or None."""
    return StaticDevice.objects.filter(user=user, confirmed=True).first()


def count_recovery_codes(user: User) -> int:
    """Return how many recovery codes are left."""
    return StaticToken.objects.filter(device__user=user).count()


def is_proof_missing(request: HttpRequest) -> bool:
    """Say whether a signed-in person has a second factor and has not proved it in this session."""
    user = request.user
    if not user.is_authenticated or user.is_verified():  # type: ignore[attr-defined]  # django-otp adds it
        return False
    return TOTPDevice.objects.filter(user_id=user.pk, confirmed=True).exists()


class SecondFactorMiddleware:
    """Sends people who have a second factor to prove it before anything else opens.

    Stands after django-otp's middleware and before the tenant's. Signing out stays open, and so does the
    page that asks.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if _is_open(request.path_info) or not is_proof_missing(request):
            return self.get_response(request)
        if request.headers.get("HX-Request") == "true":
            # A plain redirect would put the page that asks into the middle of another.
            return HttpResponseClientRedirect(_asking_url(_page_of_fragment(request)))
        return HttpResponseRedirect(_asking_url(request.get_full_path()))


def _is_open(path: str) -> bool:
    return path.startswith(_OPEN_PREFIXES) or path in (
        reverse("tenants:second-factor"),
        reverse("account_logout"),
    )


def _asking_url(target: str) -> str:
    return f"{reverse('tenants:second-factor')}?{urlencode({'next': target})}"


def _page_of_fragment(request: HttpRequest) -> str:
    page = urlsplit(request.headers.get("HX-Current-URL", ""))
    return page.path + (f"?{page.query}" if page.query else "") or reverse("tenants:home")
