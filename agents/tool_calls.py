"""Calling a tool: one signed POST over the guarded transport, repeated only where that does no harm.

No database here, and no transaction may be open: the endpoint may take as long as its time limit.
"""

from __future__ import annotations

import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx
from standardwebhooks import Webhook

from agents.enums import Outcome
from agents.parameters import mistakes_in
from callsphere.lib.guarded_http import ResponseTooLargeError, guarded_client, read_capped
from callsphere.lib.netguard import AddressPolicy, AddressRefused

MOST_TRIES = 3
PAUSE_S = 0.2
"""Before the second try, in seconds; before the third twice as long."""
_WORTH_REPEATING = frozenset({429, 502, 503, 504})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where a tool is called and how. `headers` and `signing_secret` are in clear: keep them nowhere."""

    name: str
    url: str
    parameters: dict[str, Any]
    timeout_s: float
    is_idempotent: bool
    signing_secret: str = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True)
class Result:
    """What became of it. `answer` is for the agent, who may tell the caller: keep it only masked."""

    outcome: Outcome
    detail: str = ""
    status: int | None = None
    answer: Any = field(default=None, repr=False)
    tries: int = 0
    duration_ms: int = 0


def call_tool(endpoint: Endpoint, arguments: Any, *, reference: str, policy: AddressPolicy) -> Result:
    """Check the arguments, and ask the endpoint. Never raises for what others do wrong.

    The time limit bounds all tries together: a caller waits for the answer. `reference` names the call.
    """
    started = time.monotonic()
    mistakes = mistakes_in(arguments, endpoint.parameters)
    if mistakes:
        return Result(Outcome.WRONG_ARGUMENTS, " ".join(mistakes))
    body = json.dumps(
        {"type": "tool.call", "tool": endpoint.name, "call": reference, "arguments": arguments},
        ensure_ascii=False,
        separators=(",", ":"),
    ).encode(errors="replace")  # half a character cannot be sent
    message_id = f"msg_{secrets.token_hex(16)}"
    tries = 0
    while True:
        tries += 1
        result = _try(endpoint, body, message_id, policy, _left(endpoint, started))
        pause_s = PAUSE_S * 2 ** (tries - 1)
        again = endpoint.is_idempotent and _may_pass(result) and tries < MOST_TRIES
        if not again or _left(endpoint, started) <= pause_s:
            break
        time.sleep(pause_s)
    took = int((time.monotonic() - started) * 1000)
    return Result(result.outcome, result.detail, result.status, result.answer, tries, took)


def signed_headers(signing_secret: str, message_id: str, body: bytes, now: datetime) -> dict[str, str]:
    """Return the headers that prove a request is ours (Standard Webhooks 1.0.0)."""
    return {
        "webhook-id": message_id,
        "webhook-timestamp": str(int(now.timestamp())),
        "webhook-signature": Webhook(signing_secret).sign(message_id, now, body.decode()),
    }


def _left(endpoint: Endpoint, started: float) -> float:
    return endpoint.timeout_s - (time.monotonic() - started)


def _may_pass(result: Result) -> bool:
    return result.outcome in (Outcome.UNREACHABLE, Outcome.TIMED_OUT) or result.status in _WORTH_REPEATING


def _try(endpoint: Endpoint, body: bytes, message_id: str, policy: AddressPolicy, left_s: float) -> Result:
    headers = {
        **endpoint.headers,
        "Content-Type": "application/json",
        "Accept": "application/json",
        "User-Agent": "CallSphere-Tools/1.0",
        **signed_headers(endpoint.signing_secret, message_id, body, datetime.now(UTC)),
    }
    try:
        with (
            guarded_client(policy, total_s=max(left_s, 0.001)) as client,
            client.stream(
                "POST", endpoint.url, content=body, headers=headers, timeout=max(left_s, 0.001)
            ) as response,
        ):
            return _read(response)
    except AddressRefused:
        # the same words as for a name that does not exist: nothing can be scanned through us
        return Result(Outcome.UNREACHABLE, "The name of the endpoint does not resolve.")
    except (httpx.InvalidURL, UnicodeError):
        # httpx reads names and numeric addresses more strictly than urllib, and names in Punycode with idna
        return Result(Outcome.UNREACHABLE, "The endpoint is no address.")
    except httpx.ConnectTimeout:
        return Result(Outcome.TIMED_OUT, "No connection within the time limit.")
    except httpx.TimeoutException:
        return Result(Outcome.TIMED_OUT, f"No answer within {endpoint.timeout_s:g} s.")
    except httpx.ConnectError as error:
        return Result(Outcome.UNREACHABLE, _why_not_connected(error))
    except httpx.HTTPError:
        return Result(Outcome.UNREACHABLE, "The connection ended before the answer was complete.")


def _why_not_connected(error: httpx.ConnectError) -> str:
    text = str(error).lower()
    if "resolve" in text:
        return "The name of the endpoint does not resolve."
    if "certificate" in text or "ssl" in text:
        return "The endpoint's certificate cannot be trusted."
    return "The endpoint refuses connections."


def _read(response: httpx.Response) -> Result:
    status = response.status_code
    if status in (301, 302, 303, 307, 308):
        return Result(Outcome.REFUSED, f"It answered {status}: redirects are not followed.", status)
    if not 200 <= status < 300:
        return Result(Outcome.REFUSED, f"It answered {status}.", status)
    try:
        body = read_capped(response)
    except ResponseTooLargeError:
        return Result(Outcome.TOO_LARGE, "The answer is longer than 64 KB.", status)
    if not body:
        return Result(Outcome.OK, "", status)
    try:
        return Result(Outcome.OK, "", status, json.loads(body))
    except (ValueError, RecursionError):
        return Result(Outcome.NO_JSON, "The answer is no JSON.", status)
