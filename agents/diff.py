"""What differs between two versions of an agent, or between its draft and one of them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import unified_diff
from typing import Any

from agents.models import Agent, AgentTool, AgentVersion, Configuration, Tool, VersionTool
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


def choices_of(agent: Agent) -> list[AgentTool]:
    """Return which tools of the tenant's own a draft may use, with the tools."""
    choices = AgentTool.objects.filter(tenant=agent.tenant_id, agent=agent)
    return list(choices.select_related("tool").order_by("tool__name"))


def told_of_tools(configuration: Configuration) -> dict[str, tuple[str, Any]]:
    """Return what the model is told of each tool of the tenant's own: description and parameters, by name."""
    told: Iterable[Tool | VersionTool]
    if isinstance(configuration, AgentVersion):
        told = VersionTool.objects.filter(tenant=configuration.tenant_id, version=configuration)
    elif isinstance(configuration, Agent):
        told = [each.tool for each in choices_of(configuration)]
    else:
        raise TypeError(f"{type(configuration).__name__} has no tools")
    return as_told(told)


def as_told(tools: Iterable[Tool | VersionTool]) -> dict[str, tuple[str, Any]]:
    """Return what the model is told of these tools: description and parameters, by name."""
    return {each.name: (each.description, each.parameters) for each in tools}


def differing_fields(before: Configuration, after: Configuration) -> list[str]:
    """Return the names of the fields that differ, tools apart. No query."""
    names = [name for name in CONFIGURED if name not in _NOT_SHOWN]
    return [name for name in names if getattr(before, name) != getattr(after, name)]


def differing(before: Configuration, after: Configuration) -> list[str]:
    """Return the names of the fields that differ."""
    found = differing_fields(before, after)
    return [*found, "tools"] if told_of_tools(before) != told_of_tools(after) else found


def differences_between(before: Configuration, after: Configuration) -> list[Difference]:
    """Return what differs, field by field in the order of the form, tools last."""
    found = differing(before, after)
    fields = [name for name in found if name != "tools"]
    differences = [_difference(name, getattr(before, name), getattr(after, name)) for name in fields]
    return [*differences, _of_tools(before, after)] if "tools" in found else differences


def _of_tools(before: Configuration, after: Configuration) -> Difference:
    old, new = told_of_tools(before), told_of_tools(after)
    changed = {name for name, told in new.items() if old.get(name, told) != told}
    names = [f"{name} (changed)" if name in changed else name for name in sorted(new)]
    return Difference("tools", "Tools", sorted(old), names)


def _difference(name: str, before: Any, after: Any) -> Difference:
    label = _LABELS[name]
    lines = _lines(before, after) if name in _TEXTS else ()
    return Difference(name, label[:1].upper() + label[1:], before, after, lines)


def _lines(before: str, after: str) -> tuple[str, ...]:
    found = unified_diff(before.splitlines(), after.splitlines(), lineterm="", n=2)
    # the first two name files
    return tuple(line for index, line in enumerate(found) if index > 1)
