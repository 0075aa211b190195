"""What OpenAI asks for what it counted, by the prices of the day."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from django.conf import settings

from agents.answering import TRANSCRIBES
from callsphere.providers.openai.prices import ModelPrice, cost_of_response, cost_of_transcription


def response_cost(model: str, usage: Mapping[str, Any]) -> Decimal | None:
    """Return what a response of a model cost, in USD; None where its price is not known."""
    price = _price(model)
    return cost_of_response(usage, price) if price else None


def transcription_cost(usage: Mapping[str, Any]) -> Decimal | None:
    """Return what it cost to write down something that the caller said; None where that is not known."""
    price = _price(TRANSCRIBES)
    return cost_of_transcription(usage, price) if price else None


def _price(model: str) -> ModelPrice | None:
    prices: Mapping[str, ModelPrice] = settings.OPENAI_PRICES
    return prices.get(model)
