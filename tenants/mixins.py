"""The base of every page inside a tenant."""

from typing import Any, ClassVar

from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import ImproperlyConfigured, PermissionDenied
from django.http import HttpResponse
from django.http.response import HttpResponseBase
from django.views.generic.base import View

from tenants.access import Capability
from tenants.audit import Actor
from tenants.middleware import TenantRequest
from tenants.models import Tenant


class TenantViewMixin(View):
    """A view below /t/<slug>/ that names the capability it needs.

    Signed out people are sent to sign in. A tenant that is not theirs was answered 404 by the middleware.
    A member without the capability gets 403: the page exists, and they know their tenant.
    """

    capability: ClassVar[Capability | None] = None
    # What it takes to send the page's form, when that is more than to see it.
    write_capability: ClassVar[Capability | None] = None
    request: TenantRequest

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if self.capability is None:
            raise ImproperlyConfigured(f"{type(self).__name__} names no capability")
        if not request.user.is_authenticated and getattr(request, "htmx", False):
            # A redirect would put the sign-in page into the middle of this one.
            return HttpResponse(status=401)
        if not request.user.is_authenticated:
            return redirect_to_login(request.get_full_path())
        is_read = request.method in ("GET", "HEAD", "OPTIONS")
        wanted = self.capability if is_read else self.write_capability or self.capability
        if wanted not in request.capabilities:
            raise PermissionDenied
        return super().dispatch(request, *args, **kwargs)

    @property
    def tenant(self) -> Tenant:
        return self.request.tenant

    @property
    def actor(self) -> Actor:
        return self.request.actor
