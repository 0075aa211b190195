"""What all resources of the API share: strict requests, ETags, cursors, edits that name a version."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from typing import Any, ClassVar, Generic, NoReturn, TypeVar, cast

import structlog
from django.core.exceptions import ValidationError as DjangoValidationError
from django.core.signals import got_request_exception
from django.db import transaction
from django.db.models import Model, QuerySet
from rest_framework import status
from rest_framework.exceptions import (
    APIException,
    NotAuthenticated,
    NotFound,
    PermissionDenied,
)
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.viewsets import GenericViewSet

from callsphere.lib.errors import Refused
from tenants.errors import CONTENT_TYPE, WrongFields, WrongParameter, problem
from tenants.parsers import MOST_BYTES, StrictJSONParser
from tenants.viewsets import TenantViewSet, etag

M = TypeVar("M", bound=Model)
# 200 and 201 hold the object that the address names.
_WITH_OBJECT = (status.HTTP_200_OK, status.HTTP_201_CREATED)
log = structlog.get_logger(__name__)


class BodyTooLarge(APIException):
    """The body is longer than any request of ours."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE
    default_code = "body_too_large"

    def __init__(self, most_bytes: int) -> None:
        super().__init__(f"Send at most {most_bytes // 1024} KB.")


class StrictViewSet(GenericViewSet[M], Generic[M]):
    """What is read by GET, whoever it belongs to: answers, errors and lists as everywhere in the API.

    Parameters and fields that the API does not know are refused: they are somebody's typing error.
    """

    model: ClassVar[type[Model]]
    # How summaries call it: one and many.
    noun: ClassVar[tuple[str, str]]
    # What is said to whoever sends no key.
    asks_for_key: ClassVar[str] = "Send an API key, as in: Authorization: Bearer cs_live_…"
    # Whether the address that makes one is also the address of the one there is.
    is_singleton: ClassVar[bool] = False
    parser_classes = [StrictJSONParser]
    most_bytes: ClassVar[int] = MOST_BYTES
    # No OPTIONS: the OpenAPI document describes the same, and better.
    http_method_names = ["get", "head", "post", "put", "patch", "delete"]
    lookup_value_converter = "uuid"

    def rows(self) -> QuerySet[M]:
        """Return the rows that the key may see, with everything selected that serialising them needs."""
        raise AssertionError(f"{type(self).__name__} must define rows()")

    def get_queryset(self) -> QuerySet[M]:
        if getattr(self, "swagger_fake_view", False):
            return cast(QuerySet[M], self.model._default_manager.none())
        return self.rows()

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        if int(request.META.get("CONTENT_LENGTH") or 0) > self.most_bytes:
            raise BodyTooLarge(self.most_bytes)
        super().initial(request, *args, **kwargs)
        self._check_parameters(request)

    def permission_denied(
        self, request: Request, message: str | None = None, code: str | None = None
    ) -> NoReturn:
        if not request.successful_authenticator:
            raise NotAuthenticated(self.asks_for_key)
        raise PermissionDenied(message, code)

    def paginate_queryset(self, queryset: Any) -> Any:
        try:
            return super().paginate_queryset(queryset)
        except (NotFound, DjangoValidationError):
            raise WrongParameter(
                {"cursor": "Take the cursor from `next` or `previous` of an answer."}
            ) from None

    def handle_exception(self, exc: Exception) -> Response:
        try:
            return super().handle_exception(exc)
        except Exception as error:
            # Whatever it is, the caller gets our error shape.
            log.exception("api_error", error=type(error).__name__)
            got_request_exception.send(sender=type(self), request=self.request._request)
            body = problem(500, "internal_error", "Something went wrong on our side. Try again.")
            return Response(body, status=500, content_type=CONTENT_TYPE)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        data = getattr(response, "data", None)
        if response.status_code in _WITH_OBJECT and isinstance(data, dict) and "results" not in data:
            for name, value in _object_headers(data).items():
                response.headers.setdefault(name, value)
            if response.status_code == status.HTTP_201_CREATED:
                own = "" if self.is_singleton else f"{data['id']}/"
                response.headers["Location"] = request.build_absolute_uri(f"{request.path}{own}")
        return response

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one page."""
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Answer with one object."""
        return Response(self.get_serializer(self.get_object()).data)

    def known_parameters(self) -> tuple[str, ...]:
        """Return the parameters that the action takes."""
        if getattr(self, "action", None) != "list":
            return ()
        filters = getattr(self, "filterset_class", None)
        return ("cursor", "page_size", *(filters.base_filters if filters else ()))

    def _check_parameters(self, request: Request) -> None:
        known = self.known_parameters()
        if "page_size" in known:
            _check_page_size(request.query_params.get("page_size", "1"))
        unknown = [name for name in request.query_params if name not in known]
        if unknown:
            takes = f"Known here: {', '.join(known)}." if known else "None is known here."
            raise WrongParameter(dict.fromkeys(unknown, f"Unknown parameter. {takes}"))


