"""The HTTP client that Twilio's SDK sends with.

It leads requests to TWILIO_BASE_URL when that is set, with the host that was meant as the first part of the
path (`/trunking.twilio.com/v1/Trunks`); tries again what certainly was not carried out; and turns every
failure into a `TwilioError` that holds no secret. The SDK's own client loses the error code of failed lists
and logs requests.
"""

from __future__ import annotations

import json
import logging
import os
import random
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from typing import Any
from urllib.parse import urlsplit

import httpx
from twilio.http import HttpClient
from twilio.http.response import Response

from callsphere.providers.twilio.errors import TwilioError
from callsphere.providers.twilio.gate import Gate
from callsphere.providers.twilio.problems import PROBLEMS, problem_of

ATTEMPTS = 3
"""How often one request is sent at most."""

LONGEST_WAIT = 5.0
"""Seconds that a caller waits for Twilio at most between attempts; longer waits are the caller's business."""

_HIDDEN = ("password", "token", "secret")
_ONE_RESOURCE = re.compile(r"/[A-Z]{2}[0-9a-fA-F]{32}(\.json)?$")
_A_CALL = re.compile(r"/Calls/CA[0-9a-fA-F]{32}\.json$")
_NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout)


class Transport(HttpClient):
    """Sends for one account. `base_url` replaces Twilio's own hosts, or is empty."""

    def __init__(self, *, base_url: str, timeout: float, gate: Gate) -> None:
        super().__init__(logging.getLogger(__name__), is_async=False, timeout=timeout)
        self._base_url = base_url.rstrip("/")
        self._client = _shared_client(self._base_url)
        self._gate = gate

    def request(
        self,
        method: str,
        uri: str,
        params: dict[str, object] | None = None,
        data: dict[str, object] | None = None,
        headers: dict[str, str] | None = None,
        auth: tuple[str, str] | None = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """Send a request and return the answer; raise TwilioError for every other end."""
        request = self._client.build_request(
            method,
            self._address(uri),
            params=_plain(params) or None,  # an empty mapping would take the query of a next page away
            data=_plain(data) or None,
            headers=headers,
            timeout=timeout or self.timeout,
        )
        secrets = [auth[1] if auth else "", *_secrets_in(data)]
        repeatable = _is_repeatable(request) and not _redirects(request, data)
        for attempt in range(1, ATTEMPTS + 1):
            try:
                return self._once(request, auth, secrets, repeatable=repeatable)
            except TwilioError as error:
                wait = _wait_before_next(error, attempt, repeatable=repeatable)
                if wait is None:
                    raise
                if error.status == 429:
                    self._gate.pause(wait)
                else:
                    self._gate.sleep(wait)
        raise AssertionError("the last attempt returns or raises")

    @contextmanager
    def stream(self, uri: str, auth: tuple[str, str]) -> Iterator[httpx.Response]:
        """Read what is too large to be held: yields the answer, whose parts are still to come.

        Raises TwilioError, also when the connection breaks while they are read. Redirects are not followed:
        credentials go to Twilio alone.
        """
        request = self._client.build_request("GET", self._address(uri), timeout=self.timeout)
        with self._gate.place():
            try:
                answer = self._client.send(request, auth=auth, stream=True)
            except httpx.HTTPError:
                raise _unreachable(outcome_unknown=False) from None
        try:
            if answer.status_code != 200:
                answer.read()
                raise _refused(answer, [auth[1]], repeatable=True)
            yield answer
        except httpx.HTTPError:
            raise _unreachable(outcome_unknown=False) from None
        finally:
            answer.close()

    def _once(
        self, request: httpx.Request, auth: tuple[str, str] | None, secrets: list[str], *, repeatable: bool
    ) -> Response:
        with self._gate.place():
            try:
                answer = self._client.send(request, auth=auth)
            except _NOT_SENT:
                raise _unreachable(outcome_unknown=False) from None
            except httpx.HTTPError:
                raise _unreachable(outcome_unknown=not repeatable) from None
        if answer.status_code >= 400:
            raise _refused(answer, secrets, repeatable=repeatable)
        return Response(answer.status_code, answer.text, answer.headers)

    def _address(self, uri: str) -> str:
        """Lead to the replacement, and nowhere but to Twilio: addresses of next pages come in answers."""
        parts = urlsplit(uri)
        host = parts.hostname or ""
        if parts.scheme != "https" or not host.endswith(".twilio.com") or parts.netloc != host:
            raise ValueError("Twilio named an address that is not its own")
        if not self._base_url:
            return uri
        return f"{self._base_url}/{host}{parts.path}" + (f"?{parts.query}" if parts.query else "")


@cache
def _shared_client(base_url: str) -> httpx.Client:
    """Return a client whose connections all accounts share. The environment's proxy is for Twilio alone."""
    return httpx.Client(trust_env=not base_url, follow_redirects=False)


# Connections that a parent process has opened are not its children's.
os.register_at_fork(after_in_child=_shared_client.cache_clear)


def _plain(values: Mapping[str, object] | None) -> Any:
    return {name: _text(value) for name, value in (values or {}).items() if value is not None}


def _text(value: object) -> object:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, list | tuple):
        return [_text(each) for each in value]
    return value


