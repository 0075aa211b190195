"""The double's socket, for HTTP and WebSockets on one port of loopback, with an event loop of its own."""

from __future__ import annotations

import asyncio
import contextlib
import threading

import h11

from callsphere.local.doubles.openai import api, controls, wire
from callsphere.local.doubles.openai.calls import Ways
from callsphere.local.doubles.openai.exchange import Exchange
from callsphere.local.doubles.openai.faults import ApiError, Fault, gone
from callsphere.local.doubles.openai.sockets import Socket
from callsphere.local.doubles.openai.webhooks import Sender
from callsphere.local.doubles.openai.wire import Answer, Request
from callsphere.local.ports import LOOPBACK


class Double:
    """A running double, in a thread of its own."""

    def __init__(
        self,
        *,
        key: str,
        project: str,
        webhook_secret: str,
        webhook_url: str = "",
        port: int = 0,
        ways: Ways | None = None,
    ) -> None:
        self._sender = Sender(webhook_url, webhook_secret)
        self.exchange = Exchange(key=key, project=project, sender=self._sender, ways=ways or Ways())
        self.url = ""
        self._port = port
        self._started = threading.Event()
        self._failed: OSError | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None
        self._thread = threading.Thread(
            target=lambda: asyncio.run(self._run()), name="openai-double", daemon=True
        )

    def start(self) -> Double:
        """Begin to answer; return when it does. Raises OSError when it cannot listen."""
        self._thread.start()
        self._started.wait()
        if self._failed:
            raise self._failed
        return self

    def stop(self) -> None:
        """End everything that was started."""
        if self._loop and self._stopping:
            self._loop.call_soon_threadsafe(self._stopping.set)
        self._thread.join(10)

    def send_webhooks_to(self, url: str) -> None:
        """Let events go to another address from now on."""
        self._sender.url = url

    async def _run(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        try:
            server = await asyncio.start_server(self._serve, LOOPBACK, self._port)
        except OSError as error:
            self._failed = error
            self._started.set()
            return
        self.url = f"http://{LOOPBACK}:{server.sockets[0].getsockname()[1]}"
        self._started.set()
        await self._stopping.wait()
        server.close()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            await _Connection(self.exchange, reader, writer).serve()
        writer.close()


class _Connection:
    """One connection of a client's."""

    def __init__(
        self, exchange: Exchange, reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        self._exchange = exchange
        self._reader = reader
        self._writer = writer
        self._http = h11.Connection(h11.SERVER)

    async def serve(self) -> None:
        """Answer requests until either side closes."""
        while (request := await wire.read(self._http, self._reader)) is not None:
            answer = await self._answer(request)
            if answer is None:
                return
            self._writer.write(wire.packed(self._http, answer))
            await self._writer.drain()
            if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
                return
            self._http.start_next_cycle()

    async def _answer(self, request: Request) -> Answer | None:
        path = controls.path_of(request)
        if path is not None:
            return controls.control(self._exchange, path, request)
        try:
            return await self._answer_api(request)
        except ApiError as refusal:
            return Answer(refusal.status, {"error": refusal.error}, refusal.headers)

    async def _answer_api(self, request: Request) -> Answer | None:
        """Return the answer; None when there is none, and the connection is to be closed."""
        found = api.action_of(request)
        if found is None:
            raise ApiError(404, f"Invalid URL ({request.method} {request.path})")
        action, call_id = found
        api.check_caller(self._exchange, request)
        fault = self._exchange.faults.take(action)
        if await _prevents(fault):
            return None
        if action == "attach":
            await self._attach(call_id, request)
            return None
        api.act(self._exchange, action, call_id, request)
        return None if fault else Answer(200)

    async def _attach(self, call_id: str, request: Request) -> None:
        call = self._exchange.calls.get(call_id)
        if not request.wants_websocket:
            raise ApiError(400, "This is a WebSocket: send Upgrade: websocket.")
        if call is None or not call.is_live:
            raise gone(call_id)
        socket = Socket(self._reader, self._writer)
        if socket.accept(request):
            cut = self._exchange.faults.take("attach", ("cut",))
            socket.cut_after = cut.events if cut else None
            await self._exchange.follow(call, socket)


async def _prevents(fault: Fault | None) -> bool:
    """Let a fault happen; return whether nothing is to be done or answered. Raises ApiError."""
    if fault is None:
        return False
    if fault.kind == "refuse":
        raise fault.refusal()
    if fault.kind == "hang":
        await asyncio.sleep(fault.seconds)
    return fault.kind in ("drop", "hang")
