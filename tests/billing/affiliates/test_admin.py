"""What support does for affiliates at the desk."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from billing.affiliates.ledger import Balance
from billing.models import Affiliate, AffiliateKey, Payout, Referral
from tenants.context import platform_context
from tests.billing.affiliates.conftest import (
    affiliate_token,
    balance,
    client_with,
    follow,
    journal,
    make_invoice,
)
from tests.conftest import Person, make_user
from tests.tenants.conftest import desk, sam

__all__ = ["desk", "sam"]
pytestmark = pytest.mark.django_db


def press(desk: Client, name: str, *args: Any, **fields: Any) -> Any:
    address = reverse(f"admin:billing_{name}", args=args)
    assert desk.get(address).status_code == 200
    return desk.post(address, fields)


def test_every_list_and_page_opens(dana: Affiliate, referral: Referral, alice: Person, desk: Client) -> None:
    make_invoice(alice)
    follow()
    for model in ("affiliate", "affiliatekey", "referral", "commission", "ledgertransaction", "payout"):
        assert desk.get(f"/admin/billing/{model}/").status_code == 200, model
    assert str(dana.pk) not in desk.get("/admin/billing/commission/").content.decode()
    page = desk.get(f"/admin/billing/affiliate/{dana.pk}/change/").content.decode()
    assert "$0.00 payable, $22.00 held" in page


def test_somebody_is_enrolled_and_switched_off(desk: Client) -> None:
    make_user("eve@example.com")
    answer = press(desk, "affiliate_enrol", email="Eve@example.com", code="eve", reason="Applied")
    assert answer.status_code == 302
    with platform_context("test"):
        eve = Affiliate.objects.get(code="eve", is_active=True)
    assert press(desk, "affiliate_switch", eve.pk, reason="Spam").status_code == 302
    with platform_context("test"):
        assert not Affiliate.objects.get().is_active


def test_nobody_is_enrolled_without_an_account(desk: Client) -> None:
    answer = press(desk, "affiliate_enrol", email="eve@example.com", code="eve", reason="Applied")
    assert "Nobody has an account with this address." in answer.content.decode()


def test_a_balance_is_adjusted_and_paid_out(dana: Affiliate, desk: Client) -> None:
    values = {"amount": 7_000, "currency": "usd", "reason": "Promised"}
    assert press(desk, "affiliate_adjust", dana.pk, **values).status_code == 302
    assert balance(dana) == Balance(payable=7_000)
    closing = {"currency": "usd", "minimum": 5_000, "reason": "March"}
    assert press(desk, "payout_close", **closing).status_code == 302
    assert balance(dana) == Balance()
    again = press(desk, "payout_close", **closing)
    assert "Nobody has $50.00 or more to be paid." in again.content.decode()
    with platform_context("test"):
        payout = Payout.objects.get()
    assert "$70.00" in desk.get("/admin/billing/payout/").content.decode()
    ledger = desk.get("/admin/billing/ledgertransaction/").content.decode()
    assert ("payable -$70.00" in ledger, "paid out $70.00" in ledger) == (True, True)
    answer = desk.get(reverse("admin:billing_payout_export", args=[payout.pk]))
    assert answer.headers["Content-Type"] == "text/csv"
    assert answer.content.decode().splitlines()[1] == "dana,dana@example.com,usd,7000,$70.00,2"


def test_the_form_says_who_reads_the_reason(dana: Affiliate, desk: Client) -> None:
    for name, words in (
        ("adjust", "the platform&#x27;s log; the affiliate reads the reason in their statement."),
        ("switch", "written to the platform&#x27;s log."),
    ):
        page = desk.get(reverse(f"admin:billing_affiliate_{name}", args=[dana.pk])).content.decode()
        assert (words in page, "The customer reads this" in page) == (True, False)


def test_an_adjustment_that_is_pressed_twice_is_booked_once(dana: Affiliate, desk: Client) -> None:
    values = {"amount": 7_000, "currency": "usd", "reason": "A campaign"}
    for amount in (7_000, 7_000, -7_000, 7_000):
        press(desk, "affiliate_adjust", dana.pk, **{**values, "amount": amount})

    assert journal(dana) == ["adjusted"] * 3
    assert balance(dana).payable == 7_000


def test_an_adjustment_needs_a_reason(dana: Affiliate, desk: Client) -> None:
    answer = press(desk, "affiliate_adjust", dana.pk, amount=7_000, currency="usd", reason="")
    assert (answer.status_code, balance(dana)) == (200, Balance())


def test_a_key_is_ended_with_a_reason(dana: Affiliate, desk: Client) -> None:
    token = affiliate_token(dana)
    with platform_context("test"):
        key = AffiliateKey.objects.get()
    page = desk.get(f"/admin/billing/affiliatekey/{key.pk}/change/").content.decode()
    assert (key.public_id in page, token in page, "Secret hash" in page) == (True, False, False)
    assert press(desk, "affiliatekey_revoke", key.pk, reason="").status_code == 200
    assert client_with(token).get("/api/v1/affiliate/").status_code == 200

    assert press(desk, "affiliatekey_revoke", key.pk, reason="Found in public").status_code == 302

    assert client_with(token).get("/api/v1/affiliate/").status_code == 401
    again = press(desk, "affiliatekey_revoke", key.pk, reason="Again")
    assert "This key is revoked already." in again.content.decode()


def test_a_referral_is_ended(referral: Referral, desk: Client) -> None:
    assert press(desk, "referral_end", referral.pk, reason="Fraud").status_code == 302
    with platform_context("test"):
        assert Referral.objects.get().end_reason == "Fraud"
