"""What OpenAI takes of tools beyond their types: names, and a subset of JSON Schema (as its refusals say)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from callsphere.local.doubles.openai.faults import ApiError

_NAME = re.compile(r"[a-zA-Z0-9_-]+")
_LONGEST_NAME = 64
_MOST_TOOLS = 128
_NOT_AT_THE_TOP = ("oneOf", "anyOf", "allOf", "enum", "not")


def check_tools(tools: list[dict[str, Any]]) -> None:
    """Raise ApiError unless a session can have these tools."""
    if len(tools) > _MOST_TOOLS:
        raise _wrong("tools", f"Invalid 'tools': array too long. Expected at most {_MOST_TOOLS} items.")
    names: set[str] = set()
    for number, tool in enumerate(tools):
        is_function = tool.get("type", "function") == "function"
        name = tool.get("name") if is_function else tool["server_label"]
        where = f"tools[{number}]"
        _check_name(name, f"{where}.name")
        if name in names:
            raise _wrong(where, f"Duplicate tool name: '{name}'.")
        names.add(str(name))
        if is_function:
            _check_parameters(str(name), tool.get("parameters"), f"{where}.parameters")


def _check_name(name: Any, where: str) -> None:
    if not isinstance(name, str) or not name:
        raise ApiError(
            400, f"Missing required parameter: '{where}'.", code="missing_required_parameter", param=where
        )
    if len(name) > _LONGEST_NAME:
        raise _wrong(where, f"Invalid '{where}': string too long.", "string_above_max_length")
    if not _NAME.fullmatch(name):
        raise _wrong(where, f"Invalid '{where}': string does not match pattern '^[a-zA-Z0-9_-]+$'.")


def _check_parameters(name: str, schema: Any, where: str) -> None:
    if schema is None:
        return
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise _not_a_schema(name, "schema must be a JSON Schema of 'type: \"object\"'.", where)
    if any(keyword in schema for keyword in _NOT_AT_THE_TOP):
        words = "schema must have type 'object' and not have 'oneOf'/'anyOf'/'allOf'/'enum'/'not' at the top"
        raise _not_a_schema(name, f"{words} level.", where)
    for context in _arrays_without_items(schema, ()):
        raise _not_a_schema(name, f"In context={context}, array schema missing items.", where)


def _arrays_without_items(schema: Any, context: tuple[str, ...]) -> Iterator[tuple[str, ...]]:
    if not isinstance(schema, dict):
        return
    kinds = schema.get("type")
    if "items" not in schema and "array" in (kinds if isinstance(kinds, list) else [kinds]):
        yield context
    for name, each in schema.get("properties", {}).items():
        yield from _arrays_without_items(each, (*context, "properties", name))
    for keyword in ("items", "additionalProperties"):
        yield from _arrays_without_items(schema.get(keyword), (*context, keyword))
    for number, each in enumerate(schema.get("anyOf", [])):
        yield from _arrays_without_items(each, (*context, "anyOf", str(number)))


def _not_a_schema(name: str, why: str, where: str) -> ApiError:
    words = f"Invalid schema for function '{name}': {why}"
    return ApiError(400, words, code="invalid_function_parameters", param=where)


def _wrong(where: str, words: str, code: str = "invalid_value") -> ApiError:
    return ApiError(400, words, code=code, param=where)
