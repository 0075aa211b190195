"""Who wants no more text messages: whoever texted STOP, and whom the provider refuses for it."""

from __future__ import annotations

from django.db.models import Q

from callsphere.calls.enums import TextWord
from callsphere.calls.models import TextMessage
from tenants.models import Tenant

_STOPPED = 21610
"""Twilio's error for a message to somebody who stopped."""


def has_stopped(tenant: Tenant, *, ours: str, theirs: str) -> bool:
    """Whether somebody wants no more texts from a number. Call it in a context that sees the tenant."""
    theirs_to_us = Q(from_number=theirs, to_number=ours, word__in=[TextWord.STOP, TextWord.START])
    refused = Q(from_number=ours, to_number=theirs, error_code=_STOPPED)
    told = TextMessage.objects.filter(theirs_to_us | refused, tenant=tenant)
    last = told.order_by("-created_at", "-id").values_list("word", flat=True).first()
    return last is not None and last != TextWord.START
