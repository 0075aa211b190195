"""The affiliate's pages: joining, link and code, figures, balance, statement."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from billing.affiliates import support
from billing.affiliates.attribution import FirstTouch, store_touch
from billing.affiliates.clicks import count_click
from billing.affiliates.commissions import HOLD, release_due
from billing.affiliates.keys import LIFETIME, create_key
from billing.affiliates.payouts import close_payout
from billing.models import Affiliate, Referral
from tenants.audit import Actor
from tenants.context import platform_context
from tests.billing.affiliates.conftest import (
    START,
    change,
    follow,
    make_affiliate,
    make_invoice,
    refer,
)
from tests.billing.affiliates.conftest import dana as dana  # a fixture
from tests.billing.affiliates.conftest import referral as referral  # a fixture
from tests.billing.conftest import Shop
from tests.billing.web.test_pages import html
from tests.conftest import Person, make_user

pytestmark = pytest.mark.django_db
PAGE = "/affiliate/"
STATEMENT = "/affiliate/statement/"
FILE = "/affiliate/statement.csv"
DESK = Actor.system("support desk")
QUERIES, STATEMENT_QUERIES = 18, 10


def browser_of(affiliate: Affiliate) -> Client:
    client = Client()
    client.force_login(affiliate.user, backend="allauth.account.auth_backends.AuthenticationBackend")
    return client


def tiles(page: str) -> list[str]:
    return re.findall(r'tile-value">([^<]*)<', page)


def cells(page: str) -> list[str]:
    return re.findall(r'class="num">\s*([^<\s][^<]*)<', page.replace('scope="col" class="num"', ""))


def test_everybody_may_read_the_terms(client: Client) -> None:
    assert "Affiliates: 22 % of what customers pay" in html(client.get("/pricing/"))
    page = html(client.get("/affiliates/"))
    assert [text in page for text in ("earn 22 %", "held for 30 days", "for 90 days", "from $50 on")] == [
        True
    ] * 4


def test_joining_leads_to_ones_own_page(alice: Person, settings: Any) -> None:
    settings.PUBLIC_URL = "https://callsphere.example"
    browser = alice.client()
    assert 'value="alice"' in html(browser.get(PAGE))
    assert "Take the terms to join." in html(browser.post(PAGE, {"code": "alice"}), 422)

    page = html(browser.post(PAGE, {"code": "alice", "terms": "on"}, follow=True))

    assert "https://callsphere.example/r/alice/" in page.replace("<wbr>", "")
    assert tiles(page) == ["0", "0", "0", "0"]
    assert "Nothing earned yet" in page


def test_figures_follow_those_who_came(dana: Affiliate, alice: Person, shop: Shop) -> None:
    now = timezone.now()
    with platform_context("test"):
        for address in ("192.0.2.1", "192.0.2.2", "192.0.2.1"):
            count_click(dana, address, "browser", now)
    store_touch(user=alice.user, remembered=FirstTouch(dana.code, now - timedelta(days=1)), code="", now=now)
    refer(dana, alice)
    shop.buy(alice, "one")
    follow(shop.now())
    browser = browser_of(dana)
    assert tiles(html(browser.get(PAGE))) == ["2", "1", "1", "0"]

    shop.pass_days(14)
    follow(shop.now())

    page = html(browser.get(PAGE))
    assert (tiles(page), cells(page)) == (["2", "1", "1", "1"], ["$32.78", "$0.00", "$0.00"])
    assert "Acme Dental" not in page


def test_balances_are_those_of_the_ledger(dana: Affiliate, referral: Referral, alice: Person) -> None:
    make_invoice(alice)
    follow()
    release_due(START + HOLD)
    close_payout(actor=DESK, currency="usd", minimum=1, reason="March", now=START + HOLD)
    make_invoice(alice, currency="eur", net=5_000)
    lost = make_invoice(alice, net=1_000, tax=0)
    follow()
    release_due(START + HOLD)
    change(lost, refunded=lost.paid)
    follow()
    support.adjust_balance(
        actor=DESK, affiliate=dana, currency="usd", amount=-150, reason="Wrong link", now=START
    )

    page = html(browser_of(dana).get(PAGE))

    assert cells(page) == [*("€0.00", "€11.00", "€0.00"), *("$0.00", "-$1.50", "$22.00"), "$22.00"]
    assert "-$1.50 is below zero" in page


def test_a_statement_tells_a_month(dana: Affiliate, referral: Referral, alice: Person) -> None:
    with platform_context("test"):
        Affiliate.objects.update(created_at=START)
    make_invoice(alice)
    follow()
    release_due(START + HOLD)
    support.adjust_balance(
        actor=DESK, affiliate=dana, currency="usd", amount=500, reason="=Thanks", now=START
    )
    browser = browser_of(dana)

    page = html(browser.get(STATEMENT, {"month": "2026-03"}))

    assert [text in page for text in ("Statement of March 2026", "+$22.00", "=Thanks", "-$22.00")] == [
        True
    ] * 4
    assert ("April 2026" in page, "February 2026" in page) == (True, False)
    assert "Nothing was booked in this month" in html(browser.get(STATEMENT, {"month": "2026-05"}))
    text = browser.get(FILE, {"month": "2026-03"}).content.decode()
    assert text.splitlines()[1].endswith(",Earned,usd,2200,0,")
    assert "'=Thanks" in text
    assert browser.get(FILE).content.decode() == text
    assert browser.get(FILE).headers["Content-Disposition"] == 'attachment; filename="statement-dana-all.csv"'


def test_a_month_that_is_none_does_not_exist(dana: Affiliate) -> None:
    browser = browser_of(dana)
    for month in ("", "2026-13", "x", "0000-01", "9999-12"):
        assert browser.get(STATEMENT, {"month": month}).status_code == 404
        assert browser.get(FILE, {"month": month}).status_code == 404


def test_everybody_sees_their_own_alone(
    dana: Affiliate, referral: Referral, alice: Person, charlie: Person, client: Client
) -> None:
    make_invoice(alice)
    follow()
    other = browser_of(make_affiliate("eve@example.com", "eve"))

    page = html(other.get(PAGE))
    assert (tiles(page), cells(page)) == (["0", "0", "0", "0"], [])
    assert len(other.get(FILE).content.decode().splitlines()) == 1
    for address in (STATEMENT, FILE):
        assert charlie.client().get(address).status_code == 404
        assert client.get(address).status_code == 302


@pytest.mark.parametrize("count", [1, 3])
def test_pages_ask_as_much_for_three_as_for_one(
    dana: Affiliate,
    alice: Person,
    charlie: Person,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    customers = (alice, charlie)
    for customer in customers:
        refer(dana, customer)
    for number in range(count):
        make_invoice(customers[number % 2], currency=("usd", "eur", "gbp")[number])
    follow()
    release_due(START + HOLD)
    for currency in ("usd", "eur", "gbp")[:count]:
        close_payout(actor=DESK, currency=currency, minimum=1, reason="March", now=START + HOLD)
    for year in range(count):
        create_key(actor=DESK, affiliate=dana, name=f"Key {year}", now=START + year * LIFETIME)
    browser = browser_of(dana)
    with django_assert_num_queries(QUERIES):
        assert len(cells(html(browser.get(PAGE)))) == 4 * count
    with django_assert_num_queries(STATEMENT_QUERIES):
        browser.get(STATEMENT, {"month": "2026-03"})


def test_who_is_switched_off_is_told(dana: Affiliate) -> None:
    support.set_active(actor=DESK, affiliate=dana, is_active=False, reason="Spam")

    assert "Your link and code are switched off" in html(browser_of(dana).get(PAGE))


def test_who_is_new_has_a_page_and_no_organisation(db: None) -> None:
    client = Client()
    client.force_login(
        make_user("new@example.com"), backend="allauth.account.auth_backends.AuthenticationBackend"
    )
    assert "Become an affiliate" in html(client.get(PAGE))
