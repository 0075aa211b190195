"""Text that peers sent, as PostgreSQL takes it."""

from __future__ import annotations

from typing import Any


def storable(values: dict[str, Any]) -> dict[str, Any]:
    """The same without NUL, which PostgreSQL has neither in text nor in JSON; a peer may send one."""
    return {name: without_nul(value) if isinstance(value, str) else value for name, value in values.items()}


def without_nul(text: str) -> str:
    """The text with a mark where a NUL was."""
    return text.replace("\0", "\N{REPLACEMENT CHARACTER}")
