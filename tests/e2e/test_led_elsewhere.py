"""Callers whose agent nobody can follow any more, while both doubles play the call."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest

from callsphere.calls import applying
from callsphere.calls.instructions import LEAVE_A_MESSAGE, MESSAGE_TAKEN
from callsphere.calls.models import Call, CallNote
from tenants.context import tenant_context
from tests.calls.realtime.conftest import RunningWorker, start_worker  # noqa: F401  # a fixture
from tests.conftest import Person
from tests.e2e.test_realtime import is_over, owner, ring, session  # noqa: F401  # a fixture
from tests.openai_double import DoubledOpenAI
from tests.twilio_double import DoubledTwilio
from tests.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
REFUSED = "OpenAI did not accept our key. Write to support."


def test_caller_of_an_agent_that_openai_lets_nobody_follow(
    owner: Person,  # noqa: F811  # the fixture
    twilio: DoubledTwilio,
    openai_double: DoubledOpenAI,
    start_worker: Callable[..., RunningWorker],  # noqa: F811  # the fixture
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("callsphere.calls.realtime.troubles.REFUSED_FOR", timedelta(0))
    openai_double.ways.pace = 1000.0
    openai_double.fail(action="attach", status=401, times=1000)
    start_worker()
    sid = ring(twilio)
    wait_until(lambda: is_over(twilio, sid))
    wait_until(lambda: (found := session(owner)) is not None and found.state == "over")
    applying.apply_waiting()

    played = httpx.get(f"{twilio.url}/_double/calls/{sid}", trust_env=False, timeout=60).json()
    assert played["said"] == [LEAVE_A_MESSAGE, MESSAGE_TAKEN]
    with tenant_context(owner.tenant):
        call = Call.objects.get()
        notes = list(CallNote.objects.values_list("text", flat=True))
    assert (call.action, call.state) == ("voicemail", "ended")
    assert REFUSED in call.because
    assert f"The agent could not be followed any more, so the caller was led elsewhere. {REFUSED}" in notes
    found = session(owner)
    assert found is not None
    assert found.why == f"The caller was led elsewhere: {REFUSED}"
