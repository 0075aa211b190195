"""Where the provider asks what to do with a call to a bought number.

The addresses are set when a number is bought; callsphere.calls serves them.
"""

from __future__ import annotations

from django.conf import settings

from callsphere.providers.twilio.numbers import NumberUrls
from trunks.models import PhoneNumber


def voice_urls(number: PhoneNumber) -> NumberUrls:
    """Return the addresses that belong to a number; its id in them names tenant and number."""
    base = f"{settings.PUBLIC_URL}/voice/{number.pk}"
    return NumberUrls(
        voice=f"{base}/incoming/", voice_fallback=f"{base}/fallback/", status_callback=f"{base}/status/"
    )
