"""What is kept of what tools were asked and answered: kinds of values, never the values themselves."""

from __future__ import annotations

from typing import Any

MOST_KEYS = 40
MOST_ITEMS = 5
DEEPEST = 6


def masked(value: Any, depth: int = 0) -> Any:
    """Return the same shape without anything that could tell who called or what about.

    Texts become their lengths, numbers "number"; true, false and null stay. Names of fields stay where they
    read like names: an answer may use anything as a key.
    """
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, int | float):
        return "number"
    if isinstance(value, str):
        return f"text of {len(value)}"
    if depth >= DEEPEST:
        return "more"
    if isinstance(value, list):
        kept: list[Any] = [masked(each, depth + 1) for each in value[:MOST_ITEMS]]
        return [*kept, f"{len(value) - MOST_ITEMS} more"] if len(value) > MOST_ITEMS else kept
    return {_name(key, n): masked(each, depth + 1) for n, (key, each) in enumerate(_first(value))}


def _first(value: dict[str, Any]) -> list[tuple[str, Any]]:
    return list(value.items())[:MOST_KEYS]


def _name(key: str, number: int) -> str:
    plain = key.isascii() and key.replace("-", "_").isidentifier() and len(key) <= 40
    return key if plain and not any(each.isdigit() for each in key[:1]) else f"field {number + 1}"