class ResourceViewSet(StrictViewSet[M], TenantViewSet[M]):
    """A resource of one tenant, read by GET."""


class EditableViewSet(ResourceViewSet[M]):
    """A versioned resource: made by POST; changed and deleted with If-Match.

    Subclasses call their services in `add`, `change` and `remove`.
    """

    def add(self, data: dict[str, Any]) -> M:
        """Make an object of checked fields."""
        raise AssertionError(f"{type(self).__name__} must define add()")

    def change(self, row: M, version: int, data: dict[str, Any]) -> M:
        """Change an object that is still of this version."""
        raise AssertionError(f"{type(self).__name__} must define change()")

    def remove(self, row: M, version: int) -> None:
        """Delete an object that is still of this version."""
        raise AssertionError(f"{type(self).__name__} must define remove()")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Make one."""
        data = _checked(self.get_serializer(data=request.data), self.add)
        return self._answer(self.add(data), status.HTTP_201_CREATED)

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Replace one."""
        return self._edit(partial=False)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Change some fields of one."""
        return self._edit(partial=True)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        """Delete one."""
        row = self.get_object()
        self.remove(row, self.expected_version())
        return Response(status=status.HTTP_204_NO_CONTENT)

    def as_answered(self, row: M) -> M:
        """Return what a changed row's answer shows: by default the row as `rows()` has it."""
        return self.rows().get(pk=row.pk)

    def _edit(self, *, partial: bool) -> Response:
        row = self.get_object()
        version = self.expected_version()
        serializer = self.get_serializer(row, data=self.request.data, partial=partial)
        data = _checked(serializer, lambda usable: self.change(row, version, usable))
        return self._answer(self.change(row, version, data), status.HTTP_200_OK)

    def _answer(self, row: M, code: int) -> Response:
        return Response(self.get_serializer(self.as_answered(row)).data, status=code)


def _checked(serializer: Any, do: Callable[[dict[str, Any]], Any]) -> dict[str, Any]:
    """Return the fields of a request, ready to be done. Raises WrongFields with everything that is wrong."""
    if serializer.is_valid():
        return cast(dict[str, Any], serializer.validated_data)
    raise WrongFields(serializer.errors, _what_else_is_wrong(serializer, do))


def _what_else_is_wrong(serializer: Any, do: Callable[[dict[str, Any]], Any]) -> DjangoValidationError | None:
    """Do what is usable of a request that is refused anyway, see what the rules behind say, and undo it."""
    usable = getattr(serializer, "usable", None)
    if usable is None or _lacks_something(serializer, usable):
        return None
    try:
        with transaction.atomic():
            do(usable)
            transaction.set_rollback(True)
    except DjangoValidationError as error:
        return error
    except Refused:
        pass  # it may not be done at all, or not now: told when the fields are right
    return None


def _lacks_something(serializer: Any, usable: dict[str, Any]) -> bool:
    """Whether a field is missing that nothing can stand in for, such as another object's id."""
    needed = (name for name, field in serializer.fields.items() if field.required and not field.read_only)
    return not serializer.partial and any(name not in usable for name in needed)


def _check_page_size(text: str) -> None:
    if not (text.isascii() and text.isdigit() and 1 <= int(text[:9]) <= 200):
        raise WrongParameter({"page_size": "Write a number from 1 to 200."})


def _object_headers(data: dict[str, Any]) -> dict[str, str]:
    if "version" in data:
        return etag(data["version"])
    # Nothing that anybody edits: the tag tells whether it looks the same as before (RFC 9110 §8.8.1, weak).
    digest = hashlib.sha256(json.dumps(data, default=str, sort_keys=True).encode()).hexdigest()[:32]
    return {"ETag": f'W/"{digest}"'}
