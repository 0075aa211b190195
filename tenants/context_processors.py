"""What the shell of every page needs."""

from typing import Any, cast

from django.conf import settings
from django.http import HttpRequest

from tenants.middleware import TenantRequest
from tenants.navigation import navigation
from tenants.queries import memberships_of
from tenants.support import visit_ends_at


def shell(request: HttpRequest) -> dict[str, Any]:
    """Return the tenant, the memberships to switch to and the navigation. Queries run only when rendered."""
    context: dict[str, Any] = {
        "sandbox": settings.SANDBOX,
        "support_email": settings.SUPPORT_EMAIL,
        "mail_folder": "" if settings.EMAIL_URL else settings.EMAIL_FILE_PATH,
        "source_addresses": settings.SIP_SOURCE_ADDRESSES,
    }
    if getattr(request, "tenant", None) is not None and hasattr(request, "membership"):
        context |= _inside(cast(TenantRequest, request))
    return context


def _inside(request: TenantRequest) -> dict[str, Any]:
    context: dict[str, Any] = {
        "tenant": request.tenant,
        "membership": request.membership,
        "capabilities": request.capabilities,
        "memberships": memberships_of(request.membership.user),
        "nav": navigation(request),
        "is_support_visit": request.is_support_visit,
    }
    if request.is_support_visit:
        context["support_visit_ends_at"] = visit_ends_at(request)
    return context
