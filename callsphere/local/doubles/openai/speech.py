"""What is heard of speech: the events of a caller who speaks, and of a response of the model."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Any

from callsphere.local.doubles.openai.calls import Call, Record, new_id
from callsphere.local.doubles.openai.usage import Meter, seconds_of

_MODEL_IS_FASTER = 3
"""How much sooner a response is complete than its audio has been played."""


@dataclass(frozen=True, slots=True)
class Spoken:
    """What the model says in a response."""

    text: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """A function that the model calls in a response."""

    function_call_id: str
    name: str
    arguments: dict[str, Any]


class Items:
    """A conversation's items, in their order."""

    def __init__(self, call: Call) -> None:
        self._call = call
        self.by_id: dict[str, Record] = {}

    @property
    def last_id(self) -> str | None:
        return next(reversed(self.by_id), None)

    def begin(self, item: Record) -> Record:
        """Add an item, and tell everybody."""
        before = self.last_id
        item = {"id": new_id("item"), "object": "realtime.item", "status": "in_progress", **item}
        self.by_id[item["id"]] = item
        self._call.emit("conversation.item.added", previous_item_id=before, item=dict(item))
        return item

    def finish(self, item: Record, **changes: Any) -> None:
        """Tell everybody that an item is complete."""
        item.update(status="completed", **changes)
        ids = list(self.by_id)
        place = ids.index(item["id"])
        before = ids[place - 1] if place else None
        self._call.emit("conversation.item.done", previous_item_id=before, item=dict(item))


class Response:
    """One response of the model, as it is told."""

    def __init__(self, call: Call, items: Items, meter: Meter, parts: list[Spoken | Wanted]) -> None:
        self.id = new_id("resp")
        self.seconds = sum(seconds_of(part.text) for part in parts if isinstance(part, Spoken))
        """How long it takes to play."""
        self.thinking_s = self.seconds / _MODEL_IS_FASTER
        self._call = call
        self._items = items
        self._meter = meter
        self._parts = parts
        self._output: list[Record] = []

    def begin(self) -> None:
        """Tell that the model has begun."""
        self._call.emit("response.created", response=self._record("in_progress"))

    def tell(self) -> None:
        """Tell all parts."""
        for index, part in enumerate(self._parts):
            if isinstance(part, Spoken):
                self._speak(index, part)
            else:
                self._want(index, part)

    def finish(self, status: str = "completed", reason: str | None = None) -> None:
        """Tell that it is complete, or was cancelled, and what it cost."""
        spoken = " ".join(part.text for part in self._parts if isinstance(part, Spoken))
        written = "".join(json.dumps(part.arguments) for part in self._parts if isinstance(part, Wanted))
        usage = self._meter.respond(spoken=spoken, written=written)
        details = {"type": status, "reason": reason} if reason else None
        self._end(self._record(status, usage, details))

    def fail(self) -> None:
        """Tell that it came to nothing, as OpenAI does when it is overloaded or a limit is reached."""
        error = {"type": "server_error", "code": None}
        self._end(self._record("failed", None, {"type": "failed", "error": error}))

    def _end(self, record: Record) -> None:
        self._call.emit("response.done", response=record)
        limits = [{"name": "tokens", "limit": 40_000, "remaining": 39_000, "reset_seconds": 1.5}]
        self._call.emit("rate_limits.updated", rate_limits=limits)

    def start_audio(self) -> None:
        """Tell that the caller begins to hear it."""
        self._call.emit("output_audio_buffer.started", response_id=self.id)

    def stop_audio(self, *, is_cleared: bool = False) -> None:
        """Tell that the caller has heard it, or no longer does."""
        self._call.emit(
            "output_audio_buffer.cleared" if is_cleared else "output_audio_buffer.stopped",
            response_id=self.id,
        )

    def _speak(self, index: int, part: Spoken) -> None:
        item = self._begin_item(index, {"type": "message", "role": "assistant", "content": []})
        place = {"response_id": self.id, "item_id": item["id"], "output_index": index, "content_index": 0}
        emit = self._call.emit
        emit("response.content_part.added", **place, part={"type": "audio", "transcript": ""})
        for word in _pieces(part.text):
            emit("response.output_audio_transcript.delta", **place, delta=word)
        emit("response.output_audio.done", **place)
        emit("response.output_audio_transcript.done", **place, transcript=part.text)
        emit("response.content_part.done", **place, part={"type": "audio", "transcript": part.text})
        self._call.note("agent", part.text)
        self._finish_item(index, item, content=[{"type": "output_audio", "transcript": part.text}])

    def _want(self, index: int, part: Wanted) -> None:
        arguments = json.dumps(part.arguments)
        item = self._begin_item(
            index,
            {"type": "function_call", "name": part.name, "call_id": part.function_call_id, "arguments": ""},
        )
        place = {
            "response_id": self.id,
            "item_id": item["id"],
            "output_index": index,
            "call_id": part.function_call_id,
        }
        self._call.emit("response.function_call_arguments.delta", **place, delta=arguments)
        self._call.emit("response.function_call_arguments.done", **place, name=part.name, arguments=arguments)
        self._call.note("function", f"{part.name}({arguments})")
        self._finish_item(index, item, arguments=arguments)

    def _begin_item(self, index: int, item: Record) -> Record:
        begun = self._items.begin(item)
        self._call.emit(
            "response.output_item.added", response_id=self.id, output_index=index, item=dict(begun)
        )
        return begun

    def _finish_item(self, index: int, item: Record, **changes: Any) -> None:
        self._items.finish(item, **changes)
        self._output.append(dict(item))
        self._call.emit("response.output_item.done", response_id=self.id, output_index=index, item=dict(item))

    def _record(self, status: str, usage: Record | None = None, details: Record | None = None) -> Record:
        session = self._call.session
        return {
            "object": "realtime.response",
            "id": self.id,
            "status": status,
            "status_details": details,
            "output": list(self._output),
            "conversation_id": f"conv_{self._call.call_id.removeprefix('rtc_')}",
            "output_modalities": session["output_modalities"],
            "max_output_tokens": session["max_output_tokens"],
            "audio": {"output": {key: session["audio"]["output"][key] for key in ("format", "voice")}},
            "usage": usage,
            "metadata": None,
        }


def hear(call: Call, items: Items, item_id: str, text: str, at_ms: int) -> None:
    """Tell that a caller has spoken until a moment of the call, and the words where they are written down."""
    call.emit("input_audio_buffer.speech_stopped", item_id=item_id, audio_end_ms=at_ms)
    call.emit("input_audio_buffer.committed", item_id=item_id, previous_item_id=items.last_id)
    content = [{"type": "input_audio", "transcript": None}]
    item = items.begin({"id": item_id, "type": "message", "role": "user", "content": content})
    items.finish(item)
    if call.session["audio"]["input"]["transcription"]:
        place = {"item_id": item_id, "content_index": 0}
        call.emit("conversation.item.input_audio_transcription.delta", **place, delta=text)
        usage = {"type": "duration", "seconds": round(seconds_of(text), 1)}
        call.emit(
            "conversation.item.input_audio_transcription.completed", **place, transcript=text, usage=usage
        )


def _pieces(text: str) -> list[str]:
    """Return a text in the pieces in which it is told, some words each."""
    words = text.split(" ")
    pieces = [" ".join(words[start : start + 4]) for start in range(0, len(words), 4)]
    return [piece if number == 0 else f" {piece}" for number, piece in enumerate(pieces)]
