"""Reads how far the provider's approval is of the business behind an account, and what it limits."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import structlog

from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.trust import (
    APPROVED,
    DRAFT,
    IN_REVIEW,
    PENDING,
    REJECTED,
    Profile,
    read_trust_state,
)
from tenants.context import platform_context, tenant_context
from tenants.models import Tenant
from trunks.enums import AccountStatus, BusinessState
from trunks.models import ProviderAccount
from trunks.models.numbers import LONGEST_ERROR
from trunks.numbers.accounts import AccountMissing, Clock, open_account
from trunks.numbers.jobs import LEASE

log = structlog.get_logger(__name__)
EVERY = timedelta(days=1)
EVERY_IN_REVIEW = timedelta(hours=1)
AGAIN = timedelta(minutes=15)
"""After how long it is read again when that failed."""
_STATES = {
    DRAFT: BusinessState.DRAFT,
    PENDING: BusinessState.PENDING,
    IN_REVIEW: BusinessState.PENDING,
    REJECTED: BusinessState.REJECTED,
    APPROVED: BusinessState.APPROVED,
}


def read_one_business(clock: Clock) -> bool:
    """Read of the account that is due first; return whether there was one."""
    row = _claim(clock())
    if row is None:
        return False
    tenant = Tenant(pk=row.tenant_id)
    try:
        with tenant_context(tenant):
            account = open_account(tenant)
        state = read_trust_state(account)
    except (TwilioError, AccountMissing) as error:
        log.warning("business_profile_not_read", tenant_id=str(tenant.pk), detail=str(error))
        found: dict[str, Any] = {"business_due_at": clock() + AGAIN}
    except Exception:
        log.exception("business_profile_broke", tenant_id=str(tenant.pk))
        found = {"business_due_at": clock() + AGAIN}
    else:
        found = _found(state.business, state.calls_at_once, clock())
    with tenant_context(tenant):
        # whoever was lent it meanwhile, or closed the account, has changed when it is due
        mine = ProviderAccount.objects.filter(pk=row.pk, business_due_at=row.business_due_at)
        mine.update(**found)
    return True


def _claim(now: datetime) -> ProviderAccount | None:
    with platform_context("claim a business profile to read"):
        rows = ProviderAccount.objects.select_for_update(skip_locked=True).exclude(key_sid="")
        ready = rows.filter(status=AccountStatus.ACTIVE, wanted=AccountStatus.ACTIVE)
        row = ready.filter(business_due_at__lte=now).order_by("business_due_at").first()
        if row is not None:
            row.business_due_at = now + LEASE
            row.save(update_fields=["business_due_at"])
    return row


def _found(profile: Profile | None, calls_at_once: int | None, now: datetime) -> dict[str, Any]:
    state = _STATES.get(profile.status, BusinessState.PENDING) if profile else BusinessState.NONE
    every = EVERY_IN_REVIEW if state == BusinessState.PENDING else EVERY
    return {
        "business_state": state,
        "business_error": " ".join(profile.errors)[:LONGEST_ERROR] if profile else "",
        "calls_at_once": calls_at_once,
        "business_read_at": now,
        "business_due_at": now + every,
    }
