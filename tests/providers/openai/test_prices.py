"""What a count of tokens comes to, and tables of prices."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from agents.answering import TRANSCRIBES
from agents.enums import RealtimeModel
from callsphere.providers.openai.prices import (
    PUBLISHED,
    ModelPrice,
    WrongPrices,
    cost_of_response,
    cost_of_transcription,
    published_prices,
    read_prices,
)

PRICE = ModelPrice(
    text_in=Decimal("1"),
    cached_text_in=Decimal("0.1"),
    text_out=Decimal("10"),
    audio_in=Decimal("100"),
    cached_audio_in=Decimal("1000"),
    audio_out=Decimal("10000"),
    seen=date(2026, 11, 28),
    source="",
)
TABLE = PUBLISHED.read_text()


def usage(**went_in: Any) -> dict[str, Any]:
    return {"input_token_details": went_in, "output_token_details": {"text_tokens": 7, "audio_tokens": 8}}


def test_every_model_that_agents_may_have_has_a_price() -> None:
    assert set(published_prices()) == {*RealtimeModel.values, TRANSCRIBES}


def test_each_kind_of_token_has_its_rate() -> None:
    counted = usage(
        text_tokens=5, audio_tokens=6, cached_tokens_details={"text_tokens": 2, "audio_tokens": 4}
    )
    # 3 of text at 1, 2 cached at 0.1, 7 written at 10; 2 heard at 100, 4 cached at 1000, 8 spoken at 10000
    expected = Decimal("3") + Decimal("0.2") + 70 + 200 + 4000 + 80000
    assert cost_of_response(counted, PRICE) == expected / 1_000_000


def test_cached_tokens_of_no_kind_are_of_text_first() -> None:
    counted = usage(text_tokens=5, audio_tokens=6, cached_tokens=7)
    expected = Decimal("0.5") + 70 + 400 + 2000 + 80000
    assert cost_of_response(counted, PRICE) == expected / 1_000_000


@pytest.mark.parametrize(
    "counted", [{}, {"input_tokens": 5, "output_tokens": 6}, {"input_token_details": {"text_tokens": 5}}]
)
def test_tokens_of_no_kind_have_no_price(counted: dict[str, Any]) -> None:
    assert cost_of_response(counted, PRICE) is None


def test_writing_down_has_a_price_by_the_token() -> None:
    counted = {"type": "tokens", "input_tokens": 3, "output_tokens": 2}
    assert cost_of_transcription(counted, PRICE) == Decimal(3 * 100 + 2 * 10) / 1_000_000
    assert cost_of_transcription({"type": "duration", "seconds": 4.5}, PRICE) == 0


def test_a_minute_of_the_default_model_costs_cents() -> None:
    """600 tokens heard and 1,200 spoken are about a minute each."""
    counted = {
        "input_token_details": {"text_tokens": 1000, "audio_tokens": 600},
        "output_token_details": {"text_tokens": 300, "audio_tokens": 1200},
    }
    price = published_prices()["gpt-realtime-2.1"]
    assert cost_of_response(counted, price) == Decimal("0.1072")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("= 3", "no TOML"),
        ("text_in = 3", r'\["text_in"\]'),
        (TABLE.replace('audio_out = "64.00"\n', ""), "gpt-realtime-2.1 lacks audio_out"),
        (TABLE.replace('"64.00"', '"much"'), "write prices as numbers"),
        (TABLE.replace('"64.00"', '"-1"'), "below zero"),
        (TABLE.replace('"64.00"', '"NaN"'), "below zero"),
        (TABLE.replace("seen = 2026-11-28", 'seen = "today"'), "when the prices were seen"),
    ],
)
def test_a_wrong_table_is_told_what_to_change(table: str, words: str) -> None:
    with pytest.raises(WrongPrices, match=words):
        read_prices(table)
