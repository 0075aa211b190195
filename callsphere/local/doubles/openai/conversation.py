"""What attached clients do to a call: their events, and what the model is asked for."""

from __future__ import annotations

import asyncio
import json
import re
from collections import deque
from typing import Any

from callsphere.local.doubles.openai import rules, sessions
from callsphere.local.doubles.openai.calls import Call, Record, event
from callsphere.local.doubles.openai.faults import ApiError
from callsphere.local.doubles.openai.sockets import Socket
from callsphere.local.doubles.openai.speech import Items, Response
from callsphere.local.doubles.openai.usage import Meter

_QUOTED = re.compile(r"[\"“](.+?)[\"”]", re.DOTALL)


class Conversation:
    """The model's side of an accepted call."""

    def __init__(self, call: Call) -> None:
        self.call = call
        self.items = Items(call)
        self.meter = Meter(call.session["instructions"], json.dumps(call.session["tools"]))
        self.active: Response | None = None
        self.has_spoken = False
        self.cancelled = asyncio.Event()
        """Set when what the model says is to end."""
        self._wanted: deque[str] = deque()
        self._came = asyncio.Event()
        self._functions: dict[str, asyncio.Future[Any]] = {}

    def want(self, words: str = "") -> None:
        """Ask the model for a response, that says certain words or what the script has."""
        self._wanted.append(words)
        self._came.set()

    async def wanted(self, within_s: float, *, instead: asyncio.Future[Any] | None = None) -> str | None:
        """Return the words of the next response that was asked for.

        None when none is within so long, or when a function's result comes before, for which one waits.
        """
        try:
            async with asyncio.timeout(within_s):
                while not self._wanted and not (instead and instead.done()):
                    self._came.clear()
                    await self._came.wait()
        except TimeoutError:
            return None
        return None if instead and instead.done() else self._wanted.popleft()

    def is_wanted(self) -> bool:
        """Whether a response was asked for and has not begun."""
        return bool(self._wanted)

    def expect(self, function_call_id: str) -> asyncio.Future[Any]:
        """Return what will be a function's result: JSON if it is that, else text."""
        return self._functions.setdefault(function_call_id, asyncio.get_running_loop().create_future())

    def take(self, socket: Socket, message: Any) -> None:
        """Do what a client's event says; tell the client alone when OpenAI would refuse it."""
        try:
            self._do(rules.check_event(message), message)
        except ApiError as refusal:
            sender = message.get("event_id") if isinstance(message, dict) else None
            socket.send(event("error", error={**refusal.error, "event_id": sender}))

    def _do(self, kind: str, message: Record) -> None:
        if kind == "session.update":
            self._update_session(message["session"])
        elif kind == "response.create":
            self._create_response(message.get("response", {}))
        elif kind == "response.cancel":
            self._cancel_response()
        elif kind == "output_audio_buffer.clear":
            self.cancelled.set()
        elif kind == "conversation.item.create":
            self._add_item(message["item"])
        elif kind.startswith("conversation.item."):
            self._about_item(kind, message)
        elif kind == "input_audio_buffer.clear":
            self.call.emit("input_audio_buffer.cleared")
        else:
            raise ApiError(
                400,
                "The caller's audio comes over SIP: a client sends none.",
                code="invalid_value",
                param="type",
            )

    def _update_session(self, wanted: Record) -> None:
        sessions.update(self.call.session, wanted, has_spoken=self.has_spoken)
        self.call.emit("session.updated", session=sessions.shown(self.call.session))

    def _create_response(self, wanted: Record) -> None:
        if self.active or self._wanted:
            raise ApiError(
                400,
                "Conversation already has an active response in progress."
                " Wait until the response is finished before creating a new one.",
                code="conversation_already_has_active_response",
            )
        self.meter.read(wanted.get("instructions", ""))
        self.want(words_of(wanted.get("instructions", "")))

    def _cancel_response(self) -> None:
        if self.active is None:
            raise ApiError(
                400, "Cancellation failed: no active response found", code="response_cancel_not_active"
            )
        self.cancelled.set()

    def _add_item(self, item: Record) -> None:
        if item["type"] == "function_call_output":
            self._return(item)
        else:
            self.meter.read(json.dumps(item.get("content", "")))
        self.items.finish(self.items.begin(item))

    def _return(self, item: Record) -> None:
        result = self._functions.get(item["call_id"])
        if result is None:
            raise ApiError(
                400,
                f"Tool call ID '{item['call_id']}' not found in conversation.",
                code="invalid_tool_call_id",
                param="item.call_id",
            )
        self.meter.read(item["output"])
        self.call.note("result", item["output"])
        if not result.done():
            result.set_result(_result(item["output"]))
            self._came.set()

    def _about_item(self, kind: str, message: Record) -> None:
        item_id = message["item_id"]
        item = self.items.by_id.get(item_id)
        if item is None:
            raise ApiError(
                400, f"Item with id '{item_id}' not found.", code="item_not_found", param="item_id"
            )
        if kind == "conversation.item.delete":
            del self.items.by_id[item_id]
            self.call.emit("conversation.item.deleted", item_id=item_id)
        elif kind == "conversation.item.retrieve":
            self.call.emit("conversation.item.retrieved", item=dict(item))
        else:
            place = {name: message[name] for name in ("item_id", "content_index", "audio_end_ms")}
            self.call.emit("conversation.item.truncated", **place)


def words_of(instructions: str) -> str:
    """Return what instructions have the model say: what is quoted, or follows a first line with a colon."""
    quoted = max(_QUOTED.findall(instructions), key=len, default="")
    first, _, rest = instructions.strip().partition("\n")
    return " ".join((quoted or (rest if first.endswith(":") else "")).split())


def _result(output: str) -> Any:
    try:
        return json.loads(output)
    except ValueError:
        return output
