"""What a tool takes: its JSON Schema (draft 2020-12), checked when it is saved, and arguments against it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from jsonschema import Draft202012Validator
from jsonschema.exceptions import SchemaError

from tenants.services.editing import field_error

LONGEST_SCHEMA = 16_384
LONGEST_ARGUMENTS = 16_384
"""Of a schema and of the arguments of one call, as JSON, in bytes."""
DEEPEST = 12
DEEPEST_JSON = 50
"""How far a schema nests keywords, and how far any JSON nests lists and objects."""
MISTAKES_TOLD = 5
NO_JSON = "NaN, half a character, or nested too deeply"
_NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
"""An escaped NUL, which PostgreSQL's JSON has not."""

_REFUSED = {
    # may look anywhere, or lead in circles
    **dict.fromkeys(("$ref", "$dynamicRef", "$recursiveRef"), "write the part out where it is used"),
    # a text can be found that a pattern takes for ever to match
    **dict.fromkeys(("pattern", "patternProperties"), "say in a description what it looks like"),
}
_NOT_AT_THE_TOP = ("oneOf", "anyOf", "allOf", "enum", "not")
"""What OpenAI refuses there, and with it the whole session of a call (invalid_function_parameters)."""
_NAMES_OF_OTHERS = ("properties", "$defs", "dependentSchemas")
"""Keywords whose own keys are names that the schema gives, and no keywords."""
_VALUES = ("const", "default", "enum", "examples", "required")


def check_schema(schema: Any) -> dict[str, Any]:
    """Return a schema as it is stored. Raises ValidationError on `parameters`."""
    if not isinstance(schema, dict) or schema.get("type") != "object":
        raise _wrong('Describe an object: {"type": "object", "properties": {…}}.')
    try:
        text = as_json(schema)
    except ValueError:
        raise _wrong(f"This is no JSON: {NO_JSON}.") from None
    if _NUL.search(text):
        raise _wrong("This is no JSON that can be kept: leave out NUL.")
    if len(text) > LONGEST_SCHEMA:
        raise _wrong(f"Use at most {LONGEST_SCHEMA} bytes.")
    for keyword in _NOT_AT_THE_TOP:
        if keyword in schema:
            raise _wrong(f"{keyword} cannot stand at the top: OpenAI takes it only inside of properties.")
    for part, depth in _parts(schema, 0):
        _check_part(part, depth)
    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        place = "/".join(str(step) for step in error.absolute_path)
        raise _wrong(f"This is no JSON Schema: {place or 'the whole'}: {_short(error.message)}.") from None
    return schema


def mistakes_in(arguments: Any, schema: dict[str, Any]) -> list[str]:
    """Return what is wrong with the arguments of a call, in sentences that hold no value; empty is right."""
    if not isinstance(arguments, dict):
        return ["The arguments are no object."]
    try:
        text = as_json(arguments, halves="replace")
    except ValueError:
        return ["The arguments are no JSON: NaN, or nested too deeply."]
    if len(text) > LONGEST_ARGUMENTS:
        return [f"The arguments are longer than {LONGEST_ARGUMENTS} bytes."]
    try:
        found = list(Draft202012Validator(schema).iter_errors(arguments))
    except (ArithmeticError, TypeError, ValueError):
        # such as a huge integer by a multipleOf that is a float
        return ["The arguments cannot be checked against the schema."]
    found.sort(key=lambda error: str(error.absolute_path))
    return [_mistake(error) for error in found[:MISTAKES_TOLD]]


def as_json(value: Any, *, halves: str = "strict") -> bytes:
    """Return JSON as it is sent. Raises ValueError for what is none (NO_JSON).

    With `halves` "replace", half a character becomes a question mark: models break off within one.
    """
    if _is_deeper(value, DEEPEST_JSON):
        raise ValueError("nested too deeply")
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode(errors=halves)


def _is_deeper(value: Any, levels: int) -> bool:
    layer = [value]
    for _ in range(levels):
        layer = [each for part in layer for each in _inside(part)]
    return bool(layer)


def _inside(part: Any) -> list[Any]:
    if isinstance(part, dict):
        return list(part.values())
    return part if isinstance(part, list) else []


def _mistake(error: Any) -> str:
    # error.message quotes the value, which may be a caller's own: the schema's words do not
    place = "/".join(
        str(step) for step in error.absolute_path if isinstance(step, int) or step.isidentifier()
    )
    if error.validator == "required":
        missing = [name for name in error.validator_value if name not in error.instance]
        return f"{place or 'The arguments'}: {', '.join(missing)} is missing."
    if error.validator == "additionalProperties":
        return f"{place or 'The arguments'}: there is something that the tool does not take."
    rule = _short(json.dumps(error.validator_value))
    return f"{place or 'The arguments'}: does not fit {error.validator} {rule}."


def _check_part(part: dict[str, Any], depth: int) -> None:
    if depth > DEEPEST and part:
        raise _wrong(f"Nest at most {DEEPEST} levels.")
    for keyword in part:
        if keyword in _REFUSED:
            raise _wrong(f"{keyword} cannot be used here: {_REFUSED[keyword]}.")
    kinds = part.get("type")
    if "items" not in part and "array" in (kinds if isinstance(kinds, list) else [kinds]):
        raise _wrong("Say with items what an array holds: OpenAI takes none without.")


def _parts(part: Any, depth: int) -> Iterator[tuple[dict[str, Any], int]]:
    """Yield a schema and those inside it, each with its depth."""
    if isinstance(part, list):
        for each in part:
            yield from _parts(each, depth + 1)
    if not isinstance(part, dict):
        return
    yield part, depth
    if depth > DEEPEST:
        return
    for keyword, value in part.items():
        if keyword not in _VALUES:
            names_others = keyword in _NAMES_OF_OTHERS and isinstance(value, dict)
            yield from _parts(list(value.values()) if names_others else value, depth + 1)


def _short(text: str) -> str:
    return text if len(text) <= 200 else f"{text[:199]}…"


def _wrong(message: str) -> Exception:
    return field_error("parameters", message, "schema")
