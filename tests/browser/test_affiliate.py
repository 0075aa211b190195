"""An affiliate's way: the terms, joining, the link, figures and statement; each page examined."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from playwright.sync_api import expect

from billing.affiliates.commissions import HOLD, release_due
from billing.affiliates.payouts import close_payout
from billing.models import Affiliate
from tenants.audit import Actor
from tenants.context import platform_context
from tests.billing.affiliates.conftest import follow, join, make_invoice, refer
from tests.browser.conftest import Visitor
from tests.conftest import Person

DESK = Actor.system("support desk")


@pytest.fixture(autouse=True)
def here(settings: Any, live_server: Any) -> None:
    """Let links lead to the running server."""
    settings.PUBLIC_URL = live_server.url


def earn(alice: Person, charlie: Person) -> None:
    """Let Charlie's tenant have paid for three months; the first share is paid out."""
    with platform_context("test"):
        affiliate = Affiliate.objects.get(user=alice.user)
        Affiliate.objects.update(created_at=timezone.now() - timedelta(days=90))
    refer(affiliate, charlie)
    for days in (70, 40, 10):
        paid_at = timezone.now() - timedelta(days=days)
        make_invoice(charlie, net=49_900, tax=4_117, paid_at=paid_at, issued_at=paid_at)
        follow(paid_at)
        if days == 40:
            release_due(paid_at - timedelta(days=70 - 40) + HOLD)
            close_payout(actor=DESK, currency="usd", minimum=1, reason="First month", now=paid_at)
    release_due(timezone.now())


def test_from_the_terms_to_the_statement(
    visitor: Visitor, open_browser: Callable[..., Visitor], alice: Person, charlie: Person
) -> None:
    stranger = open_browser()
    stranger.go("/pricing/").get_by_role("link", name="How it works").click()
    stranger.look("affiliates")

    page = visitor.go("/t/acme-dental/team/")
    page.get_by_text("alice@example.com").first.click()
    visitor.follow("Affiliate")
    visitor.look("affiliate-join")
    visitor.press("Become an affiliate")
    expect(page.get_by_text("Take the terms to join.").first).to_be_visible()
    page.get_by_label("I take the terms above").check()
    visitor.press("Become an affiliate")
    expect(page.get_by_text("You are an affiliate now. Your code is alice.")).to_be_visible()
    visitor.look("affiliate-new")

    earn(alice, charlie)
    visitor.go("/affiliate/")
    expect(page.get_by_role("button", name="Copy Link")).to_be_visible()
    expect(page.get_by_role("cell", name="$109.78").first).to_be_visible()
    visitor.look("affiliate")
    visitor.follow("Statement")
    page.get_by_role("link", name=f"{timezone.now().replace(day=1) - timedelta(days=1):%B %Y}").click()
    visitor.look("affiliate-statement")


def test_a_key_from_making_to_ending(visitor: Visitor, alice: Person) -> None:
    join(alice)
    page = visitor.go("/affiliate/")
    visitor.follow("Make a key")
    visitor.press("Make the key")
    expect(page.get_by_text("Give the key a name").first).to_be_visible()
    visitor.look("affiliate-key-new")
    page.get_by_label("Name").fill("Spreadsheet")
    visitor.press("Make the key")
    expect(page.get_by_role("region", name="Your key is ready")).to_be_visible()
    visitor.look("affiliate-key-made")
    visitor.follow("I have stored it")
    visitor.look("affiliate-keys")
    visitor.follow("Revoke… Spreadsheet")
    visitor.look("affiliate-key-revoke")
    visitor.press("Revoke the key")
    expect(page.get_by_text("“Spreadsheet” was revoked.")).to_be_visible()
    visitor.look("affiliate-key-revoked")


def test_the_link_leads_to_signing_up(open_browser: Callable[..., Visitor], alice: Person) -> None:
    with platform_context("test"):
        Affiliate.objects.create(user=alice.user, code="alice")
    stranger = open_browser()
    page = stranger.go("/r/alice/")
    expect(page.get_by_role("heading", level=1)).to_have_text("Prices")
    stranger.follow("Start free trial")
    expect(page.get_by_label("Referral code")).to_be_visible()
    stranger.look("sign-up-referral")
