"""How the audit log speaks of incidents, and where it leads."""

import uuid

from django.urls import reverse

from callsphere.alerts.models import Incident
from tenants.audit_lines import Kind, add_kind
from tenants.models import Tenant


def add_kinds() -> None:
    """Teach the log every kind of object that this app's services change."""
    add_kind(Kind(Incident, "incident", "incidents", _find_incidents))


def _find_incidents(tenant: Tenant, ids: set[uuid.UUID]) -> dict[uuid.UUID, str]:
    rows = Incident.objects.filter(tenant=tenant, pk__in=ids).values_list("pk", flat=True)
    return {pk: incident_url(tenant, pk) for pk in rows}


def incident_url(tenant: Tenant, pk: uuid.UUID) -> str:
    """Return the page of an incident."""
    return reverse("alerts:detail", kwargs={"tenant": tenant.slug, "incident_id": pk})
