"""Call control: `POST /v1/realtime/calls/{call_id}/accept`, `reject`, `refer` and `hangup`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from callsphere.local.doubles.openai import rules
from callsphere.local.doubles.openai.calls import Call
from callsphere.local.doubles.openai.faults import ApiError, gone
from callsphere.local.doubles.openai.wire import Request

if TYPE_CHECKING:
    from callsphere.local.doubles.openai.exchange import Exchange

DECLINE = 603
_CONTROL = re.compile(r"/v1/realtime/calls/([^/]+)/(accept|reject|refer|hangup)")
_TARGET = re.compile(r"(tel|sips?):[^\s<>\"]+")


def action_of(request: Request) -> tuple[str, str] | None:
    """Return which action a request is, and of which call; None when it is none."""
    if request.path == "/v1/realtime":
        return "attach", request.query.get("call_id", "")
    match = _CONTROL.fullmatch(request.path)
    return (match[2], match[1]) if match else None


def check_caller(exchange: Exchange, request: Request) -> None:
    """Raise ApiError unless the request has the project's key."""
    if request.headers.get("authorization", "") != f"Bearer {exchange.key}":
        raise ApiError(401, "Incorrect API key provided.", code="invalid_api_key")
    project = request.headers.get("openai-project", exchange.project)
    if project != exchange.project:
        raise ApiError(
            401, "OpenAI-Project header should match project for API key.", code="mismatched_project"
        )


def act(exchange: Exchange, action: str, call_id: str, request: Request) -> None:
    """Do what a request says. Raises ApiError."""
    if request.method != "POST":
        raise ApiError(405, f"Not allowed to {request.method} on {request.path}.")
    try:
        body = request.json()
    except ValueError:
        raise ApiError(400, "We could not parse the JSON body of your request.") from None
    call = exchange.calls.get(call_id)
    _ACTIONS[action](exchange, call_id, call, body)


def _accept(exchange: Exchange, call_id: str, call: Call | None, body: Any) -> None:
    rules.check_session(body, is_accept=True)
    if call is not None and call.is_live:
        raise ApiError(400, f"The call '{call_id}' was accepted already.", code="call_already_accepted")
    exchange.accept(_ringing(call_id, call), body)


def _reject(exchange: Exchange, call_id: str, call: Call | None, body: Any) -> None:
    rules.check(rules.REJECT, body)
    status = body.get("status_code", DECLINE)
    if not 400 <= status <= 699:
        raise ApiError(
            400,
            f"Invalid 'status_code': expected a value from 400 to 699, but got {status}.",
            code="invalid_value",
            param="status_code",
        )
    _ringing(call_id, call).reject(status)


def _refer(exchange: Exchange, call_id: str, call: Call | None, body: Any) -> None:
    rules.check(rules.REFER, body)
    if not _TARGET.fullmatch(body["target_uri"]):
        raise ApiError(
            400, "Invalid 'target_uri': write tel: or sip:.", code="invalid_value", param="target_uri"
        )
    exchange.refer(_live(call_id, call), body["target_uri"])


def _hang_up(exchange: Exchange, call_id: str, call: Call | None, body: Any) -> None:
    _live(call_id, call).end("agent")


def _ringing(call_id: str, call: Call | None) -> Call:
    if call is None or call.status != "ringing":
        raise gone(call_id)
    return call


def _live(call_id: str, call: Call | None) -> Call:
    if call is None or not call.is_live:
        raise gone(call_id)
    return call


_ACTIONS = {"accept": _accept, "reject": _reject, "refer": _refer, "hangup": _hang_up}
