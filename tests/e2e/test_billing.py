"""A purchase whose events travel over sockets: late, in wrong order, and each twice."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

import httpx
import pytest

from billing import inbox
from billing.enums import Status
from billing.models import StripeEvent
from callsphere.local.doubles.stripe.server import Double
from tenants.context import platform_context
from tests.billing.conftest import Shop, bought, invoices
from tests.conftest import Person
from tests.doubles import KEY, WEBHOOK_SECRET, press

pytestmark = pytest.mark.django_db(transaction=True)
WAIT_S = 60.0


@pytest.fixture
def shop(live_server: Any, settings: Any) -> Iterator[Shop]:
    """The stand-in, telling the running server what happens."""
    settings.PUBLIC_URL = live_server.url
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRET = KEY, WEBHOOK_SECRET
    double = Double(
        key=KEY, webhook_url=f"{live_server.url}/webhooks/stripe/", webhook_secret=WEBHOOK_SECRET
    ).start()
    settings.STRIPE_BASE_URL = double.url
    yield Shop(double)
    double.stop()


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def control(shop: Shop, what: str, **wanted: Any) -> None:
    answer = httpx.post(f"{shop.double.url}/_double/{what}", json=wanted, trust_env=False, verify=False)
    assert answer.status_code == 200


def all_taken(shop: Shop) -> bool:
    with shop.double.account.lock:
        return all(event["pending_webhooks"] == 0 for event in shop.double.account.events)


def test_late_repeated_and_out_of_order_events_lead_to_what_is_so(shop: Shop, alice: Person) -> None:
    control(shop, "hold")
    request = shop.ask(alice, "checkout", plan="one")
    shop.do()
    press(shop.double, shop.url_of(request), card="4242", country="US")
    control(shop, "clock", advance=14 * 86_400)
    assert bought(alice).status == Status.NONE

    control(shop, "release", reverse=True, copies=2)
    wait_until(lambda: all_taken(shop))
    inbox.process_due()

    with shop.double.account.lock:
        sent = {event["id"] for event in shop.double.account.events}
    with platform_context("test"):
        assert set(StripeEvent.objects.values_list("event_id", flat=True)) == sent
    assert (bought(alice).status, [each.total for each in invoices(alice)]) == (Status.ACTIVE, [14_900, 0])
