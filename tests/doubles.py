"""The stand-ins for providers that tests start, on loopback."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from callsphere.local.doubles.stripe.server import Double
from callsphere.providers.stripe import Payments, PriceSpec

KEY = "sk_test_double"
WEBHOOK_SECRET = "whsec_double"
SMALL = PriceSpec("callsphere_one_v1", "callsphere_one", "1 number", 14900, "usd")
LARGE = PriceSpec("callsphere_three_v1", "callsphere_three", "3 numbers", 49900, "usd")
DAY = 86_400


def press(double: Double, path: str, **fields: str) -> Any:
    """Send the form of one of the stand-in's pages, as a browser would; return the answer."""
    import httpx

    return httpx.post(double.url + path, data=fields, trust_env=False, verify=False)


def kinds_since(double: Double, count: int = 0) -> list[str]:
    """Return the kinds of the events after the first `count`."""
    with double.account.lock:
        return [event["type"] for event in double.account.events[count:]]


@pytest.fixture
def double() -> Iterator[Double]:
    """A fresh stand-in for Stripe."""
    running = Double(key=KEY).start()
    yield running
    running.stop()


@pytest.fixture
def payments(double: Double) -> Payments:
    """The provider, talking to the stand-in through Stripe's own SDK."""
    return Payments(KEY, double.url)
