"""From choosing a plan to its receipt, clicked through at the stand-in for Stripe; each page examined."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from billing.looking import look_after_due
from callsphere.local.doubles.stripe.server import Double
from tests.billing.conftest import Shop, bought
from tests.billing.conftest import shop as shop  # a fixture
from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.doubles import double as double  # a fixture

BASE = "/t/acme-dental/billing/"


@pytest.fixture(autouse=True)
def here(settings: Any, live_server: Any) -> None:
    """Let links lead to the running server."""
    settings.PUBLIC_URL = live_server.url


def test_prices(open_browser: Callable[..., Visitor]) -> None:
    stranger = open_browser()
    page = stranger.go("/pricing/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Prices")
    stranger.look("pricing")


def test_from_the_choice_to_the_trial(visitor: Visitor, shop: Shop, alice: Person, double: Double) -> None:
    page = visitor.go(BASE)
    visitor.look("billing-none")
    visitor.follow("Choose a plan")
    visitor.look("billing-choose")
    page.get_by_role("button", name="Start the trial with 3 numbers").click()
    expect(page.get_by_text("The checkout is being opened")).to_be_visible()
    visitor.look("billing-request")
    shop.do()
    page.wait_for_url(f"{double.url}/checkout/**")
    expect(page.get_by_text("No card is charged")).to_be_visible()
    page.screenshot(path=visitor.folder / "stripe-checkout-1280.png", full_page=True)
    page.get_by_role("button", name="Start the trial").click()
    page.wait_for_url(f"**{BASE}returned/")
    expect(page.get_by_text("We wait for the payment provider")).to_be_visible()
    shop.hear()
    expect(page.get_by_text("Your trial of 3 numbers has begun")).to_be_visible()
    visitor.look("billing-returned")
    visitor.go(BASE)
    expect(page.get_by_role("heading", level=1)).to_have_text("3 numbers")
    visitor.look("billing-trial")


def test_another_plan_and_the_end_of_it(visitor: Visitor, shop: Shop, alice: Person) -> None:
    shop.buy(alice, "three")
    shop.pass_days(14)
    page = visitor.go(f"{BASE}plans/")
    visitor.look("billing-change-choose")
    visitor.follow("Change to 1 number")
    visitor.look("billing-change")
    visitor.press("Change to 1 number")
    expect(page.get_by_text("The payment provider is being told")).to_be_visible()
    shop.do()
    page.wait_for_url(f"**{BASE}")
    expect(page.get_by_text("A smaller plan is coming")).to_be_visible()
    visitor.look("billing-next-plan")
    visitor.follow("Cancel the plan…")
    visitor.look("billing-cancel")
    visitor.go(f"{BASE}invoices/")
    visitor.look("billing-invoices")


def test_an_unpaid_invoice_is_paid(visitor: Visitor, shop: Shop, alice: Person, double: Double) -> None:
    shop.buy(alice, card="0341")
    shop.pass_days(14)
    until = bought(alice).grace_until
    assert until is not None
    look_after_due(until)
    page = visitor.go("/t/acme-dental/team/")
    expect(page.get_by_text("Read-only").first).to_be_visible()
    visitor.look("read-only")
    visitor.go(BASE)
    visitor.look("billing-overdue")
    visitor.press("Pay now")
    expect(page.get_by_text("The payment pages are being opened")).to_be_visible()
    shop.do()
    page.wait_for_url(f"{double.url}/portal/**")
    page.screenshot(path=visitor.folder / "stripe-portal-1280.png", full_page=True)
    page.get_by_role("button", name="Use visa •••• 4242").click()
    page.get_by_role("button", name="Pay the open invoice").click()
    page.get_by_role("link", name="Back to CallSphere").click()
    shop.hear()
    visitor.go(BASE)
    expect(page.get_by_text("Paid").first).to_be_visible()
