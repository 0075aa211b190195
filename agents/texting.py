"""What keeps an agent's text messages from arriving, said before it is published."""

from __future__ import annotations

from collections.abc import Iterable

from agents.enums import BuiltinTool
from agents.models import Agent
from agents.queries import NumberUse
from trunks.numbers.texting import why_no_texts


def texting_warnings(agent: Agent, uses: Iterable[NumberUse]) -> list[str]:
    """Return sentences about numbers that lead to an agent and cannot send what its draft would. No query."""
    if BuiltinTool.SEND_SMS not in agent.builtin_tools:
        return []
    numbers = [use.route.phone_number for use in uses]
    found = [(number, why_no_texts(number)) for number in numbers]
    return [f"{number.number} {why} Its callers are not sent any." for number, why in found if why]