def _secrets_in(data: Mapping[str, object] | None) -> list[str]:
    return [
        str(value) for name, value in (data or {}).items() if any(word in name.lower() for word in _HIDDEN)
    ]


def _unreachable(*, outcome_unknown: bool) -> TwilioError:
    return TwilioError(PROBLEMS["twilio_unreachable"], outcome_unknown=outcome_unknown)


def _refused(answer: httpx.Response, secrets: list[str], *, repeatable: bool) -> TwilioError:
    body = _json_object(answer)
    code = body.get("code")
    code = code if isinstance(code, int) else 0
    status = answer.status_code
    return TwilioError(
        problem_of(code, status),
        code=code,
        status=status,
        outcome_unknown=status >= 500 and not repeatable,
        retry_after=_retry_after(answer),
        detail=_without(str(body.get("message") or ""), secrets),
    )


def _json_object(answer: httpx.Response) -> dict[str, Any]:
    try:
        found = json.loads(answer.text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}


def _retry_after(answer: httpx.Response) -> float | None:
    """Read the seconds of Retry-After; a date in it is not worth a wait."""
    text = answer.headers.get("Retry-After", "")
    return float(text) if text.isdigit() else None


def _without(text: str, secrets: list[str]) -> str:
    for secret in secrets:
        if secret:
            text = text.replace(secret, "…")
    return text


def _is_repeatable(request: httpx.Request) -> bool:
    """Whether doing it twice does what once does: reads, deletions, and settings of one resource.

    What makes a resource is not: these APIs know no idempotency keys.
    """
    return request.method in ("GET", "DELETE") or _ONE_RESOURCE.search(request.url.path) is not None


def _redirects(request: httpx.Request, data: Mapping[str, object] | None) -> bool:
    """Whether a call is sent elsewhere: sent there twice, it starts from the beginning."""
    sent = data or {}
    return _A_CALL.search(request.url.path) is not None and bool(sent.get("Twiml") or sent.get("Url"))


def _wait_before_next(error: TwilioError, attempt: int, *, repeatable: bool) -> float | None:
    """Return the seconds until the next attempt, or None to give up.

    Refused with 429 or never sent means not carried out, so that may be sent again whatever it was.
    """
    if attempt >= ATTEMPTS or not error.retryable or error.outcome_unknown:
        return None
    if 400 <= error.status < 500 and error.status != 429:
        return None  # only what it depends on can change that
    jitter = random.uniform(0.1, 0.3) * 2**attempt  # noqa: S311  # spreads load, guards nothing
    wait = jitter if error.retry_after is None else error.retry_after
    return wait if wait <= LONGEST_WAIT else None
