"""What OpenAI takes: the types of its SDK, closed against what they do not name, and documented bounds."""

from __future__ import annotations

from typing import Any, get_args

from openai.types.realtime import (
    ConversationItemCreateEventParam,
    ConversationItemDeleteEventParam,
    ConversationItemRetrieveEventParam,
    ConversationItemTruncateEventParam,
    InputAudioBufferAppendEventParam,
    InputAudioBufferClearEventParam,
    InputAudioBufferCommitEventParam,
    OutputAudioBufferClearEventParam,
    RealtimeSessionCreateRequestParam,
    ResponseCancelEventParam,
    ResponseCreateEventParam,
)
from openai.types.realtime.call_accept_params import CallAcceptParams
from openai.types.realtime.call_refer_params import CallReferParams
from openai.types.realtime.call_reject_params import CallRejectParams
from openai.types.realtime.realtime_audio_config_output_param import Voice
from pydantic import ConfigDict, TypeAdapter, ValidationError
from typing_extensions import TypedDict, get_type_hints

from callsphere.local.doubles.openai.faults import ApiError
from callsphere.local.doubles.openai.tools import check_tools


def _closed(kind: Any) -> TypeAdapter[Any]:
    """Return a check of a type: inner types inherit that unknown names and near misses are refused."""
    wrapper = TypedDict("wrapper", {"body": kind})  # noqa: UP013  # as a class it could not name its type
    config = ConfigDict(extra="forbid", strict=True, arbitrary_types_allowed=True)
    wrapper.__pydantic_config__ = config  # type: ignore[attr-defined]  # pydantic reads it
    return TypeAdapter(wrapper)


def _words(kind: Any) -> set[str]:
    """Return the words that a type names literally: the SDK lets any other text through."""
    found: set[str] = set()
    for each in get_args(kind):
        found |= {each} if isinstance(each, str) else _words(each)
    return found


MODELS = _words(get_type_hints(CallAcceptParams, include_extras=False)["model"])
VOICES = _words(Voice)
ACCEPT, REJECT, REFER = _closed(CallAcceptParams), _closed(CallRejectParams), _closed(CallReferParams)
_SESSION = _closed(RealtimeSessionCreateRequestParam)
_EVENTS = {
    "conversation.item.create": _closed(ConversationItemCreateEventParam),
    "conversation.item.delete": _closed(ConversationItemDeleteEventParam),
    "conversation.item.retrieve": _closed(ConversationItemRetrieveEventParam),
    "conversation.item.truncate": _closed(ConversationItemTruncateEventParam),
    "input_audio_buffer.append": _closed(InputAudioBufferAppendEventParam),
    "input_audio_buffer.clear": _closed(InputAudioBufferClearEventParam),
    "input_audio_buffer.commit": _closed(InputAudioBufferCommitEventParam),
    "output_audio_buffer.clear": _closed(OutputAudioBufferClearEventParam),
    "response.cancel": _closed(ResponseCancelEventParam),
    "response.create": _closed(ResponseCreateEventParam),
}
_SESSION_UPDATE = "session.update"
# The lowest and the highest value, by where it stands: OpenAI's API reference, not the SDK's types.
_BOUNDS: dict[tuple[str, ...], tuple[float, float]] = {
    ("max_output_tokens",): (1, 4096),
    ("audio", "output", "speed"): (0.25, 1.5),
    ("audio", "input", "turn_detection", "threshold"): (0.0, 1.0),
    ("audio", "input", "turn_detection", "idle_timeout_ms"): (5000, 30000),
}


def check(adapter: TypeAdapter[Any], body: Any, *, below: str = "") -> None:
    """Raise ApiError, in OpenAI's words, unless the body is what a type allows."""
    try:
        adapter.validate_python({"body": body})
    except ValidationError as error:
        raise _refusal(error, body, below) from None


