"""Arguments of a function as a model would choose them: the script's, fitted to what the function takes."""

from __future__ import annotations

from typing import Any

_BY_FORMAT = {"date": "2026-12-01", "time": "10:00:00", "date-time": "2026-12-01T10:00:00+00:00"}
_BY_NAME = {"phone": "+14155550123", "number": "+14155550123", "name": "Maria Lopez"} | dict.fromkeys(
    ("date", "day"), "2026-12-01"
)
_DEPTH = 5


def fitted(wanted: dict[str, Any], schema: Any) -> dict[str, Any]:
    """Return the script's arguments that the function takes, and a value for each that it requires beside."""
    if not isinstance(schema, dict) or not isinstance(schema.get("properties"), dict):
        return wanted if not isinstance(schema, dict) or schema.get("additionalProperties", True) else {}
    properties = schema["properties"]
    found = {
        name: value for name, value in wanted.items() if name in properties and _fits(value, properties[name])
    }
    for name in schema.get("required", []):
        if name not in found:
            found[name] = _made_up(name, properties.get(name, {}), _DEPTH)
    return found


def _fits(value: Any, schema: Any) -> bool:
    if not isinstance(schema, dict):
        return True
    is_short = not isinstance(value, str) or len(value) <= schema.get("maxLength", len(value))
    return is_short and ("enum" not in schema or value in schema["enum"])


def _made_up(name: str, schema: Any, depth: int) -> Any:
    if not isinstance(schema, dict) or depth == 0:
        return ""
    for given in ("const", "default"):
        if given in schema:
            return schema[given]
    if schema.get("enum"):
        return schema["enum"][0]
    kinds = schema.get("type", "string")
    kind = kinds[0] if isinstance(kinds, list) else kinds
    if kind == "object":
        properties = schema.get("properties", {})
        return {
            each: _made_up(each, properties.get(each, {}), depth - 1) for each in schema.get("required", [])
        }
    if kind == "array":
        return [_made_up(name, schema.get("items", {}), depth - 1)] * schema.get("minItems", 0)
    if kind in ("integer", "number"):
        return schema.get("minimum", 1)
    return {"boolean": True, "null": None}.get(kind, _text(name, schema))


def _text(name: str, schema: dict[str, Any]) -> str:
    if schema.get("format") in _BY_FORMAT:
        return _BY_FORMAT[schema["format"]]
    text = next((value for part, value in _BY_NAME.items() if part in name.lower()), f"the caller's {name}")
    return text[: schema.get("maxLength")]
