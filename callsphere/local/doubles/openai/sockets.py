"""The server's side of a sideband: websockets' protocol without its own sockets, on a stream of ours."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from typing import Any

from websockets.frames import Frame, Opcode
from websockets.http11 import Request as Handshake
from websockets.protocol import State
from websockets.server import ServerProtocol

from callsphere.local.doubles.openai.wire import Request

_CHUNK = 65_536
_LONGEST_MESSAGE = 4 * 2**20
_CALL_IS_OVER = 1000


class Socket:
    """One attached client. `cut_after`: how many events it still gets before the line breaks, if it is to."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.cut_after: int | None = None
        self._reader = reader
        self._writer = writer
        self._protocol = ServerProtocol(max_size=_LONGEST_MESSAGE)

    def accept(self, request: Request) -> bool:
        """Answer the handshake; return whether it was one."""
        head = [
            f"GET {request.target} HTTP/1.1",
            *(f"{name}: {text}" for name, text in request.headers.items()),
        ]
        self._protocol.receive_data("\r\n".join([*head, "", ""]).encode("latin-1"))
        handshakes = self._protocol.events_received()
        if not handshakes or not isinstance(handshakes[0], Handshake):
            return False
        response = self._protocol.accept(handshakes[0])
        self._protocol.send_response(response)
        self._flush()
        return response.status_code == 101

    def send(self, event: dict[str, Any]) -> None:
        """Send an event, or break the line when its time has come."""
        if self._writer.is_closing() or self._protocol.state is not State.OPEN:
            return
        if self.cut_after is not None:
            if self.cut_after == 0:
                self._writer.transport.abort()
                return
            self.cut_after -= 1
        self._protocol.send_text(json.dumps(event).encode())
        self._flush()

    def close(self) -> None:
        """Say that the call is over."""
        if self._protocol.state is State.OPEN:
            self._protocol.send_close(_CALL_IS_OVER)
            self._flush()

    async def messages(self) -> AsyncIterator[Any]:
        """Yield what the client sends, read as JSON (None for what is none), until it closes."""
        text = b""
        while True:
            for event in self._protocol.events_received():
                if isinstance(event, Frame) and event.opcode in (Opcode.TEXT, Opcode.BINARY, Opcode.CONT):
                    text += event.data
                    if event.fin:
                        message, text = text, b""
                        yield _read(message)
            self._flush()
            data = await self._receive()
            if data:
                self._protocol.receive_data(data)
            else:
                self._protocol.receive_eof()
                return

    async def _receive(self) -> bytes:
        try:
            return await self._reader.read(_CHUNK)
        except OSError:
            return b""

    def _flush(self) -> None:
        for data in self._protocol.data_to_send():
            if self._writer.is_closing():
                return
            if data:
                self._writer.write(data)
            else:
                self._writer.close()


def _read(message: bytes) -> Any:
    try:
        return json.loads(message)
    except ValueError:
        return None
