"""What lines about requests tell of tenants."""

from __future__ import annotations

from typing import Any

from django.dispatch import receiver
from django.http import HttpRequest
from django_structlog.signals import bind_extra_request_finished_metadata


@receiver(bind_extra_request_finished_metadata)
def name_the_tenant(request: HttpRequest, log_kwargs: dict[str, Any], **_kwargs: object) -> None:
    """Put the tenant's id in the line of a request's end, written when its context is left already."""
    tenant = getattr(request, "tenant", None)
    if tenant is not None:
        log_kwargs["tenant_id"] = str(tenant.pk)
