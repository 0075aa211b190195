"""The one error shape of the API: RFC 9457 problem details.

`{"type", "title", "status", "detail", "errors": [{"field", "pointer", "message", "code"}]}`; `type` ends in
the stable code that programs compare, `errors` is empty unless fields are wrong. `pointer` is the field's
place in the body as a JSON pointer (RFC 6901 §6), left out for parameters and headers.
"""

import re
from collections.abc import Iterable, Iterator
from http import HTTPStatus
from typing import Any
from urllib.parse import quote

import structlog
from django.core.exceptions import NON_FIELD_ERRORS, PermissionDenied, ValidationError
from django.db import OperationalError, transaction
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.template.loader import render_to_string
from rest_framework import exceptions
from rest_framework.response import Response

from callsphere.lib.errors import LimitReached, ReadOnly, Refused, VersionConflict

CONTENT_TYPE = "application/problem+json"
_TYPE_PREFIX = "urn:callsphere:error:"
# PostgreSQL's lock_not_available and query_canceled: a wait longer than the login's limits (roles.sql).
_TOOK_TOO_LONG = frozenset({"55P03", "57014"})
_RETRY_AFTER_S = "2"
_STEP = re.compile(r"\[(\d+)\]|([^.\[\]]+)")
log = structlog.get_logger(__name__)


Place = tuple[str | int, ...]
"""Where in a body something is wrong: names and numbers, from the outside in."""


class WrongParameter(exceptions.ValidationError):
    """A parameter or a header is wrong: nothing in the body."""


class WrongFields(exceptions.ValidationError):
    """What the serializer found wrong, and what the service behind it adds."""

    def __init__(self, detail: Any, more: ValidationError | None) -> None:
        super().__init__(detail)
        self.more = more


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
        body = _wrong_fields(_of_service(error))
    elif isinstance(error, exceptions.ValidationError):
        in_body = not isinstance(error, WrongParameter) and context["request"].method != "GET"
        body = _wrong_fields(_all_of(error), in_body=in_body)
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


def refused_read_only(request: HttpRequest, error: ReadOnly) -> HttpResponse:
    """Answer 403 with a page that says what to do: for views that have no form to say it beside."""
    transaction.set_rollback(True)
    return HttpResponse(render_to_string("read_only.html", {"reason": str(error)}, request), status=403)


def too_many_requests(wait_s: int, limit: int) -> JsonResponse:
    """Answer 429 below /api/ to a tenant whose keys made as many requests as they may in a minute."""
    detail = f"Your API keys made {limit} requests within a minute, which is your limit. Wait {wait_s} s."
    headers = {"Retry-After": str(wait_s)}
    return JsonResponse(
        problem(429, "throttled", detail), status=429, content_type=CONTENT_TYPE, headers=headers
    )


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
    is_forbidden = isinstance(error, LimitReached | ReadOnly)
    return problem(403 if is_forbidden else 409, error.code, str(error))


def _wrong_fields(found: Iterable[tuple[Place, str, str]], *, in_body: bool = True) -> dict[str, Any]:
    errors = []
    for place, message, code in found:
        where = {"field": _path(place), "pointer": _pointer(place)} if in_body else {"field": _path(place)}
        errors.append({**where, "message": message, "code": code})
    return problem(400, "invalid", "Some fields are wrong.", errors)


def _all_of(error: exceptions.ValidationError) -> Iterator[tuple[Place, str, str]]:
    """Yield what the serializer found, and what the service found wrong with the fields beside those."""
    told = list(_of_serializer(error.detail))
    yield from told
    more = error.more if isinstance(error, WrongFields) else None
    if more is not None:
        wrong = [place for place, _message, _code in told]
        yield from (
            each for each in _of_service(more) if not any(place[: len(each[0])] == each[0] for place in wrong)
        )


def _of_service(error: ValidationError) -> Iterator[tuple[Place, str, str]]:
    by_field = error.error_dict if hasattr(error, "error_dict") else {NON_FIELD_ERRORS: error.error_list}
    for field, errors in by_field.items():
        place = () if field == NON_FIELD_ERRORS else _place(field)
        for each in errors:
            for message in each.messages:
                yield place, message, each.code or "invalid"


def _of_serializer(detail: Any, place: Place = ()) -> Iterator[tuple[Place, str, str]]:
    if isinstance(detail, dict):
        for name, value in detail.items():
            yield from _of_serializer(value, place if name == "non_field_errors" else (*place, name))
    elif isinstance(detail, list):
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            yield from _of_serializer(value, (*place, index) if nested else place)
    else:
        yield place, str(detail), getattr(detail, "code", "invalid")


def _place(path: str) -> Place:
    """Read a service's path, such as `gateways[1].uri`."""
    return tuple(int(number) if number else name for number, name in _STEP.findall(path))


def _path(place: Place) -> str:
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in place)
    return "".join(steps).removeprefix(".")


def _pointer(place: Place) -> str:
    # RFC 6901 §3: "~" and "/" in names are written ~0 and ~1; §6: a fragment is percent-encoded.
    steps = (str(step).replace("~", "~0").replace("/", "~1") for step in place)
    return "#" + "".join(f"/{quote(step, safe='~')}" for step in steps)


def _code(error: exceptions.APIException) -> str:
    codes = error.get_codes()
    return codes if isinstance(codes, str) else error.default_code


def _headers(error: Exception) -> dict[str, str]:
    headers = {}
    if isinstance(error, VersionConflict):
        headers["ETag"] = f'"{error.current_version}"'
    challenge, wait = getattr(error, "auth_header", None), getattr(error, "wait", None)
    if challenge:
        headers["WWW-Authenticate"] = challenge
    if wait:
        headers["Retry-After"] = str(int(wait))
    if took_too_long(error):
        headers["Retry-After"] = _RETRY_AFTER_S
    return headers
