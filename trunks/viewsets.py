"""What the API of all that belongs to a trunk stands on."""

from typing import Any, Protocol, TypeVar

from rest_framework.exceptions import APIException
from rest_framework.generics import get_object_or_404
from rest_framework.request import Request
from rest_framework.response import Response

from tenants.access import Capability
from tenants.models import TenantOwned
from tenants.pagination import CursorPagination
from tenants.resources import ResourceViewSet
from trunks.models import Trunk

P = TypeVar("P", bound=TenantOwned)


class AskedTooOften(Protocol):
    """A refusal of a service that says in how many seconds it works again."""

    code: str
    retry_after_s: int


class TooOften(APIException):
    """Something was asked for too often: 429 with the refusal's code and Retry-After."""

    status_code = 429

    def __init__(self, refusal: AskedTooOften) -> None:
        super().__init__(str(refusal), code=refusal.code)
        self.wait = refusal.retry_after_s


class OfTrunk(ResourceViewSet[P]):
    """Something below /trunks/{trunk_id}/: 404 for a trunk that is not the tenant's."""

    read_capability = Capability.TRUNKS_READ
    write_capability = Capability.TRUNKS_WRITE

    def trunk(self) -> Trunk:
        """Return the trunk that the address names."""
        return get_object_or_404(Trunk, tenant=self.tenant, pk=self.kwargs["trunk_id"])

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        self.trunk()
        return super().list(request, *args, **kwargs)


class NewestChangeFirst(CursorPagination):
    """By the moment of the change."""

    ordering = ("-at", "-id")
