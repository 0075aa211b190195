"""Reading phone numbers with what is being done to them. Call these inside a tenant's context."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from tenants.models import AuditEvent, Tenant
from trunks.enums import NumberState
from trunks.models import NumberJob, PhoneNumber
from trunks.models.numbers import OPEN_JOBS, OVER_STATES

FAILURES_SHOWN_FOR = timedelta(days=7)
"""How long a purchase that failed stands among the numbers in use, so that nobody misses it."""
LISTED_AT_ONCE = 50
EVENTS_SHOWN = 30


def phone_numbers_of(tenant: Tenant) -> QuerySet[PhoneNumber]:
    """Return a tenant's numbers, each with its trunk and with `open_jobs`: what is being done to it."""
    jobs = NumberJob.objects.filter(state__in=OPEN_JOBS)
    rows = PhoneNumber.objects.filter(tenant=tenant).select_related("trunk")
    return rows.prefetch_related(Prefetch("jobs", queryset=jobs, to_attr="open_jobs"))


def matching(numbers: QuerySet[PhoneNumber], *, search: str, over: bool) -> QuerySet[PhoneNumber]:
    """Return those in use, or with `over` those that were given up, whose digits or label hold `search`."""
    lately = Q(state=NumberState.FAILED, over_at__gt=timezone.now() - FAILURES_SHOWN_FOR)
    in_use = ~Q(state__in=OVER_STATES) | lately
    numbers = numbers.filter(state__in=OVER_STATES) if over else numbers.filter(in_use)
    if not search:
        return numbers
    wanted = Q(label__icontains=search)
    digits = "".join(each for each in search if each.isdigit())
    return numbers.filter(wanted | Q(number__contains=digits)) if digits else numbers.filter(wanted)


def events_of(number: PhoneNumber) -> list[AuditEvent]:
    """Return what was done to a number, the newest first."""
    kind = PhoneNumber._meta.model_name
    events = AuditEvent.objects.filter(tenant=number.tenant_id, object_kind=kind, object_id=number.pk)
    return list(events.order_by("-created_at", "-id")[:EVENTS_SHOWN])
