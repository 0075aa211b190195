"""What models of OpenAI cost, and what a count of tokens comes to. Knows no settings."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import date
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

CURRENCY = "USD"
PUBLISHED = Path(__file__).with_name("prices.toml")
_MILLION = 1_000_000


class WrongPrices(ValueError):
    """A table of prices that cannot be used; the words say what to change."""


@dataclass(frozen=True, slots=True)
class ModelPrice:
    """USD for a million tokens, and where and when that was read."""

    text_in: Decimal
    cached_text_in: Decimal
    text_out: Decimal
    audio_in: Decimal
    cached_audio_in: Decimal
    audio_out: Decimal
    seen: date
    source: str


_RATES = [field.name for field in fields(ModelPrice) if field.name not in ("seen", "source")]


def read_prices(text: str) -> dict[str, ModelPrice]:
    """Return prices by model from a table in TOML, as in `prices.toml`. Raises WrongPrices."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise WrongPrices(f"This is no TOML: {error}.") from None
    return {model: _price(model, table) for model, table in tables.items()}


def published_prices() -> dict[str, ModelPrice]:
    """Return the prices that OpenAI published when this release was made."""
    return read_prices(PUBLISHED.read_text())


def cost_of_response(usage: Mapping[str, Any], price: ModelPrice) -> Decimal | None:
    """Return what a response cost; None where OpenAI does not say which tokens were audio.

    `usage` is that of `response.done`. What was cached is part of what went in, and of its text and audio.
    """
    went_in, came_out = usage.get("input_token_details"), usage.get("output_token_details")
    if not isinstance(went_in, Mapping) or not isinstance(came_out, Mapping):
        return None
    cached_text, cached_audio = _cached(went_in)
    counts = {
        "text_in": _count(went_in, "text_tokens") - cached_text,
        "cached_text_in": cached_text,
        "text_out": _count(came_out, "text_tokens"),
        "audio_in": _count(went_in, "audio_tokens") - cached_audio,
        "cached_audio_in": cached_audio,
        "audio_out": _count(came_out, "audio_tokens"),
    }
    return _sum(counts, price)


def cost_of_transcription(usage: Mapping[str, Any], price: ModelPrice) -> Decimal:
    """Return what it cost to write down what was heard. Seconds, as some models count, have no price."""
    return _sum(
        {"audio_in": _count(usage, "input_tokens"), "text_out": _count(usage, "output_tokens")}, price
    )


def _price(model: str, table: Any) -> ModelPrice:
    if not isinstance(table, Mapping):
        raise WrongPrices(f'Begin each model\'s prices with ["{model}"] on a line of its own.')
    try:
        rates = {name: Decimal(str(table[name])) for name in _RATES}
    except KeyError as error:
        raise WrongPrices(f"{model} lacks {error.args[0]}.") from None
    except InvalidOperation:
        raise WrongPrices(f"{model}: write prices as numbers, such as 32.00.") from None
    if not all(rate.is_finite() and rate >= 0 for rate in rates.values()):
        raise WrongPrices(f"{model}: no price is below zero.")
    seen = table.get("seen")
    if type(seen) is not date:
        raise WrongPrices(f"{model}: say when the prices were seen, such as seen = 2026-11-28.")
    return ModelPrice(**rates, seen=seen, source=str(table.get("source", "")))


def _cached(went_in: Mapping[str, Any]) -> tuple[int, int]:
    """Return how many tokens of text and of audio came from the cache; unnamed, text counts first."""
    details = went_in.get("cached_tokens_details")
    if isinstance(details, Mapping):
        return _count(details, "text_tokens"), _count(details, "audio_tokens")
    cached = _count(went_in, "cached_tokens")
    text = min(cached, _count(went_in, "text_tokens"))
    return text, cached - text


def _count(counts: Mapping[str, Any], name: str) -> int:
    value = counts.get(name)
    return value if isinstance(value, int) and value > 0 else 0


def _sum(counts: Mapping[str, int], price: ModelPrice) -> Decimal:
    rates = ((max(count, 0), getattr(price, name)) for name, count in counts.items())
    return sum((count * rate for count, rate in rates), Decimal()) / _MILLION
