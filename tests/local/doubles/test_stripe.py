"""The stand-in for Stripe itself: strictness, its file, events on their way."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import httpx
import pytest
import stripe

from callsphere.local.doubles.stripe import forms
from callsphere.local.doubles.stripe.calendar import month_after
from callsphere.local.doubles.stripe.server import Double
from callsphere.providers.stripe import Payments
from tests.doubles import KEY, SMALL, WEBHOOK_SECRET, kinds_since
from tests.doubles import double as double  # a fixture

WAIT_S = 60.0


class Endpoint:
    """A webhook endpoint that checks signatures with Stripe's SDK, and refuses the first few events."""

    def __init__(self, refuse: int = 0) -> None:
        self.seen: list[dict[str, Any]] = []
        self.refuse = refuse
        self.changed = threading.Condition()
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                status = endpoint.take(body, self.headers["Stripe-Signature"])
                self.send_response(status)
                self.end_headers()

            def log_message(self, *args: Any) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/"
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def take(self, body: bytes, signature: str) -> int:
        stripe.WebhookSignature.verify_header(body.decode(), signature, WEBHOOK_SECRET, 300)
        with self.changed:
            if self.refuse:
                self.refuse -= 1
                return 503
            self.seen.append(json.loads(body))
            self.changed.notify_all()
        return 200

    def wait_for(self, count: int) -> list[str]:
        with self.changed:
            assert self.changed.wait_for(lambda: len(self.seen) >= count, WAIT_S)
            return [event["type"] for event in self.seen]

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()


@pytest.fixture
def endpoint() -> Iterator[Endpoint]:
    opened = Endpoint()
    yield opened
    opened.close()


@pytest.fixture
def sending(endpoint: Endpoint) -> Iterator[Double]:
    running = Double(key=KEY, webhook_url=endpoint.url, webhook_secret=WEBHOOK_SECRET).start()
    yield running
    running.stop()


def test_forms_are_read_as_stripe_nests_them() -> None:
    text = "items[0][price]=p1&items[0][quantity]=1&expand[]=a&expand[]=b&metadata[x]=%26&limit=3"

    assert forms.parse(text) == {
        "items": [{"price": "p1", "quantity": "1"}],
        "expand": ["a", "b"],
        "metadata": {"x": "&"},
        "limit": "3",
    }


def test_months_keep_their_day_or_take_the_last() -> None:
    january = 1_769_860_800  # 2026-01-31 12:00 UTC
    february = month_after(january, january)

    assert february == 1_772_280_000  # 2026-02-28 12:00 UTC
    assert month_after(february, january) == 1_774_958_400  # 2026-03-31 12:00 UTC


def test_unknown_parameters_and_versions_are_refused(double: Double) -> None:
    headers = {"Authorization": f"Bearer {KEY}"}

    wrong = httpx.post(f"{double.url}/v1/customers", data={"nmae": "x"}, headers=headers, trust_env=False)
    old = httpx.get(
        f"{double.url}/v1/prices", headers={**headers, "Stripe-Version": "2020-08-27"}, trust_env=False
    )
    nowhere = httpx.get(f"{double.url}/v1/coupons", headers=headers, trust_env=False)

    assert (wrong.status_code, wrong.json()["error"]["code"]) == (400, "parameter_unknown")
    assert (old.status_code, nowhere.status_code) == (400, 404)


def test_a_restart_goes_on_where_it_was(tmp_path: Path) -> None:
    file = tmp_path / "stripe.json"
    first = Double(key=KEY, file=file).start()
    Payments(KEY, first.url).price_id(SMALL)
    first.advance(100)
    first.stop()

    second = Double(key=KEY, file=file).start()
    try:
        assert [price["lookup_key"] for price in second.account.tables["price"].values()] == [
            SMALL.lookup_key
        ]
        assert second.account.turned_s == 100
        assert kinds_since(second) == ["product.created", "price.created"]
    finally:
        second.stop()


def test_events_are_sent_until_they_are_taken(sending: Double, endpoint: Endpoint) -> None:
    endpoint.refuse = 2

    Payments(KEY, sending.url).price_id(SMALL)

    assert sorted(endpoint.wait_for(2)) == ["price.created", "product.created"]


def test_held_events_come_late_in_wrong_order_and_twice(sending: Double, endpoint: Endpoint) -> None:
    def control(what: str, **wanted: Any) -> None:
        assert httpx.post(f"{sending.url}/_double/{what}", json=wanted, trust_env=False).status_code == 200

    control("hold")
    Payments(KEY, sending.url).price_id(SMALL)
    assert endpoint.seen == []

    control("release", reverse=True, copies=2)

    assert endpoint.wait_for(4) == ["price.created", "price.created", "product.created", "product.created"]


def test_the_clock_is_turned_by_a_form_and_every_page_says_what_it_is(double: Double) -> None:
    before = double.account.now()
    assert httpx.post(double.url, data={"days": "3"}, trust_env=False).status_code == 303

    page = httpx.get(double.url, trust_env=False).text

    assert double.account.now() - before >= 3 * 86_400
    assert "No card is charged" in page
    assert httpx.get(f"{double.url}/checkout/cs_test_x", trust_env=False).status_code == 404
