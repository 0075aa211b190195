"""What a call to a number leads to at a given moment, and why: pure, for calls and dry runs alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from agents.enums import RouteAction
from agents.hours import Schedule, opening_at
from callsphere.lib.e164 import as_written


@dataclass(frozen=True, slots=True)
class Target:
    """An agent as it answers: `version` is what answers, None where nothing is published."""

    agent_id: str
    name: str
    version: int | None


@dataclass(frozen=True, slots=True)
class Way:
    """What becomes of a call that is not for the agent."""

    action: RouteAction
    number: str = ""
    target: Target | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A route with all that a decision needs. `ways` has one for closed, overflow and fallback."""

    number: str
    target: Target
    ways: Mapping[str, Way]
    schedule: Schedule | None = None
    most_calls: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """What happens. `action` is `answer` where an agent takes the call; `because` are sentences, in order."""

    action: str
    target: Target | None
    number: str
    because: tuple[str, ...]


ANSWER = "answer"


def decide(plan: Plan, now: datetime, *, calls: int = 0, unreachable: bool = False) -> Decision:
    """Say where a call leads that comes at `now`, while `calls` others are going on.

    `unreachable` says that the agent could not take it: the fallback is what happens then, whoever it was
    that could not.
    """
    because = [_leads_to(plan)]
    way, when = None, ""
    if plan.schedule is not None:
        opening = opening_at(plan.schedule, now)
        because.append(opening.why)
        way, when = (None, "") if opening.is_open else (plan.ways["closed"], "Closed")
    else:
        because.append("There are no business hours: calls are taken at all times.")
    if way is None and plan.most_calls is not None:
        is_full = calls >= plan.most_calls
        because.append(_how_full(calls, plan.most_calls))
        way, when = (plan.ways["overflow"], "Too many calls") if is_full else (None, "")
    taker = _taker(plan, way)
    if taker is not None and (unreachable or taker.version is None):
        because.append(_cannot(taker))
        return _follow(plan.ways["fallback"], "Fallback", because)
    if way is None:
        return Decision(ANSWER, plan.target, "", (*because, _answers(plan.target)))
    return _follow(way, when, because)


def _taker(plan: Plan, way: Way | None) -> Target | None:
    """Return the agent that would take the call."""
    return plan.target if way is None else way.target


def _follow(way: Way, when: str, because: list[str]) -> Decision:
    if way.action == RouteAction.AGENT and way.target is not None:
        if way.target.version is None:
            because = [*because, _cannot(way.target)]
            return Decision(
                RouteAction.HANG_UP, None, "", (*because, "Nobody is left: we say so and hang up.")
            )
        return Decision(ANSWER, way.target, "", (*because, f"{when}: {_answers(way.target)}"))
    words = {
        RouteAction.VOICEMAIL: "the caller can leave a message.",
        RouteAction.HUMAN: f"{way.number} is called.",
        RouteAction.HANG_UP: "we say so and hang up.",
    }[way.action]
    return Decision(way.action.value, None, way.number, (*because, f"{when}: {words}"))


def _leads_to(plan: Plan) -> str:
    return f"Calls to {as_written(plan.number)} lead to {plan.target.name}."


def _answers(target: Target) -> str:
    return f"{target.name} answers as version {target.version}."


def _cannot(target: Target) -> str:
    if target.version is None:
        return f"{target.name} has no published version."
    return f"{target.name} cannot be reached."


def _how_full(calls: int, most: int) -> str:
    going_on = "1 call is going on" if calls == 1 else f"{calls} calls are going on"
    return f"{going_on}, of {most} at a time."
