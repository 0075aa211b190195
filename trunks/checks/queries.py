"""Reading readiness checks. Call these inside a context."""

from __future__ import annotations

from django.db.models import QuerySet

from tenants.models import Tenant
from trunks.enums import CheckState, PlacedCallState
from trunks.models import PlacedCall, ReadinessCheck, Trunk


def checks_of(tenant: Tenant) -> QuerySet[ReadinessCheck]:
    """Return a tenant's checks, the newest first."""
    return ReadinessCheck.objects.filter(tenant=tenant)


def latest_checks(trunk: Trunk, limit: int) -> list[ReadinessCheck]:
    """Return a trunk's newest checks without their messages."""
    return list(ReadinessCheck.objects.filter(trunk=trunk).defer("steps", "trace")[:limit])


def check_before(check: ReadinessCheck) -> ReadinessCheck | None:
    """Return the finished check of the same trunk before this one, without its messages."""
    earlier = ReadinessCheck.objects.filter(
        trunk=check.trunk_id, state=CheckState.FINISHED, created_at__lt=check.created_at
    )
    return earlier.defer("trace").first()


def has_call_open(trunk: Trunk) -> bool:
    """Whether a call that a check placed over this trunk is not known to be over."""
    calls = PlacedCall.objects.filter(tenant=trunk.tenant_id, readiness_check__trunk=trunk)
    return calls.exclude(state=PlacedCallState.ENDED).exists()
