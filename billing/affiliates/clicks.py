"""Counting who follows an affiliate's link, without keeping who it was."""

from __future__ import annotations

import hashlib
import secrets
from datetime import date, datetime
from ipaddress import IPv6Address, ip_address, ip_network

from billing.affiliates.models import Affiliate, ClickSalt, ReferralClick
from tenants.context import platform_context

MOST_A_DAY = 10_000
"""Of one affiliate: what comes on top is no audience. Two at once may count a few more."""
_IPV6_SITE = 64


def count_click(affiliate: Affiliate, address: str, browser: str, now: datetime) -> None:
    """Count a visitor's click, once a day. Call it in the platform's context.

    The hash is of address and browser with a random salt that is forgotten after the day. A whole IPv6 site
    counts as one address.
    """
    day = now.date()
    if ReferralClick.objects.filter(affiliate=affiliate, day=day).count() >= MOST_A_DAY:
        return
    visitor = hashlib.blake2b(
        f"{_site(address)} {browser}".encode(), key=_salt_of(day), digest_size=16
    ).hexdigest()
    ReferralClick.objects.bulk_create(
        [ReferralClick(affiliate=affiliate, day=day, visitor=visitor)], ignore_conflicts=True
    )


def forget_salts(now: datetime) -> None:
    """Make the clicks of earlier days anonymous for good."""
    with platform_context("forget clicks' salts"):
        ClickSalt.objects.filter(day__lt=now.date()).delete()


def _salt_of(day: date) -> bytes:
    ClickSalt.objects.bulk_create([ClickSalt(day=day, salt=secrets.token_bytes(32))], ignore_conflicts=True)
    return bytes(ClickSalt.objects.get(day=day).salt)


def _site(address: str) -> str:
    try:
        found = ip_address(address)
    except ValueError:
        return ""
    return (
        str(ip_network((found, _IPV6_SITE), strict=False)) if isinstance(found, IPv6Address) else str(found)
    )
