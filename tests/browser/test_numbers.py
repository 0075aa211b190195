"""From no number to a bought one and back, and one that is brought along; each page examined."""

from __future__ import annotations

import re
from datetime import timedelta

import httpx
from playwright.sync_api import expect

from tenants.clock import database_now
from tenants.context import tenant_context
from tests.browser.conftest import Visitor
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import Desk
from tests.trunks.numbers.conftest import desk as desk  # a fixture
from tests.trunks.numbers.pages.conftest import add_own, limit_to
from tests.twilio_double import twilio as twilio  # a fixture
from trunks.models import PhoneNumber
from trunks.numbers.worker import provision_due

BASE = "/t/acme-dental/numbers/"
GONE = "+14155550139"


def test_from_searching_to_giving_up(visitor: Visitor, desk: Desk, alice: Person) -> None:
    limit_to(alice, 3)
    page = visitor.go(BASE)
    visitor.look("numbers-empty")
    visitor.follow("Get a number")
    page.get_by_label("Area code").fill("41")
    visitor.press("Search")
    expect(page.get_by_role("alert")).to_contain_text("An area code has three digits")
    visitor.look("number-search-wrong")
    page.get_by_label("Area code").fill("415")
    visitor.press("Search")
    expect(page.get_by_text("Looking for numbers of United States")).to_be_visible()
    visitor.look("number-search-waiting")
    provision_due()
    expect(page.get_by_role("heading", name="20 numbers")).to_be_visible()
    visitor.look("number-results")
    page.get_by_role("link", name="Choose +1 415-555-0101").click()
    page.get_by_label("Label").fill("Front desk")
    visitor.look("number-buy")
    visitor.press("Buy this number")
    expect(page.get_by_text("It is yours within seconds.")).to_be_visible()
    visitor.look("number-ordered")
    provision_due()
    expect(page.locator("#headline")).to_have_text("Active")
    visitor.look("number-active")
    visitor.follow("Enter an address")
    page.get_by_label("Street and number").fill("1 Main St")
    page.get_by_label("City").fill("Springfield")
    page.get_by_label("State or province").fill("IL")
    page.get_by_label("Postal code").fill("62701")
    visitor.look("number-emergency")
    visitor.press("Register the address")
    expect(page.get_by_text("The address is being checked.").first).to_be_visible()
    provision_due()
    expect(page.get_by_text("A call to 911 tells where to send help.")).to_be_visible()
    visitor.look("number-with-address")
    visitor.follow("Change the label")
    visitor.look("number-label")
    page.get_by_label("Label").fill("Reception")
    visitor.press("Save")
    expect(page.get_by_text("The label is saved.")).to_be_visible()
    page.get_by_label("More actions").click()
    visitor.follow("Give it up…")
    visitor.look("number-release")
    visitor.press("Give it up")
    provision_due()
    expect(page.locator("#headline")).to_have_text("Released")
    visitor.look("number-released")


def test_papers_are_asked_for(visitor: Visitor, desk: Desk) -> None:
    page = visitor.go(f"{BASE}search/")
    page.get_by_label("Country").select_option("DE")
    visitor.press("Search")
    provision_due()
    expect(page.get_by_text("Papers are needed")).to_be_visible()
    visitor.look("number-results-papers")
    page.get_by_role("link", name="Choose +49 30 23125000").click()
    visitor.look("number-buy-papers")


def test_list_with_every_state(visitor: Visitor, desk: Desk, alice: Person) -> None:
    make_trunk(alice, "Main line", "sip:203.0.113.5")
    limit_to(alice, 4)
    desk.order(alice, GONE)
    desk.order(alice, label="Front desk")
    provision_due()
    desk.order(alice, "+14155550102")
    page = visitor.go(f"{BASE}own/")
    page.get_by_role("textbox", name="Phone number").fill("+49 30 901820")
    page.get_by_label("Trunk").select_option("Main line")
    visitor.look("number-own-add")
    visitor.press("Add number")
    expect(page.get_by_text("The number is added.")).to_be_visible()
    visitor.look("number-verify")
    visitor.follow("+49 30 901820")
    expect(page.get_by_text("Until then agents cannot show it")).to_be_visible()
    visitor.look("number-unverified")
    limit_to(alice, 3)
    visitor.go(BASE)
    expect(page.get_by_role("row")).to_have_count(5)
    visitor.look("numbers")
    with tenant_context(alice.tenant):
        failed = PhoneNumber.objects.get(number=GONE)
    visitor.go(f"{BASE}{failed.pk}/")
    expect(page.get_by_text("It was not bought")).to_be_visible()
    visitor.look("number-failed")


def test_verified_by_a_call(visitor: Visitor, desk: Desk, alice: Person) -> None:
    number = add_own(alice, make_trunk(alice, "Main line"))
    page = visitor.go(f"{BASE}{number.pk}/")
    visitor.follow("Verify it by a call")
    visitor.press("Call now")
    expect(page.get_by_text("The call is being placed.")).to_be_visible()
    visitor.look("number-verify-waiting")
    provision_due()
    expect(page.locator("#code")).to_have_text(re.compile(r"[0-9]{6}"))
    visitor.look("number-verify-code")
    picked_up = {"number": number.number, "digits": page.locator("#code").inner_text()}
    httpx.post(f"{desk.twilio.url}/_double/validations", json=picked_up, trust_env=False, timeout=60)
    soon = database_now() + timedelta(seconds=3)
    provision_due(lambda: soon)
    expect(page.get_by_text("It is verified")).to_be_visible()
    expect(page.locator("#headline")).to_have_text("Active")
    visitor.look("number-verified")


def test_list_in_the_dark(visitor: Visitor, desk: Desk, alice: Person) -> None:
    desk.order(alice, label="Front desk")
    provision_due()
    visitor.context.add_cookies([{"name": "theme", "value": "dark", "url": visitor.base_url}])
    page = visitor.go(BASE)
    expect(page.get_by_role("row")).to_have_count(2)
    visitor.look("numbers-dark")
    visitor.follow("+1 415-555-0101")
    expect(page.locator("#headline")).to_have_text("Active")
    visitor.look("number-dark")
