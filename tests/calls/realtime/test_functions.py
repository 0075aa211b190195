"""Functions that a model calls, and what becomes of the call by them."""

from __future__ import annotations

from typing import Any

import pytest

from agents.models import AgentVersion
from callsphere.calls.builtin_tools import After, run_builtin
from callsphere.calls.enums import EndReason
from callsphere.calls.realtime import functions, records
from callsphere.calls.realtime.claims import Held, claim_due
from callsphere.calls.realtime.functions import Wanted
from tests.calls.conftest import BASE
from tests.calls.realtime.conftest import Desk, make_desk
from tests.conftest import Person
from tests.openai_double import DoubledOpenAI

HANG_UP = Wanted("call_1", "hang_up", "{}")


@pytest.fixture
def desk(alice: Person, openai_double: DoubledOpenAI, settings: Any) -> Desk:
    settings.PUBLIC_URL = BASE
    return make_desk(alice, builtin_tools=["hang_up"])


def held_call(desk: Desk) -> tuple[Held, AgentVersion]:
    """Let a call come in and claim it."""
    desk.offer(X_Cs_Call=desk.ring())
    (held,) = claim_due(1)
    return held, desk.session().version


def test_agent_that_is_done_has_its_call_ended(desk: Desk) -> None:
    held, version = held_call(desk)
    ended = functions.run(held, version, HANG_UP)
    assert ended is not None
    assert (ended.hangs_up, desk.call().end_reason) == (True, "agent")
    assert desk.call().end_due_at is not None


def test_call_that_was_transferred_meanwhile_is_not_ended(desk: Desk) -> None:
    held, version = held_call(desk)
    asked: dict[str, Any] = {"name": "hang_up", "arguments": {}, "function_call_id": "call_1"}
    answer = run_builtin(tenant=desk.person.tenant, call_id=held.call_id, version=version, **asked)
    assert answer.then == After.HANG_UP
    desk.change_call(action="person", end_due_at=None)

    ended = functions.run(held, version, HANG_UP)

    assert ended is not None
    assert (ended.hangs_up, desk.call().end_reason, desk.call().end_due_at) == (False, "", None)
    assert records.begin_hanging_up(held, "The agent hung up.", EndReason.TOO_LONG) is False
    assert (desk.call().end_reason, desk.notes()) == ("", [])
