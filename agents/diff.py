"""What differs between two versions of an agent, or between its draft and one of them."""

from __future__ import annotations

from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from agents.models import Configuration
from agents.models.agents import CONFIGURED

_NOT_SHOWN = ("sip_secret",)
"""Sealed for each row anew: `sip_sign_in_set_at` tells whether it is another one."""
_TEXTS = ("instructions", "safety_rules", "greeting", "consent_text")

_LABELS = {field.name: str(field.verbose_name) for field in Configuration._meta.local_fields}


@dataclass(frozen=True, slots=True)
class Difference:
    """One field. `lines` has a text's lines, each with ' ', '-' or '+' in front; empty for other fields."""

    field: str
    label: str
    before: Any
    after: Any
    lines: tuple[str, ...] = ()


def differing(before: Configuration, after: Configuration) -> list[str]:
    """Return the names of the fields that differ."""
    names = [name for name in CONFIGURED if name not in _NOT_SHOWN]
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def differences_between(before: Configuration, after: Configuration) -> list[Difference]:
    """Return what differs, field by field in the order of the form."""
    return [
        _difference(name, getattr(before, name), getattr(after, name)) for name in differing(before, after)
    ]


def _difference(name: str, before: Any, after: Any) -> Difference:
    label = _LABELS[name]
    lines = _lines(before, after) if name in _TEXTS else ()
    return Difference(name, label[:1].upper() + label[1:], before, after, lines)


def _lines(before: str, after: str) -> tuple[str, ...]:
    found = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    # the first two name files
    return tuple(line for index, line in enumerate(found) if index > 1)
