"""What is stored of a session is stored once, also when it is tried again since an answer was lost."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from callsphere.calls.realtime import records
from callsphere.calls.realtime.claims import Held, claim_due
from tests.calls.realtime.conftest import Desk

USED = {"responses": 1, "total_tokens": 7}


@pytest.fixture
def held(desk: Desk) -> Held:
    """A call that came in, claimed."""
    desk.offer(X_Cs_Call=desk.ring())
    return claim_due(1)[0]


def test_who_asked_to_greet_and_lost_the_answer_greets(desk: Desk, held: Held) -> None:
    at = timezone.now()
    assert records.begin_greeting(held, at) is True
    assert records.begin_greeting(held, at) is True
    assert records.begin_greeting(held, at + timedelta(microseconds=1)) is False
    assert (desk.session().greeted_at, desk.notes()) == (at, ["The agent was asked to greet the caller."])


def test_what_was_used_is_added_once_for_each_event(desk: Desk, held: Held) -> None:
    cent = Decimal("0.01")
    records.add_usage(held, "event_1", USED, cent)
    records.add_usage(held, "event_1", USED, cent)
    assert (desk.session().usage, desk.session().cost) == (USED, cent)
    records.add_usage(held, "event_2", USED, cent)
    assert (desk.session().usage, desk.session().cost) == ({"responses": 2, "total_tokens": 14}, 2 * cent)


def test_keys_of_one_run_are_one_line(desk: Desk, held: Held) -> None:
    at = timezone.now()
    for keys in ("4", "41", "4111", "41111", "41111"):
        records.store_keys(held, 1, keys, at)
    records.store_keys(held, 2, "2", at + timedelta(seconds=30))
    assert desk.lines() == [("caller", "Pressed •••••"), ("caller", "Pressed 2")]
