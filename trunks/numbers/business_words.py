"""What pages say of the business behind an account at the provider, and of what the account may do."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from callsphere.providers.twilio.problems import PROBLEMS
from tenants.models import Tenant
from trunks.enums import AccountStatus, BusinessState
from trunks.models import ProviderAccount

_LOOKS = {
    BusinessState.UNKNOWN: "unknown",
    BusinessState.NONE: "warn",
    BusinessState.DRAFT: "warn",
    BusinessState.PENDING: "pending",
    BusinessState.REJECTED: "fail",
    BusinessState.APPROVED: "active",
}
_LABELS = {
    BusinessState.UNKNOWN: "Being read",
    BusinessState.NONE: "Not verified",
    BusinessState.DRAFT: "Not handed in yet",
    BusinessState.PENDING: "In review",
    BusinessState.REJECTED: "Rejected",
    BusinessState.APPROVED: "Approved",
}
_COUNTS = {1: "one call", 2: "two calls", 3: "three calls"}


@dataclass(frozen=True, slots=True)
class Business:
    """How far the approval is, what it limits, and what ends the limit ("" for nothing to do)."""

    looks: str
    label: str
    limit: str
    meaning: str
    fix: str
    who: str
    where: str
    error: str
    read_at: datetime | None


def business_of(tenant: Tenant) -> Business | None:
    """Return what is known of the tenant's account; None while it has none. One query."""
    account = ProviderAccount.objects.filter(tenant=tenant).exclude(status=AccountStatus.CLOSED).first()
    return told_business(account) if account else None


def told_business(account: ProviderAccount) -> Business:
    """Say it in words."""
    state = BusinessState(account.business_state)
    calls = account.calls_at_once
    is_individual = state != BusinessState.APPROVED and calls == 3
    problem = PROBLEMS["call_concurrency"]
    has_limit = calls is not None
    return Business(
        looks=_LOOKS[state],
        label="Verified as an individual" if is_individual else _LABELS[state],
        limit=_limit(state, calls),
        meaning=_meaning(has_limit),
        fix=problem.fix if has_limit and state != BusinessState.PENDING else "",
        who=problem.who,
        where=problem.where,
        error=account.business_error,
        read_at=account.business_read_at,
    )


def _limit(state: BusinessState, calls: int | None) -> str:
    if state == BusinessState.UNKNOWN:
        return "not known yet"
    return "no limit" if calls is None else f"{_COUNTS.get(calls, f'{calls} calls')} at once"


def _meaning(has_limit: bool) -> str:
    if not has_limit:
        return ""
    return (
        "Accounts that were opened or upgraded since February 2026 hold two calls at once, three as an"
        " individual, until Twilio has approved the profile of the business."
    )
