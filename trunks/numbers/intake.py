"""Where the provider asks what to do with a call: to a bought number, or over a trunk; and tells of texts.

The addresses are set when a number is bought or a trunk is put there; callsphere.calls serves them.
"""

from __future__ import annotations

import uuid
from dataclasses import replace

from django.conf import settings

from callsphere.providers.twilio.numbers import NumberUrls
from trunks.models import PhoneNumber


def voice_urls(number: PhoneNumber) -> NumberUrls:
    """Return the addresses that belong to a number; its id in them names tenant and number."""
    return replace(_urls(f"{number.pk}"), sms=f"{settings.PUBLIC_URL}/voice/{number.pk}/text/")


def trunk_voice_urls(trunk_id: uuid.UUID) -> NumberUrls:
    """Return the addresses that belong to a trunk: of its SIP domain, and of its BYOC trunk."""
    return _urls(f"trunk/{trunk_id}")


def _urls(place: str) -> NumberUrls:
    base = f"{settings.PUBLIC_URL}/voice/{place}"
    return NumberUrls(
        voice=f"{base}/incoming/", voice_fallback=f"{base}/fallback/", status_callback=f"{base}/status/"
    )
