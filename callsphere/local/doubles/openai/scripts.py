"""What callers do: files in `callers/`, one a script, read and checked."""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).with_name("callers")
DEFAULT = "books an appointment"
_PLACE = re.compile(r"\{(\w+(?:\.\w+)*)\}")
_ACTIONS = {"caller", "keys", "silence", "function", "agent", "hang_up"}


@dataclass(frozen=True, slots=True)
class Step:
    """One thing that happens. `when` and `unless` name a function's result that must be there, or not.

    `action` and what `value` then is: `caller` (what they say), `keys` (they press), `silence` (seconds),
    `function` (names, of which the first that the session has is called), `agent` (what the model says: the
    first text whose places can all be filled from results), `hang_up` (`caller` or `agent`).
    """

    action: str
    value: Any
    arguments: dict[str, Any] = field(default_factory=dict)
    says: str = ""
    """What the model says before it calls the function."""
    result: str = ""
    """The name under which the function's result is kept."""
    when: str = ""
    unless: str = ""


@dataclass(frozen=True, slots=True)
class Script:
    """A call. `greeting` and `idle` are what the model says at first, and to a caller who is silent."""

    name: str
    greeting: str
    idle: str
    steps: tuple[Step, ...]


class NoSuchScript(ValueError):
    """There is no script of that name."""


def names() -> list[str]:
    """Return the names of all scripts."""
    return sorted(each.stem.replace("-", " ") for each in FOLDER.glob("*.toml"))


def find(name: str | None) -> Script:
    """Return a script, the usual one without a name. Raises NoSuchScript."""
    wanted = (name or DEFAULT).strip().lower().replace("-", " ")
    if wanted not in names():
        raise NoSuchScript(f"There is no script {name!r}: there are {', '.join(names())}")
    return _load(wanted)


def filled(texts: list[str], results: dict[str, Any]) -> str:
    """Return the first text whose places, such as {times.free.0}, can all be filled from results."""
    for text in texts:
        values = {place: _at(results, place.split(".")) for place in _PLACE.findall(text)}
        if all(isinstance(value, str | int | float) for value in values.values()):
            return _PLACE.sub(lambda match: str(values[match[1]]), text)  # noqa: B023  # used at once
    raise ValueError("the last text of a step must need no result")


@lru_cache(maxsize=64)
def _load(name: str) -> Script:
    document = tomllib.loads((FOLDER / f"{name.replace(' ', '-')}.toml").read_text())
    return Script(
        name=name,
        greeting=document["greeting"],
        idle=document.get("idle", "Are you still there?"),
        steps=tuple(_step(each) for each in document["steps"]),
    )


def _step(values: dict[str, Any]) -> Step:
    (action,) = _ACTIONS & set(values)
    rest = {name: value for name, value in values.items() if name != action}
    value = values[action]
    if action in ("function", "agent") and isinstance(value, str):
        value = [value]
    step = Step(action=action, value=value, **rest)
    if action == "agent":
        filled(step.value[-1:], {})
    return step


def _at(value: Any, path: list[str]) -> Any:
    for name in path:
        if isinstance(value, list) and name.isdigit() and int(name) < len(value):
            value = value[int(name)]
        elif isinstance(value, dict):
            value = value.get(name)
        else:
            return None
    return value
