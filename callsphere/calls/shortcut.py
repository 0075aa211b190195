"""What the provider tells of calls takes the short way: past sessions, people, forms and pages."""

from __future__ import annotations

import uuid
from collections.abc import Callable

import structlog
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import Resolver404, resolve

_PREFIX = "/voice"
_URLS = "callsphere.calls.urls"


class VoiceShortcut:
    """Answers what is below /voice/ itself, after what guards every request and before what serves people.

    A signature proves these requests; nothing else of a request counts. Hosts are checked and lines of the
    log carry an id as everywhere. An address that is not there goes the long way to the page that says so.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith(f"{_PREFIX}/"):
            return self.get_response(request)
        try:
            match = resolve(request.path_info.removeprefix(_PREFIX), _URLS)
        except Resolver404:
            return self.get_response(request)
        request.get_host()  # raises DisallowedHost
        request.resolver_match = match
        with structlog.contextvars.bound_contextvars(request_id=str(uuid.uuid4())):
            answer: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        return answer