def check_session(session: Any, *, is_accept: bool) -> None:
    """Raise ApiError unless this can be a call's session."""
    check(ACCEPT if is_accept else _SESSION, session, below="" if is_accept else "session")
    model = session.get("model")
    if model is not None and model not in MODELS:
        raise ApiError(400, f"The model `{model}` does not exist.", code="model_not_found", param="model")
    voice = _at(session, ("audio", "output", "voice"))
    if isinstance(voice, str) and voice not in VOICES:
        raise _wrong_value("audio.output.voice", voice, VOICES)
    if set(session.get("output_modalities", [])) == {"audio", "text"}:
        raise _wrong_value("output_modalities", session["output_modalities"], {'["audio"]', '["text"]'})
    for place, (low, high) in _BOUNDS.items():
        value = _at(session, place)
        if isinstance(value, int | float) and not low <= value <= high:
            raise ApiError(
                400,
                f"Invalid '{'.'.join(place)}': expected a value from {low} to {high}, but got {value}.",
                code="invalid_value",
                param=".".join(place),
            )
    check_tools(session.get("tools", []))


def check_event(event: Any) -> str:
    """Return the type of a client's event; raise ApiError for one that OpenAI does not take."""
    kind = event.get("type") if isinstance(event, dict) else None
    if kind == _SESSION_UPDATE:
        check_session(event.get("session"), is_accept=False)
        return _SESSION_UPDATE
    if not isinstance(kind, str) or kind not in _EVENTS:
        raise _wrong_value("type", kind, {*_EVENTS, _SESSION_UPDATE})
    check(_EVENTS[kind], event)
    return kind


def _refusal(error: ValidationError, body: Any, below: str) -> ApiError:
    """Return OpenAI's refusal for the first mistake, of the alternative that was meant."""
    mistakes = _of_what_was_meant(error.errors())
    meant = [each for each in mistakes if each["type"] in ("extra_forbidden", "missing")] or mistakes
    first = max(meant, key=lambda each: len(_path(each["loc"], body)))
    place = ".".join(filter(None, [below, *map(str, _path(first["loc"], body))]))
    if first["type"] == "missing":
        return ApiError(
            400, f"Missing required parameter: '{place}'.", code="missing_required_parameter", param=place
        )
    if first["type"] == "extra_forbidden":
        return ApiError(400, f"Unknown parameter: '{place}'.", code="unknown_parameter", param=place)
    return ApiError(400, f"Invalid value for '{place}': {first['msg']}.", code="invalid_value", param=place)


def _of_what_was_meant(mistakes: list[Any]) -> list[Any]:
    """Return the mistakes without those of alternatives that have another `type`."""
    others = {
        each["loc"][:-1] for each in mistakes if each["type"] == "literal_error" and each["loc"][-1] == "type"
    }
    return [
        each for each in mistakes if not any(each["loc"][: len(other)] == other for other in others)
    ] or mistakes


def _path(places: tuple[int | str, ...], body: Any) -> list[int | str]:
    """Return where a mistake is, without the names of the alternatives that pydantic puts in between."""
    found: list[int | str] = []
    here: Any = body
    rest = places[1:]
    for number, place in enumerate(rest):
        is_last = number == len(rest) - 1
        inside = isinstance(here, dict) and place in here
        inside = inside or (isinstance(here, list) and isinstance(place, int) and place < len(here))
        if inside:
            here = here[place]
            found.append(place)
        elif is_last and isinstance(here, dict) and not str(place)[:1].isupper():
            found.append(place)
    return found


def _at(body: Any, place: tuple[str, ...]) -> Any:
    for name in place:
        body = body.get(name) if isinstance(body, dict) else None
    return body


def _wrong_value(place: str, value: Any, allowed: set[str]) -> ApiError:
    return ApiError(
        400,
        f"Invalid value: '{value}'. Supported values are: {', '.join(sorted(allowed))}.",
        code="invalid_value",
        param=place,
    )
