"""What somebody may ask for on the spot, so many times a minute."""

from __future__ import annotations

from datetime import timedelta
from typing import ClassVar

from django.utils import timezone

from callsphere.lib.errors import Refused
from tenants.models import AuditEvent, Tenant, Versioned

_MINUTE = timedelta(minutes=1)


class AskedTooOften(Refused):
    """It was asked for too often; `retry_after_s` says in how many seconds it works again."""

    code = "asked_too_often"
    words: ClassVar[str]

    def __init__(self, retry_after_s: int) -> None:
        super().__init__(f"{self.words} Try again in {retry_after_s} seconds.")
        self.retry_after_s = retry_after_s


def check_rate(
    tenant: Tenant, row: Versioned, verb: str, per_minute: int, refusal: type[AskedTooOften]
) -> None:
    """Count in the audit log, with the row locked: no two requests both find room. Raises `refusal`."""
    now = timezone.now()
    recent = list(
        AuditEvent.objects.filter(tenant=tenant, object_id=row.pk, created_at__gt=now - _MINUTE, verb=verb)
        .order_by("-created_at")
        .values_list("created_at", flat=True)[:per_minute]
    )
    if len(recent) == per_minute:
        raise refusal(max(1, round((recent[-1] + _MINUTE - now).total_seconds())))
