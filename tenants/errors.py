"""The one error shape of the API: RFC 9457 problem details.

`{"type", "title", "status", "detail", "errors": [{"field", "message", "code"}]}`; `type` ends in the
stable code that programs compare, `errors` is empty unless fields are wrong.
"""

from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import structlog
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import OperationalError
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.response import Response

from callsphere.lib.errors import LimitReached, Refused, VersionConflict

CONTENT_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:callsphere:error:"
# PostgreSQL's lock_not_available and query_canceled: a wait longer than the login's limits (roles.sql).
_TOOK_TOO_LONG = frozenset({"55P03", "57014"})
_RETRY_AFTER_S = "2"
log = structlog.get_logger(__name__)


def problem(
    status: int, code: str, detail: str, errors: list[dict[str, str]] | None = None, **extra: Any
) -> dict[str, Any]:
    """Return the body of an error answer."""
    return {
        "type": _TYPE_PREFIX + code,
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "errors": errors or [],
        **extra,
    }


def exception_handler(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn what services and DRF raise into problem details; None for what is a fault of ours (500)."""
    if isinstance(error, Refused):
        body = _refusal(error)
    elif isinstance(error, ValidationError):
        body = problem(400, "invalid", "Some fields are wrong.", list(_django_errors(error)))
    elif isinstance(error, exceptions.ValidationError):
        body = problem(400, "invalid", "Some fields are wrong.", list(_drf_errors(error.detail)))
    elif isinstance(error, Http404 | exceptions.NotFound):
        body = problem(404, "not_found", "There is no such object.")
    elif isinstance(error, PermissionDenied):
        body = problem(403, "permission_denied", "This is not allowed.")
    elif took_too_long(error):
        body = _busy(error)
    elif isinstance(error, exceptions.APIException):
        body = problem(error.status_code, _code(error), str(error.detail))
    else:
        return None
    response = Response(body, status=body["status"], content_type=CONTENT_TYPE)
    for name, value in _headers(error).items():
        response[name] = value
    return response


def not_found(request: HttpRequest, exception: Exception | None = None) -> JsonResponse:
    """Answer for an address below /api/ that does not exist."""
    return JsonResponse(
        problem(404, "not_found", "There is no such address."), status=404, content_type=CONTENT_TYPE
    )


def took_too_long(error: BaseException) -> bool:
    """Tell whether the database ended a statement because it, or its wait for a lock, lasted too long."""
    return (
        isinstance(error, OperationalError) and getattr(error.__cause__, "sqlstate", None) in _TOOK_TOO_LONG
    )


def busy(request: HttpRequest, error: BaseException) -> HttpResponse:
    """Answer 503 when the database took too long: a problem below /api/, a page elsewhere."""
    body = _busy(error)
    headers = {"Retry-After": _RETRY_AFTER_S}
    if request.path_info.startswith("/api/"):
        return JsonResponse(body, status=503, content_type=CONTENT_TYPE, headers=headers)
    return HttpResponse(render_to_string("503.html"), status=503, headers=headers)


def _busy(error: BaseException) -> dict[str, Any]:
    log.warning("database_took_too_long", sqlstate=getattr(error.__cause__, "sqlstate", None))
    return problem(503, "busy", "This took too long, and nothing was stored. Try again in a few seconds.")


def _refusal(error: Refused) -> dict[str, Any]:
    if isinstance(error, VersionConflict):
        return problem(
            412,
            error.code,
            str(error),
            current_version=error.current_version,
            yours=dict(error.yours),
            theirs=dict(error.theirs),
        )
    return problem(403 if isinstance(error, LimitReached) else 409, error.code, str(error))


def _django_errors(error: ValidationError) -> Iterator[dict[str, str]]:
    if hasattr(error, "error_dict"):
        for field, errors in error.error_dict.items():
            for each in errors:
                for message in each.messages:
                    name = "" if field == "__all__" else field
                    yield {"field": name, "message": message, "code": each.code or "invalid"}
    else:
        for each in error.error_list:
            for message in each.messages:
                yield {"field": "", "message": message, "code": each.code or "invalid"}


def _drf_errors(detail: Any, path: str = "") -> Iterator[dict[str, str]]:
    if isinstance(detail, dict):
        for name, value in detail.items():
            if isinstance(name, int):  # a place in a list
                inner = f"{path}[{name}]"
            else:
                inner = path if name == "non_field_errors" else f"{path}.{name}" if path else str(name)
            yield from _drf_errors(value, inner)
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _drf_errors(value, f"{path}[{index}]" if nested else path)
    else:
        yield {"field": path, "message": str(detail), "code": getattr(detail, "code", "invalid")}


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if isinstance(error, VersionConflict):
        headers["ETag"] = f'"{error.current_version}"'
    if getattr(error, "auth_header", None):
        headers["WWW-Authenticate"] = error.auth_header  # type: ignore[attr-defined]
    if getattr(error, "wait", None):
        headers["Retry-After"] = str(int(error.wait))  # type: ignore[attr-defined]
    if took_too_long(error):
        headers["Retry-After"] = _RETRY_AFTER_S
    return headers
