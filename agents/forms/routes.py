"""Forms of a route: who answers, when not, and the dry run."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

from agents.enums import RouteAction
from agents.hours import EARLIEST, LATEST
from agents.models import Agent, AgentVersion, BusinessHours, NumberRoute
from agents.models.routes import MOST_CALLS, WHENS
from tenants.forms import EditForm, RangeField

VERSIONS_OFFERED = 20
"""Of each agent, the newest ones; a version that is pinned already is offered as well."""
_ACTIONS = [(each.value, each.label) for each in RouteAction]


class RouteForm(EditForm):
    """Where calls to a number lead. `answers` holds an agent's id, and `:3` behind it to pin version 3."""

    answers = forms.ChoiceField(
        label="Who answers",
        help_text="“As published” follows each version that you publish; a pinned version stays.",
        error_messages={"required": "Choose who answers.", "invalid_choice": "Choose one of the list."},
    )
    hours_id = forms.ChoiceField(label="Business hours", required=False)
    most_calls = RangeField(
        label="Calls at a time",
        required=False,
        min_value=1,
        max_value=MOST_CALLS,
        unit="calls",
        help_text="Left empty, there is no limit of its own.",
    )
    closed_action = forms.ChoiceField(label="What happens", choices=_ACTIONS)
    closed_number = forms.CharField(label="Person's number", required=False, max_length=32)
    closed_agent_id = forms.ChoiceField(label="Other agent", required=False)
    overflow_action = forms.ChoiceField(label="What happens", choices=_ACTIONS)
    overflow_number = forms.CharField(label="Person's number", required=False, max_length=32)
    overflow_agent_id = forms.ChoiceField(label="Other agent", required=False)
    fallback_action = forms.ChoiceField(label="What happens", choices=_ACTIONS)
    fallback_number = forms.CharField(label="Person's number", required=False, max_length=32)
    fallback_agent_id = forms.ChoiceField(label="Other agent", required=False)

    def __init__(
        self,
        *args: Any,
        agents: Iterable[Agent],
        versions: Iterable[AgentVersion],
        hours: Iterable[BusinessHours],
        is_new: bool,
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["version"].required = not is_new
        listed = list(agents)
        self._offer("answers", _answers(listed, versions))
        self._offer(
            "hours_id",
            [("", "None: calls are taken at all times"), *((str(each.pk), each.name) for each in hours)],
        )
        for when in WHENS:
            self._offer(f"{when}_agent_id", [("", "Choose"), *((str(each.pk), each.name) for each in listed)])

    def _offer(self, name: str, choices: list[Any]) -> None:
        field: Any = self.fields[name]
        field.choices = choices

    @staticmethod
    def initial_of(route: NumberRoute) -> dict[str, Any]:
        """Return what the form shows of a route."""
        ways = {
            f"{when}_{part}": getattr(route, f"{when}_{part}") or ""
            for when in WHENS
            for part in ("action", "number", "agent_id")
        }
        return {
            "answers": answers_of(route),
            "hours_id": str(route.hours_id or ""),
            "most_calls": route.most_calls,
            "version": route.version,
            **{name: str(value) for name, value in ways.items()},
        }

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        for when in WHENS:
            action = data.get(f"{when}_action")
            if action == RouteAction.HUMAN and not data.get(f"{when}_number"):
                self.add_error(f"{when}_number", "Enter the number that is called.")
            if action == RouteAction.AGENT and not data.get(f"{when}_agent_id"):
                self.add_error(f"{when}_agent_id", "Choose the agent that takes the call.")
        return data

    def changes(self) -> dict[str, Any]:
        """Return what the services take. Numbers and agents that an action does not use are left out."""
        data = self.cleaned_data
        agent, _colon, number = data["answers"].partition(":")
        changes: dict[str, Any] = {
            "agent_id": uuid.UUID(agent),
            "pinned_version": int(number) if number else None,
            "hours_id": _id(data["hours_id"]),
            "most_calls": data["most_calls"],
        }
        for when in WHENS:
            action = data[f"{when}_action"]
            changes[f"{when}_action"] = action
            changes[f"{when}_number"] = data[f"{when}_number"] if action == RouteAction.HUMAN else ""
            agent_id = data[f"{when}_agent_id"] if action == RouteAction.AGENT else ""
            changes[f"{when}_agent_id"] = _id(agent_id)
        return changes


class WallClockField(forms.DateTimeField):
    """A moment as a clock shows it: not refused because the page's own clock skips or repeats it."""

    def to_python(self, value: Any) -> datetime | None:
        with timezone.override(UTC):
            return super().to_python(value)


class DryRunForm(forms.Form):
    """A call as it might come. `at` is what clocks show where the business hours are."""

    at = WallClockField(
        required=False,
        label="When",
        widget=forms.DateTimeInput(attrs={"type": "datetime-local"}, format="%Y-%m-%dT%H:%M"),
        error_messages={"invalid": "Write a moment such as 2027-01-04T09:30."},
        validators=[MinValueValidator(EARLIEST), MaxValueValidator(LATEST)],
    )
    calls = RangeField(label="Other calls going on", required=False, min_value=0, max_value=MOST_CALLS)
    unreachable = forms.BooleanField(required=False, label="The agent cannot be reached")

    def __init__(self, *args: Any, time_zone: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.time_zone = time_zone
        self.fields["at"].help_text = f"By the clock in {time_zone}. Left empty, now."

    def clean_at(self) -> datetime:
        """Return the moment, now for none."""
        at: datetime | None = self.cleaned_data["at"]
        return at.replace(tzinfo=ZoneInfo(self.time_zone)) if at else timezone.now()

    def call(self) -> dict[str, Any]:
        """Return the call, as a decision takes it."""
        data = self.cleaned_data
        return {"calls": data["calls"] or 0, "unreachable": data["unreachable"]}


def answers_of(route: NumberRoute) -> str:
    """Return who answers a route, as the form's choices say it."""
    return f"{route.agent_id}:{route.pinned.number}" if route.pinned else str(route.agent_id)


def _answers(agents: Iterable[Agent], versions: Iterable[AgentVersion]) -> list[tuple[str, str]]:
    """Return the choices of who answers: each agent as published, then its versions."""
    numbers: dict[uuid.UUID, list[int]] = {}
    for version in versions:
        numbers.setdefault(version.agent_id, []).append(version.number)
    choices = [("", "Choose an agent")]
    for agent in agents:
        choices.append((str(agent.pk), f"{agent.name}, as published"))
        choices += [
            (f"{agent.pk}:{number}", f"{agent.name}, pinned to version {number}")
            for number in numbers.get(agent.pk, ())
        ]
    return choices


def _id(text: str) -> uuid.UUID | None:
    return uuid.UUID(text) if text else None
