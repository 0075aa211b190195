"""An affiliate's link."""

from django.conf import settings
from django.urls import reverse


def link_of(code: str) -> str:
    """Return the address that remembers who sent somebody, and leads to the prices."""
    return settings.PUBLIC_URL + reverse("billing:referral", kwargs={"code": code})
