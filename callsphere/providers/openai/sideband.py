"""The line beside a call: what is said and which functions the model wants arrive here, as events.

A call goes on without it, so whoever loses it attaches again; several may be attached at once. When the call
ends, it ends.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any

from openai import AsyncOpenAI
from openai.resources.realtime.realtime import AsyncRealtimeConnection
from openai.types.realtime import RealtimeClientEventParam, RealtimeServerEvent
from websockets.exceptions import ConnectionClosed, InvalidHandshake, InvalidStatus

from callsphere.providers.openai.account import async_client, base_url, is_double, tls
from callsphere.providers.openai.errors import CallGone, Unavailable, in_plain_words, of_status, unreachable
from callsphere.providers.openai.tries import Tries

OPEN_TIMEOUT_S = 5.0
_LONGEST_EVENT = 4 * 2**20
_OVER = frozenset({1000, 1005})
"""Codes of RFC 6455, section 7.4.1, with which the call ends; 1001 is a server that goes away."""


class Sideband:
    """An attached line. Iterate over it for events; it ends with the call.

    Sending and receiving raise Unavailable when the line broke though the call may go on: attach again.
    """

    def __init__(self, call_id: str, client: AsyncOpenAI, connection: AsyncRealtimeConnection) -> None:
        self.call_id = call_id
        self._client = client
        self._connection = connection

    async def send(self, event: RealtimeClientEventParam) -> None:
        """Send an event, such as `{"type": "response.create"}`. Raises CallGone once the call is over."""
        with _line_in_plain_words():
            await self._connection.send(event)

    async def __aiter__(self) -> AsyncIterator[RealtimeServerEvent]:
        """Yield events as they come, of kinds that are newer than our SDK too."""
        while True:
            try:
                with _line_in_plain_words():
                    event = await self._connection.recv()
            except CallGone:
                return
            yield event

    async def answer_function(self, function_call_id: str, output: str) -> None:
        """Give the model what a function returned (`function_call_id` is its event's `call_id`)."""
        await self.send(
            {
                "type": "conversation.item.create",
                "item": {"type": "function_call_output", "call_id": function_call_id, "output": output},
            }
        )

    async def ask_for_response(self, instructions: str = "") -> None:
        """Let the model speak or call functions; with instructions, for this time only, as they say."""
        if instructions:
            await self.send({"type": "response.create", "response": {"instructions": instructions}})
        else:
            await self.send({"type": "response.create"})

    async def refer(self, target_uri: str) -> None:
        """As `refer_call`, without blocking the event loop."""
        await _ask(lambda: self._client.realtime.calls.refer(self.call_id, target_uri=target_uri))

    async def hang_up(self) -> None:
        """As `hang_up_call`, without blocking the event loop."""
        await _ask(lambda: self._client.realtime.calls.hangup(self.call_id))


@asynccontextmanager
async def attach(call_id: str) -> AsyncIterator[Sideband]:
    """Attach to a call that was accepted. Raises CallGone when it is over, Refused, Unavailable."""
    async with async_client() as client:
        connection = await _connect(client, call_id)
        try:
            yield Sideband(call_id, client, connection)
        finally:
            await connection.close()


async def _ask(question: Callable[[], Awaitable[object]]) -> None:
    """As `tries.ask`, in an event loop."""
    tries = Tries()
    while True:
        try:
            with in_plain_words(may_be_done=tries.may_be_done):
                await question()
            return
        except Unavailable as error:
            pause = tries.pause_after(error)
        await asyncio.sleep(pause)


async def _connect(client: AsyncOpenAI, call_id: str) -> AsyncRealtimeConnection:
    tries = Tries()
    while True:
        try:
            return await _connect_once(client, call_id)
        except Unavailable as error:
            pause = tries.pause_after(error)
        await asyncio.sleep(pause)


async def _connect_once(client: AsyncOpenAI, call_id: str) -> AsyncRealtimeConnection:
    manager = client.realtime.connect(call_id=call_id, websocket_connection_options=_options())
    try:
        return await manager.enter()
    except InvalidStatus as error:
        raise of_status(error.response.status_code) from error
    except (InvalidHandshake, OSError, TimeoutError, EOFError) as error:
        raise unreachable(type(error).__name__) from error


def _options() -> Any:
    """Options of the websockets library's `connect`, of which the SDK's type names only some."""
    options: dict[str, Any] = {"open_timeout": OPEN_TIMEOUT_S, "max_size": _LONGEST_EVENT}
    if base_url().startswith("https"):
        options["ssl"] = tls()
    if is_double():
        options["proxy"] = None
    return options


@contextmanager
def _line_in_plain_words() -> Iterator[None]:
    try:
        yield
    except ConnectionClosed as error:
        if error.rcvd is not None and error.rcvd.code in _OVER:
            raise CallGone("The call is over.", code="call_over") from error
        raise unreachable(type(error).__name__) from error
    except OSError as error:
        raise unreachable(type(error).__name__) from error
