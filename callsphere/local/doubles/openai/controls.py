"""What a demo, tests and the telephone side may do to the double: `/_double/…`, JSON in and out.

| request | with | does |
|---|---|---|
| `POST /_double/calls` | `to`, `sip_headers`, `script` | lets a call come in; 201 with its `call_id` |
| `GET /_double/calls` | | lists the calls with what was said |
| `GET /_double/calls/{call_id}` | | tells how far it is |
| `POST /_double/calls/{call_id}/hangup` | | the caller hangs up |
| `GET /_double/scripts` | | names the scripts |
| `POST /_double/faults` | the fields of `Fault` | lets something go wrong |
| `POST /_double/faults/clear` | | lets everything go right again |
"""

from __future__ import annotations

import re
from typing import Any

from callsphere.local.doubles.openai import scripts
from callsphere.local.doubles.openai.exchange import Exchange
from callsphere.local.doubles.openai.faults import Fault
from callsphere.local.doubles.openai.wire import Answer, Request

_CONTROL = re.compile(r"(?:/v1)?/_double/(.+)")
_ADDRESS = re.compile(r"sips?:([^@;?]+)@[^@;?]+([;?].*)?")


def path_of(request: Request) -> str | None:
    """Return what a request controls; None when it is none of these."""
    match = _CONTROL.fullmatch(request.path)
    return match[1].rstrip("/") if match else None


def control(exchange: Exchange, path: str, request: Request) -> Answer:
    """Do one of the above; 400 with a sentence for what makes no sense."""
    try:
        body = request.json()
        if not isinstance(body, dict):
            raise TypeError("the body is a JSON object")
        return _do(exchange, request.method, path.split("/"), body)
    except (ValueError, KeyError, TypeError) as error:
        return Answer(400, {"message": str(error)})


def _do(exchange: Exchange, method: str, path: list[str], body: dict[str, Any]) -> Answer:
    match method, path:
        case "POST", ["calls"]:
            return _ring(exchange, body)
        case "GET", ["calls"]:
            return Answer(200, {"calls": [each.listed() for each in exchange.calls.values()]})
        case "GET", ["calls", call_id] if call_id in exchange.calls:
            return Answer(200, exchange.calls[call_id].state())
        case "POST", ["calls", call_id, "hangup"] if call_id in exchange.calls:
            exchange.calls[call_id].end("caller")
            return Answer(200, exchange.calls[call_id].state())
        case "GET", ["scripts"]:
            return Answer(200, {"scripts": scripts.names()})
        case "POST", ["faults"]:
            exchange.faults.add(Fault.parse(body))
            return Answer(200, {})
        case "POST", ["faults", "clear"]:
            exchange.faults.clear()
            return Answer(200, {})
    return Answer(404, {"message": f"{method} /_double/{'/'.join(path)}: there is no such control or call"})


def _ring(exchange: Exchange, body: dict[str, Any]) -> Answer:
    address = _ADDRESS.fullmatch(body["to"])
    if address is None or address[1] != exchange.project:
        return Answer(404, {"message": f"{body['to']}: this project is not here"})
    headers = [
        {"name": str(each["name"]), "value": str(each["value"])} for each in body.get("sip_headers", [])
    ]
    return Answer(201, {"call_id": exchange.ring(body["to"], headers, body.get("script")).call_id})
