"""How many requests a tenant's API keys may make."""

from math import ceil

from django.http import HttpRequest
from rest_framework.request import Request
from rest_framework.throttling import SimpleRateThrottle
from rest_framework.views import APIView

from tenants.models import Tenant


class TenantRateThrottle(SimpleRateThrottle):
    """The tenant's own limit a minute, over all its keys. While Redis is away nothing is counted."""

    scope = "tenant"
    rate = "the tenant's"  # DRF counts nothing without one; the figure is the tenant's

    def __init__(self, tenant: Tenant) -> None:
        self.tenant = tenant
        self.num_requests = tenant.api_requests_per_minute
        self.duration = 60

    def get_cache_key(self, request: object, view: object) -> str:
        return self.cache_format % {"scope": self.scope, "ident": self.tenant.pk}


def seconds_to_wait(request: HttpRequest, tenant: Tenant) -> int | None:
    """Count a request of the tenant's; return None when it may go on, else how long to wait.

    Asks Redis: call it while no transaction is open.
    """
    throttle = TenantRateThrottle(tenant)
    if throttle.allow_request(Request(request), APIView()):
        return None
    return ceil(throttle.wait() or throttle.duration)
