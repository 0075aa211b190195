"""Becoming an affiliate by oneself: with a code of one's choice, and the terms taken."""

from __future__ import annotations

import re
from datetime import datetime

from django.core.exceptions import ValidationError
from django.db import IntegrityError

from billing.affiliates.models import Affiliate
from callsphere.lib.errors import Refused
from tenants.audit import Actor, record_platform_event
from tenants.context import platform_context
from tenants.models import User
from tenants.services.editing import field_error

_LONGEST_CODE = 32


def own_affiliate(user: User) -> Affiliate | None:
    """Return what a person is as an affiliate. Call it in their own context."""
    return Affiliate.objects.filter(user=user).first()


def join_affiliates(*, actor: Actor, user: User, code: str, takes_terms: bool, now: datetime) -> Affiliate:
    """Make a person an affiliate with this code. Raises ValidationError by field, and Refused.

    Who presses twice joins once. Nobody looks at it beforehand: nothing is paid out but by support's hand,
    and support can switch an affiliate off and end what they brought.
    """
    if not takes_terms:
        raise field_error("terms", "Take the terms to join.", "required")
    wanted = code.strip().lower()
    try:
        with platform_context("join the affiliates"):
            found = Affiliate.objects.filter(user=user).first()
            return found or _make(actor, Affiliate(user=user, code=wanted, terms_at=now, created_at=now))
    except IntegrityError as error:
        raise Refused(
            "This was pressed twice, or the code was just taken. Try again.", code="taken"
        ) from error


def suggested_code(user: User) -> str:
    """Return a code that may please: what stands before the @ of their address."""
    words = re.sub(r"[^a-z0-9]+", "-", user.email.partition("@")[0].lower()).strip("-")
    return words[:_LONGEST_CODE] if len(words) > 2 else ""


def _make(actor: Actor, affiliate: Affiliate) -> Affiliate:
    if Affiliate.objects.filter(code=affiliate.code).exists():
        raise field_error("code", "Somebody has this code already. Choose another.", "taken")
    try:
        affiliate.full_clean()
    except ValidationError as error:
        raise ValidationError({"code": error.messages}) from error
    affiliate.save(force_insert=True)
    record_platform_event(actor=actor, verb="affiliate.joined", obj=affiliate)
    return affiliate
