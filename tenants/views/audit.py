"""The audit log as a page: newest first, narrowed by who, about what and when."""

from __future__ import annotations

import base64
import binascii
import uuid
from datetime import datetime
from typing import Any

from django.db.models import Q, QuerySet
from django.http import QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from tenants.access import Capability
from tenants.audit_lines import kind_choices, lines_of
from tenants.forms import AuditFilterForm
from tenants.mixins import TenantViewMixin
from tenants.models import AuditEvent
from tenants.queries import audit_events_of, members_of
from tenants.time_zones import first_moment, moment_after

PAGE_SIZE = 50
_FILTERS = ("actor", "kind", "since", "until")


class AuditLog(TenantViewMixin):
    """One page of events. Pages are found by the event they start after, so that they do not shift."""

    capability = Capability.AUDIT_READ

    def get(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        form = AuditFilterForm(request.GET, kinds=kind_choices())
        is_valid = form.is_valid()
        events = narrowed(audit_events_of(self.tenant), form.cleaned_data)
        shown, older, newer = page_of(events, request.GET)
        context = {
            "form": form,
            "lines": lines_of(self.tenant, shown),
            "older_url": _page_url(request.GET, "before", older),
            "newer_url": _page_url(request.GET, "after", newer),
            "is_narrowed": any(request.GET.get(name) for name in _FILTERS),
            "people": [member.user.email for member in members_of(self.tenant)],
        }
        return render(request, "tenants/audit.html", context, status=200 if is_valid else 400)


def narrowed(events: QuerySet[AuditEvent], wanted: dict[str, Any]) -> QuerySet[AuditEvent]:
    """Return the events that a filter form asks for; days are those of the page's time zone."""
    zone = timezone.get_current_timezone()
    if wanted.get("actor"):
        events = events.filter(actor_label__icontains=wanted["actor"])
    if wanted.get("kind"):
        events = events.filter(object_kind=wanted["kind"])
    if wanted.get("since"):
        events = events.filter(created_at__gte=first_moment(wanted["since"], zone))
    if wanted.get("until"):
        events = events.filter(created_at__lt=moment_after(wanted["until"], zone))
    return events


def page_of(
    events: QuerySet[AuditEvent], query: QueryDict
) -> tuple[list[AuditEvent], AuditEvent | None, AuditEvent | None]:
    """Return a page of events, newest first, and the events beside which older and newer pages start."""
    after = _read_cursor(query.get("after", ""))
    if after is not None:
        moment, pk = after
        later = Q(created_at__gt=moment) | Q(created_at=moment, pk__gt=pk)
        rows = list(
            events.filter(later, created_at__gte=moment).order_by("created_at", "id")[: PAGE_SIZE + 1]
        )
        shown = rows[:PAGE_SIZE][::-1]
        if not shown:
            return [], None, None
        return shown, shown[-1], shown[0] if len(rows) > PAGE_SIZE else None
    before = _read_cursor(query.get("before", ""))
    if before is not None:
        moment, pk = before
        earlier = Q(created_at__lt=moment) | Q(created_at=moment, pk__lt=pk)
        # Said twice, so that the index finds the place.
        events = events.filter(earlier, created_at__lte=moment)
    rows = list(events[: PAGE_SIZE + 1])
    shown = rows[:PAGE_SIZE]
    older = shown[-1] if len(rows) > PAGE_SIZE else None
    newer = shown[0] if shown and before is not None else None
    return shown, older, newer


def _page_url(query: QueryDict, name: str, event: AuditEvent | None) -> str:
    if event is None:
        return ""
    wanted = query.copy()
    for each in ("before", "after"):
        wanted.pop(each, None)
    wanted[name] = _write_cursor(event)
    return f"?{wanted.urlencode()}"


def _write_cursor(event: AuditEvent) -> str:
    text = f"{event.created_at.isoformat()} {event.pk}"
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def _read_cursor(text: str) -> tuple[datetime, uuid.UUID] | None:
    """Return the place that a cursor names; None for none, or for one that was tampered with."""
    try:
        moment, _, pk = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)).decode().partition(" ")
        at = datetime.fromisoformat(moment)
        return (at, uuid.UUID(pk)) if at.tzinfo else None
    except (ValueError, binascii.Error):
        return None
