"""Summing what OpenAI counts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def added(total: Mapping[str, Any], more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the sum of two counts of the same shape: numbers are added, all else is left out."""
    result = dict(total)
    for name, value in more.items():
        if isinstance(value, Mapping):
            result[name] = added(result.get(name) or {}, value)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            result[name] = result.get(name, 0) + value
    return result
