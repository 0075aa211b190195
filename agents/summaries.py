"""What pages show of agents: states in words, differences ready to print."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby
from typing import Any

from django.db.models import Field

from agents.diff import Difference, as_told, differing_fields
from agents.enums import BuiltinTool, Outcome, RouteAction
from agents.hours import DAYS, Schedule, opening_at
from agents.models import Agent, BusinessHours, Configuration, NumberRoute, Tool, ToolInvocation
from agents.models.routes import WHENS
from agents.plans import schedule_of
from agents.queries import NumberUse
from agents.services import missing_in

_NOTHING = "nothing"
_LABELS = {
    "longest_call_s": "Longest call",
    "idle_timeout_ms": "Asks whether somebody is there after",
    "prefix_padding_ms": "Sound kept before speech",
    "silence_duration_ms": "Silence that ends a turn",
    "consent_text": "Notice",
    "sip_sign_in_set_at": "SIP password",
    "builtin_tools": "Built-in tools",
    "tools": "Your own tools",
}
_UNITS = {
    "longest_call_s": "s",
    **dict.fromkeys(("idle_timeout_ms", "prefix_padding_ms", "silence_duration_ms"), "ms"),
}


@dataclass(frozen=True, slots=True)
class AgentRow:
    """An agent as a line: its state, what comes next, and the numbers whose routes name it."""

    agent: Agent
    looks: str
    label: str
    detail: str
    next_step: str
    numbers: tuple[NumberUse, ...]

    @property
    def answering(self) -> list[NumberUse]:
        """The numbers that lead to it in the first place."""
        return [use for use in self.numbers if use.answers]

    @property
    def standing_in(self) -> list[NumberUse]:
        """The numbers for which it stands in alone."""
        return [use for use in self.numbers if not use.answers]


@dataclass(frozen=True, slots=True)
class ShownLine:
    """A line of a text that differs: `kind` is same, added, removed or gap."""

    kind: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownDifference:
    """A field that differs, in words."""

    label: str
    before: str
    after: str
    lines: tuple[ShownLine, ...]


def has_changes(agent: Agent) -> bool:
    """Whether the draft of an agent of `listed_agents_of` differs from what answers. No query."""
    if agent.published is None:
        return False
    told = as_told(each.tool for each in agent.tool_choices.all())
    return bool(differing_fields(agent.published, agent)) or as_told(agent.published.tools.all()) != told


def agent_row(agent: Agent, uses: Iterable[NumberUse]) -> AgentRow:
    """Return an agent of `listed_agents_of` as a line. No query."""
    numbers = tuple(uses)
    if agent.published is None:
        return AgentRow(
            agent, "pending", "Not published", "", "It takes no calls before it is published.", numbers
        )
    changed = has_changes(agent)
    detail = "the draft has unpublished changes" if changed else ""
    next_step = "" if numbers else "No number leads to it yet."
    label = f"Version {agent.published.number} answers"
    return AgentRow(agent, "active", label, detail, next_step, numbers)


def shown_differences(differences: Iterable[Difference]) -> list[ShownDifference]:
    """Return differences in words, texts line by line."""
    return [
        ShownDifference(
            label=_LABELS.get(each.field, each.label),
            before=words_for(each.field, each.before),
            after=words_for(each.field, each.after),
            lines=tuple(map(_line, each.lines)),
        )
        for each in differences
    ]


def label_for(name: str) -> str:
    """Return what a field of a draft or version is called."""
    column = _column(name)
    label = _LABELS.get(name) or (str(column.verbose_name) if column else name)
    return label[:1].upper() + label[1:]


def missing_words(agent: Agent) -> dict[str, list[str]]:
    """Return what keeps a draft from being published, by what its field is called."""
    return {label_for(name): sentences for name, sentences in missing_in(agent).items()}


def words_for(name: str, value: Any) -> str:
    """Say what a field of a draft or version holds."""
    if value in (None, "", [], ()):
        return _NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, datetime):
        return f"entered {value:%Y-%m-%d %H:%M} UTC"
    if name == "builtin_tools":
        return ", ".join(BuiltinTool(each).label for each in value)
    if isinstance(value, Sequence) and not isinstance(value, str):
        return ", ".join(map(str, value))
    unit = f" {_UNITS[name]}" if name in _UNITS else ""
    return f"{_choices(name).get(value, value)}{unit}"


def _choices(name: str) -> Mapping[Any, Any]:
    column = _column(name)
    return dict(column.flatchoices) if column and column.choices else {}


def _column(name: str) -> Field[Any, Any] | None:
    return next((field for field in Configuration._meta.local_fields if field.name == name), None)


def _line(text: str) -> ShownLine:
    if text.startswith("@@"):
        return ShownLine("gap", "")
    kinds = {"+": "added", "-": "removed"}
    return ShownLine(kinds.get(text[:1], "same"), text[1:])


_WHENS = {
    "closed": ("Closed", "Outside business hours"),
    "overflow": ("Too many calls", "As many calls are going on as it takes at a time"),
    "fallback": ("Out of reach", "Whoever should answer cannot be reached"),
}


@dataclass(frozen=True, slots=True)
class WayRow:
    """What becomes of calls that are not for the agent: `applies` tells whether that can happen."""

    title: str
    meaning: str
    action: RouteAction
    number: str
    agent: Agent | None
    applies: bool


def way_rows(route: NumberRoute) -> list[WayRow]:
    """Return what becomes of other calls: closed, too many, out of reach."""
    applies = {"closed": route.hours_id is not None, "overflow": route.most_calls is not None}
    return [
        WayRow(
            *_WHENS[when],
            action=RouteAction(getattr(route, f"{when}_action")),
            number=getattr(route, f"{when}_number"),
            agent=getattr(route, f"{when}_agent"),
            applies=applies.get(when, True),
        )
        for when in WHENS
    ]


_OUTCOME_LOOKS = {
    "": "pending",
    Outcome.OK: "pass",
    Outcome.WRONG_ARGUMENTS: "warn",
    Outcome.INTERRUPTED: "warn",
}


@dataclass(frozen=True, slots=True)
class ToolRow:
    """A tool as a line: how its last call went, and which agents use it."""

    tool: Tool
    looks: str
    label: str
    last_at: datetime | None
    users: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class InvocationRow:
    """One call of a tool as a line."""

    invocation: ToolInvocation
    looks: str
    label: str

    @property
    def is_open(self) -> bool:
        """Whether a worker has yet to do it."""
        return not self.invocation.outcome


def tool_rows(tools: Iterable[Any], users: Mapping[uuid.UUID, Sequence[str]]) -> list[ToolRow]:
    """Return tools of `listed_tools_of` as lines. No query but theirs."""
    return [
        ToolRow(tool, *_outcome(tool.last_outcome), tool.last_at, tuple(users.get(tool.pk, ())))
        for tool in tools
    ]


def invocation_row(invocation: ToolInvocation) -> InvocationRow:
    """Return one call of a tool as a line."""
    return InvocationRow(invocation, *_outcome(invocation.outcome))


def _outcome(outcome: str | None) -> tuple[str, str]:
    """Return looks and words of an outcome; None is for a tool that was never called."""
    if outcome is None:
        return "unknown", "Not called yet"
    label = Outcome(outcome).label if outcome else "Being called"
    return _OUTCOME_LOOKS.get(outcome, "fail"), label


@dataclass(frozen=True, slots=True)
class HoursRow:
    """Business hours as a line: whether it is open now and why, the week in short, the numbers that look."""

    hours: BusinessHours
    looks: str
    label: str
    why: str
    week: tuple[tuple[str, str], ...]
    holidays_ahead: int
    numbers: tuple[NumberRoute, ...]


def hours_rows(listed: Iterable[BusinessHours], now: datetime) -> list[HoursRow]:
    """Return business hours, read with their routes, as lines."""
    return [_hours_row(hours, now) for hours in listed]


def _hours_row(hours: BusinessHours, now: datetime) -> HoursRow:
    schedule = schedule_of(hours)
    opening = opening_at(schedule, now)
    today = now.astimezone(schedule.zone).date()
    return HoursRow(
        hours,
        "active" if opening.is_open else "paused",
        "Open" if opening.is_open else "Closed",
        opening.why,
        tuple(_week(schedule)),
        sum(1 for day in schedule.holidays if day >= today),
        tuple(hours.routes.all()),
    )


def _week(schedule: Schedule) -> Iterator[tuple[str, str]]:
    """Yield days that have the same times, one after the other, and these times; none that are closed."""
    for spans, group in groupby(range(7), key=lambda day: schedule.weekly[day]):
        days = [DAYS[day].capitalize() for day in group]
        if spans:
            named = days[0] if len(days) == 1 else f"{days[0]} to {days[-1]}"
            yield named, ", ".join(map(str, spans))
