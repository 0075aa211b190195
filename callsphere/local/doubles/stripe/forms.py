"""Stripe's way to send nested values in a form: `items[0][price]=price_1&expand[]=customer`."""

import re
from typing import Any
from urllib.parse import parse_qsl

_PART = re.compile(r"\[([^\[\]]*)\]")


def parse(text: str) -> dict[str, Any]:
    """Return the values of a form or a query, lists as lists. Values stay texts."""
    root: dict[str, Any] = {}
    for name, value in parse_qsl(text, keep_blank_values=True):
        head, _, _ = name.partition("[")
        _put(root, [head, *_PART.findall(name)], value)
    return {name: _lists(value) for name, value in root.items()}


def _put(place: dict[str, Any], path: list[str], value: str) -> None:
    for part in path[:-1]:
        place = place.setdefault(part, {})
    last = path[-1]
    place[str(len(place)) if last == "" else last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    inner = {name: _lists(each) for name, each in value.items()}
    if inner and all(name.isdigit() for name in inner):
        return [inner[name] for name in sorted(inner, key=int)]
    return inner


def is_true(value: Any) -> bool:
    """Read a flag."""
    return value in (True, "true")
