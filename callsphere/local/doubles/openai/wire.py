"""HTTP/1.1 on a stream: requests in, answers out. A request that wants a WebSocket ends it."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

import h11

_CHUNK = 65_536
_LONGEST_BODY = 1_000_000


@dataclass(frozen=True, slots=True)
class Request:
    """A request; names of headers are in small letters."""

    method: str
    path: str
    query: dict[str, str]
    headers: dict[str, str]
    body: bytes
    target: str

    @property
    def wants_websocket(self) -> bool:
        return self.headers.get("upgrade", "").lower() == "websocket"

    def json(self) -> Any:
        """Return the body; raise ValueError when it is no JSON. An empty one is an empty object."""
        return json.loads(self.body or b"{}")


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer; `body` becomes JSON, None an empty body."""

    status: int
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


async def read(connection: h11.Connection, reader: asyncio.StreamReader) -> Request | None:
    """Return the next request; None when the other side has closed, or speaks something else."""
    head: h11.Request | None = None
    body = b""
    while True:
        try:
            event = connection.next_event()
        except h11.RemoteProtocolError:
            return None
        if event is h11.NEED_DATA:
            connection.receive_data(await reader.read(_CHUNK))
        elif isinstance(event, h11.Request):
            head = event
        elif isinstance(event, h11.Data):
            body += event.data
            if len(body) > _LONGEST_BODY:
                return None
        elif isinstance(event, h11.EndOfMessage) and head is not None:
            return _request(head, body)
        else:
            return None


def packed(connection: h11.Connection, answer: Answer) -> bytes:
    """Return an answer as it travels."""
    text = b"" if answer.body is None else json.dumps(answer.body).encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(text)),
        "x-request-id": "req_double",
        **answer.headers,
    }
    head = h11.Response(
        status_code=answer.status,
        headers=list(headers.items()),
        reason=HTTPStatus(answer.status).phrase.encode(),
    )
    parts = [connection.send(head)]
    if text:
        parts.append(connection.send(h11.Data(data=text)))
    parts.append(connection.send(h11.EndOfMessage()))
    return b"".join(part for part in parts if part)


def _request(head: h11.Request, body: bytes) -> Request:
    target = head.target.decode()
    parts = urlsplit(target)
    return Request(
        method=head.method.decode(),
        path=unquote(parts.path),
        query=dict(parse_qsl(parts.query, keep_blank_values=True)),
        headers={name.decode(): value.decode("latin-1") for name, value in head.headers},
        body=body,
        target=target,
    )
