"""What sessions cost is summed with what they use."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from pytest_django import Settings

from callsphere.calls.models import RealtimeSession
from callsphere.calls.realtime.costs import response_cost, transcription_cost
from callsphere.calls.wording import ai_cost_of, cost_words

USAGE: dict[str, Any] = {
    "input_token_details": {"text_tokens": 1000, "audio_tokens": 600},
    "output_token_details": {"text_tokens": 300, "audio_tokens": 1200},
}
USED = {"total_tokens": 1}


def test_the_prices_are_those_of_the_settings(settings: Settings) -> None:
    assert response_cost("gpt-realtime-2.1", USAGE) == Decimal("0.1072")
    settings.OPENAI_PRICES = {"gpt-realtime-2.1": settings.OPENAI_PRICES["gpt-realtime-2.1-mini"]}
    assert response_cost("gpt-realtime-2.1", USAGE) == Decimal("0.03132")
    assert response_cost("gpt-realtime-9", USAGE) is None
    assert transcription_cost({"input_tokens": 1}) is None


@pytest.mark.parametrize(
    ("sessions", "words"),
    [
        ([], ""),
        ([({}, None)], ""),
        ([(USED, None)], ""),
        ([(USED, "0.10720000")], "0.1072 USD"),
        ([(USED, "0.1"), ({}, None), (USED, "0.00026")], "0.1003 USD"),
        ([(USED, "0.1"), (USED, None)], ""),
    ],
)
def test_a_call_costs_what_its_sessions_do(
    sessions: list[tuple[dict[str, Any], str | None]], words: str
) -> None:
    rows = [RealtimeSession(usage=usage, cost=cost and Decimal(cost)) for usage, cost in sessions]
    assert cost_words(ai_cost_of(rows)) == words
