"""The base of every viewset: tenant, capability, idempotency and versions, the same everywhere."""

from typing import Any, ClassVar, Generic, TypeVar, cast

from django.db.models import Model
from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from tenants import idempotency
from tenants.access import Capability
from tenants.audit import Actor
from tenants.middleware import TenantRequest
from tenants.models import IdempotentRequest, Tenant

M = TypeVar("M", bound=Model)
# In digits: no version comes near, and Python refuses to read thousands.
_LONGEST_VERSION = 18


class VersionRequired(APIException):
    """A change must say which version it was made from."""

    status_code = 428
    default_code = "if_match_required"
    default_detail = (
        "Send If-Match with the ETag of the version that you are changing, so that no update is lost."
    )


class TenantViewSet(GenericViewSet[M], Generic[M]):
    """A viewset whose rows belong to the API key's tenant.

    Subclasses set the capabilities and `serializer_class`; they call services for every change.
    """

    read_capability: ClassVar[Capability | None] = None
    write_capability: ClassVar[Capability | None] = None
    _idempotent: IdempotentRequest | None = None

    @property
    def tenant(self) -> Tenant:
        return cast(TenantRequest, self.request._request).tenant

    @property
    def actor(self) -> Actor:
        return cast(TenantRequest, self.request._request).actor

    def dispatch(self, request: Any, *args: Any, **kwargs: Any) -> Any:
        """DRF's own dispatch, with the idempotency key claimed after the checks and before the handler."""
        self._idempotent = None
        return super().dispatch(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        self._idempotent, earlier = idempotency.begin(request, self.tenant)
        if earlier is not None:
            raise _Replayed(earlier)

    def handle_exception(self, exc: Exception) -> Response:
        if isinstance(exc, _Replayed):
            return exc.response
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        if self._idempotent is not None:
            idempotency.finish(self._idempotent, response)
            self._idempotent = None
        return super().finalize_response(request, response, *args, **kwargs)

    def expected_version(self) -> int:
        """Return the version that the caller's If-Match names. Raises VersionRequired without one."""
        header = self.request.headers.get("If-Match", "").strip().removeprefix("W/").strip('"')
        if not (header.isascii() and header.isdigit() and len(header) <= _LONGEST_VERSION):
            raise VersionRequired
        return int(header)


class _Replayed(Exception):
    """Carries the earlier answer past the handler."""

    def __init__(self, response: Response) -> None:
        super().__init__("answered before")
        self.response = response


def etag(version: int) -> dict[str, str]:
    """Return the header that names an object's version."""
    return {"ETag": f'"{version}"'}
