"""What agents are made from: one TOML file each in `templates_data/`, read strictly.

A template fills in a draft, which is then the customer's own: nothing follows a template later on.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path
from typing import Any

from django.apps import AppConfig
from django.core import checks

from agents.enums import BuiltinTool, Eagerness, TurnDetection, Voice

FOLDER = Path(__file__).with_name("templates_data")
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_CHOICES: dict[str, Any] = {"voice": Voice, "turn_detection": TurnDetection, "eagerness": Eagerness}


class TemplateError(ValueError):
    """A template file that cannot be used. The text names file and mistake."""


@dataclass(frozen=True, slots=True)
class AgentTemplate:
    """A kind of agent. `version` is raised with each change of what it says."""

    key: str
    name: str
    description: str
    version: int
    instructions: str
    safety_rules: str
    greeting: str
    consent_text: str
    language: str
    voice: str
    turn_detection: str
    eagerness: str
    longest_call_s: int
    builtin_tools: tuple[str, ...]
    # Words in square brackets that the customer replaces, such as [name of the practice].
    to_fill_in: tuple[str, ...] = ()

    def configuration(self) -> dict[str, Any]:
        """Return the fields of a draft that it fills in."""
        names = [name for name in _FIELDS if name not in _ABOUT]
        return {name: _plain(getattr(self, name)) for name in names}


_FIELDS = {field.name: field for field in fields(AgentTemplate)}
_ABOUT = ("key", "name", "description", "version", "to_fill_in")


@cache
def agent_templates() -> dict[str, AgentTemplate]:
    """Return every template by its key. Raises TemplateError."""
    return {path.stem: _read(path) for path in sorted(FOLDER.glob("*.toml"))}


def _read(path: Path) -> AgentTemplate:
    try:
        return parse_template(path.stem, path.read_text(encoding="utf-8"))
    except (TypeError, ValueError) as error:
        raise TemplateError(f"{path.name}: {error}") from error


def check_templates(app_configs: Sequence[AppConfig] | None, **kwargs: Any) -> list[checks.CheckMessage]:
    """System check: a file with a mistake would break the making of agents for everybody."""
    try:
        agent_templates()
    except TemplateError as error:
        return [checks.Error(f"Agent template {error}", id="agents.E001")]
    return []


def parse_template(key: str, text: str) -> AgentTemplate:
    """Read one file. Raises ValueError with the mistake."""
    if not _KEY.fullmatch(key):
        raise ValueError("name the file with a-z, 0-9 and hyphens")
    data = tomllib.loads(text)
    surplus = set(data) - (set(_FIELDS) - {"key"})
    if surplus:
        raise ValueError(f"unknown: {', '.join(sorted(surplus))}")
    values = {name: _value(name, value) for name, value in data.items()}
    template = AgentTemplate(key=key, **values)
    _check_choices(template)
    _check_to_fill_in(template)
    return template


def _value(name: str, value: Any) -> Any:
    wanted = _FIELDS[name].type
    kind = {"str": str, "int": int, "tuple[str, ...]": list}[str(wanted)]
    if not isinstance(value, kind) or isinstance(value, bool):
        raise ValueError(f"{name} is no {kind.__name__}")
    if isinstance(value, str):
        return value.strip()
    return tuple(value) if isinstance(value, list) else value


def _check_choices(template: AgentTemplate) -> None:
    for name, choices in _CHOICES.items():
        if getattr(template, name) not in choices.values:
            raise ValueError(f"{name}: choose one of {', '.join(choices.values)}")
    unknown = set(template.builtin_tools) - set(BuiltinTool.values)
    if unknown:
        raise ValueError(f"builtin_tools: unknown {', '.join(sorted(unknown))}")


def _check_to_fill_in(template: AgentTemplate) -> None:
    spoken = "\n".join(
        (template.instructions, template.safety_rules, template.greeting, template.consent_text)
    )
    found = set(re.findall(r"\[[^\]\n]+\]", spoken))
    if found != set(template.to_fill_in):
        raise ValueError(f"to_fill_in differs from the words in brackets: {', '.join(sorted(found))}")


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
