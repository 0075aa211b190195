"""An affiliate's figures in the API: whose key reads what."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from billing.affiliates import api, support
from billing.affiliates.commissions import HOLD, release_due
from billing.affiliates.keys import revoke_key
from billing.affiliates.payouts import close_payout
from billing.models import Affiliate, AffiliateKey, Referral
from tenants.audit import Actor
from tenants.context import platform_context
from tenants.models import User
from tenants.tokens import AFFILIATE_KEY, new_key
from tests.billing.affiliates.conftest import (
    START,
    affiliate_client,
    affiliate_token,
    change,
    client_with,
    follow,
    join,
    make_invoice,
    refer,
)
from tests.conftest import Person
from tests.tenants.api.test_errors import assert_problem

pytestmark = pytest.mark.django_db
FIGURES = "/api/v1/affiliate/"
STATEMENT = "/api/v1/affiliate/statements/2026-03/"
PAYOUTS = "/api/v1/affiliate/payouts/"
ADDRESSES = (FIGURES, STATEMENT, PAYOUTS)
DESK = Actor.system("support desk")
QUERIES = {FIGURES: 13, STATEMENT: 11, PAYOUTS: 10}


def pay_out(currency: str = "usd", now: datetime = START + HOLD) -> None:
    close_payout(actor=DESK, currency=currency, minimum=1, reason="March", now=now)


def refused(client: APIClient) -> list[str]:
    """Return what each address says to a key that it does not take."""
    return [assert_problem(client.get(each), 401, "invalid_api_key")["detail"] for each in ADDRESSES]


def note_use_at(moment: datetime) -> None:
    with platform_context("test"):
        AffiliateKey.objects.update(last_used_at=moment)


# What is read


def test_a_new_affiliate_reads_link_and_terms(dana: Affiliate, settings: Any) -> None:
    settings.PUBLIC_URL = "https://callsphere.example"
    answer = affiliate_client(dana).get(FIGURES)

    assert (answer.status_code, answer.json()) == (
        200,
        {
            "code": "dana",
            "link": "https://callsphere.example/r/dana/",
            "terms": {"share": 2_200, "attribution_days": 90, "hold_days": 30},
            "clicks": 0,
            "sign_ups": 0,
            "trials": 0,
            "conversions": 0,
            "balances": [],
        },
    )
    assert answer.headers["ETag"].startswith('W/"')


def test_figures_are_those_of_the_ledger(dana: Affiliate, referral: Referral, alice: Person) -> None:
    with platform_context("test"):
        Referral.objects.update(trial_at=START, converted_at=START)
    make_invoice(alice)
    follow()
    release_due(START + HOLD)
    pay_out()
    make_invoice(alice, currency="eur", net=5_000)
    lost = make_invoice(alice, net=1_000, tax=0)
    follow()
    release_due(START + HOLD)
    change(lost, refunded=lost.paid)
    follow()
    support.adjust_balance(
        actor=DESK, affiliate=dana, currency="usd", amount=-150, reason="Wrong link", now=START
    )

    body = affiliate_client(dana).get(FIGURES).json()

    assert (body["trials"], body["conversions"]) == (1, 1)
    assert body["balances"] == [
        {"currency": "eur", "held": 0, "payable": 1_100, "paid": 0},
        {"currency": "usd", "held": 0, "payable": -150, "paid": 2_200},
    ]
    assert "Acme" not in str(body)


def test_a_statement_tells_a_month(dana: Affiliate, referral: Referral, alice: Person) -> None:
    make_invoice(alice)
    follow()
    support.adjust_balance(
        actor=DESK, affiliate=dana, currency="usd", amount=500, reason="Thanks", now=START + HOLD / 2
    )
    release_due(START + HOLD)
    later = START + HOLD + timedelta(days=1)
    pay_out(now=later)
    client = affiliate_client(dana)

    march, april = (
        client.get(f"/api/v1/affiliate/statements/{month}/").json() for month in ("2026-03", "2026-04")
    )

    shared = {"currency": "usd", "reason": ""}
    assert march["entries"] == [
        {**shared, "number": 1, "booked_at": "2026-03-01T12:00:00Z", "kind": "earned"}
        | {"held": 2_200, "payable": 0},
        {**shared, "number": 2, "booked_at": "2026-03-16T12:00:00Z", "kind": "adjusted"}
        | {"held": 0, "payable": 500, "reason": "Thanks"},
        {**shared, "number": 3, "booked_at": "2026-03-31T12:00:00Z", "kind": "released"}
        | {"held": -2_200, "payable": 2_200},
    ]
    assert march["totals"] == [
        {"currency": "usd", "held": 0, "payable": 2_700, "closing_held": 0, "closing_payable": 2_700}
    ]
    assert [each["kind"] for each in april["entries"]] == ["paid_out"]
    assert april["totals"] == [
        {"currency": "usd", "held": 0, "payable": -2_700, "closing_held": 0, "closing_payable": 0}
    ]
    before = client.get("/api/v1/affiliate/statements/2026-02/").json()
    assert before == {"month": "2026-02", "entries": [], "totals": []}


@pytest.mark.parametrize("month", ["2026-13", "2026-3", "x", "0000-01", "9999-12", "2026-03-01"])
def test_a_month_that_is_none_does_not_exist(dana: Affiliate, month: str) -> None:
    answer = affiliate_client(dana).get(f"/api/v1/affiliate/statements/{month}/")
    assert_problem(answer, 404, "not_found")


def test_payouts_come_in_pages_the_newest_first(dana: Affiliate, referral: Referral, alice: Person) -> None:
    for month in range(3):
        make_invoice(alice, net=10_000 + month * 1_000)
        follow()
        release_due(START + HOLD)
        pay_out(now=START + HOLD + timedelta(days=month))
    client = affiliate_client(dana)

    first = client.get(PAYOUTS, {"page_size": 2}).json()
    last = client.get(first["next"]).json()

    assert first["results"] == [
        {"number": 9, "paid_at": "2026-04-02T12:00:00Z", "currency": "usd", "amount": 2_640},
        {"number": 6, "paid_at": "2026-04-01T12:00:00Z", "currency": "usd", "amount": 2_420},
    ]
    assert [each["amount"] for each in last["results"]] == [2_200]
    assert last["next"] is None


@pytest.mark.parametrize(
    ("query", "field"),
    [("?page_size=0", "page_size"), ("?cursor=x", "cursor"), ("?currency=usd", "currency")],
)
def test_wrong_parameters_are_named(dana: Affiliate, query: str, field: str) -> None:
    body = assert_problem(affiliate_client(dana).get(f"{PAYOUTS}{query}"), 400, "invalid")
    assert [each["field"] for each in body["errors"]] == [field]


@pytest.mark.parametrize("address", ADDRESSES)
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete", "options"])
def test_nothing_is_changed_here(dana: Affiliate, address: str, method: str) -> None:
    assert_problem(getattr(affiliate_client(dana), method)(address), 405, "method_not_allowed")


@pytest.mark.parametrize("count", [1, 3])
def test_three_ask_as_much_as_one(
    dana: Affiliate,
    referral: Referral,
    alice: Person,
    count: int,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for currency in ("usd", "eur", "gbp")[:count]:
        make_invoice(alice, currency=currency)
        follow()
        release_due(START + HOLD)
        pay_out(currency)
    client = affiliate_client(dana)
    note_use_at(timezone.now() + timedelta(hours=1))  # no use is noted meanwhile
    for address, queries in QUERIES.items():
        with django_assert_num_queries(queries):
            assert client.get(address).status_code == 200


# Whose key


def test_everybody_reads_their_own_alone(
    alice: Person, bob: Person, charlie: Person, referral: Referral
) -> None:
    own, other = join(alice), join(charlie, "charlie")
    refer(own, charlie)
    make_invoice(charlie)
    follow()
    release_due(START + HOLD)
    pay_out()
    mine, theirs = affiliate_client(own), affiliate_client(other)

    assert mine.get(FIGURES).json()["balances"] == [
        {"currency": "usd", "held": 0, "payable": 0, "paid": 2_200}
    ]
    assert (theirs.get(FIGURES).json()["code"], theirs.get(FIGURES).json()["balances"]) == ("charlie", [])
    assert theirs.get(STATEMENT).json() == {"month": "2026-03", "entries": [], "totals": []}
    assert theirs.get(PAYOUTS).json()["results"] == []
    assert [bob.client().get(each).status_code for each in ADDRESSES] == [401] * 3  # signed in is no key


def test_without_a_key_one_is_asked_for() -> None:
    for address in ADDRESSES:
        answer = APIClient().get(address)
        body = assert_problem(answer, 401, "not_authenticated")
        assert body["detail"] == "Send an affiliate's key, as in: Authorization: Bearer cs_aff_…"
        assert answer.headers["WWW-Authenticate"] == 'Bearer realm="callsphere"'


def test_an_organisations_key_is_told_which_is_wanted(alice: Person) -> None:
    join(alice)
    for sentence in refused(alice.api()):
        assert sentence.startswith("This is an organisation's key. Here an affiliate's own key is wanted.")


def test_elsewhere_the_affiliates_key_is_told_which_is_wanted(alice: Person) -> None:
    client = affiliate_client(join(alice))
    for address in ("/api/v1/tenant/", "/api/v1/trunks/", "/api/v1/invoices/"):
        body = assert_problem(client.get(address), 401, "invalid_api_key")
        assert body["detail"].startswith("This is an affiliate's key, which reads /api/v1/affiliate/")


def test_a_key_that_nobody_has_is_refused(dana: Affiliate) -> None:
    token = affiliate_token(dana)
    other, _public_id = new_key(AFFILIATE_KEY)
    right_id = token[:20] + other[20:]  # cs_aff_ and 12 characters of an id that exists, _ and another secret
    for wrong in (other, right_id, token[:-1], f"{token}x", "cs_aff_", "nonsense"):
        assert len(refused(client_with(wrong))) == 3
    assert client_with(token).get(FIGURES).status_code == 200


def test_a_key_that_ended_is_refused(dana: Affiliate) -> None:
    client = affiliate_client(dana)
    assert client.get(FIGURES).status_code == 200
    with platform_context("test"):
        AffiliateKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    assert "expired or revoked" in refused(client)[0]
    with platform_context("test"):
        AffiliateKey.objects.update(expires_at=timezone.now() + timedelta(days=1))
        key = AffiliateKey.objects.get()
    assert client.get(FIGURES).status_code == 200
    revoke_key(actor=DESK, key=key, now=timezone.now())
    assert "expired or revoked" in refused(client)[0]


def test_who_is_no_affiliate_any_more_is_refused(dana: Affiliate) -> None:
    client = affiliate_client(dana)
    support.set_active(actor=DESK, affiliate=dana, is_active=False, reason="Spam")
    assert "or switched off" in refused(client)[0]
    support.set_active(actor=DESK, affiliate=dana, is_active=True, reason="Settled")
    assert client.get(FIGURES).status_code == 200
    User.objects.filter(pk=dana.user_id).update(is_active=False)
    assert "or switched off" in refused(client)[0]


def test_use_is_recorded_once_a_minute(dana: Affiliate) -> None:
    def last_used() -> datetime | None:
        with platform_context("test"):
            return AffiliateKey.objects.get().last_used_at

    client = affiliate_client(dana)
    assert last_used() is None
    client.get(FIGURES)
    first = last_used()
    assert first is not None
    later = first + timedelta(hours=1)
    note_use_at(later)
    client.get(FIGURES)
    assert last_used() == later
    note_use_at(first - timedelta(seconds=61))
    client.get(FIGURES)
    again = last_used()
    assert again is not None
    assert again > first


def test_all_keys_of_an_affiliate_share_the_limit(
    dana: Affiliate, alice: Person, monkeypatch: pytest.MonkeyPatch
) -> None:
    cache.clear()
    monkeypatch.setattr(api, "REQUESTS_PER_MINUTE", 2)
    one, two = affiliate_client(dana), affiliate_client(dana)
    answers = [client.get(FIGURES) for client in (one, two, one)]
    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert_problem(answers[2], 429, "throttled")
    assert re.fullmatch(r"[1-9]\d*", answers[2].headers["Retry-After"])
    assert affiliate_client(join(alice)).get(FIGURES).status_code == 200
    cache.clear()
