"""How many requests a tenant's API keys may make."""

from typing import Any, cast

from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle

from tenants.middleware import TenantRequest


class TenantRateThrottle(SimpleRateThrottle):
    """The tenant's own limit a minute, over all its keys. While Redis is away nothing is counted."""

    scope = "tenant"
    rate = "the tenant's"  # DRF counts nothing without one; the figure is set for each request

    def __init__(self) -> None:
        self.duration = 60

    def allow_request(self, request: Request, view: Any) -> bool:
        tenant = getattr(request._request, "tenant", None)
        if tenant is None:
            return True
        self.num_requests = tenant.api_requests_per_minute
        return super().allow_request(request, view)

    def get_cache_key(self, request: Request, view: Any) -> str:
        tenant = cast(TenantRequest, request._request).tenant
        return self.cache_format % {"scope": self.scope, "ident": tenant.pk}

    def get_rate(self) -> str | None:
        return None
