"""The pages of an affiliate's keys."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from billing.affiliates import support
from billing.models import Affiliate, AffiliateKey
from tenants.audit import Actor
from tenants.context import platform_context
from tests.billing.affiliates.conftest import affiliate_token, client_with, join
from tests.billing.web.test_pages import html
from tests.conftest import Person

pytestmark = pytest.mark.django_db
PAGE, NEW = "/affiliate/", "/affiliate/keys/new/"
FIGURES = "/api/v1/affiliate/"
DESK = Actor.system("support desk")


@pytest.fixture
def affiliate(alice: Person) -> Affiliate:
    return join(alice)


def revoke_page() -> str:
    with platform_context("test"):
        return f"/affiliate/keys/{AffiliateKey.objects.get().pk}/revoke/"


def test_a_key_is_shown_once_and_works(affiliate: Affiliate, alice: Person, settings: Any) -> None:
    settings.PUBLIC_URL = "https://callsphere.example"
    browser = alice.client()
    assert "with a key of yours" in html(browser.get(PAGE))
    assert "It holds for 365 days." in html(browser.get(NEW))

    answer = browser.post(NEW, {"name": "Spreadsheet"})

    token = answer.context["token"]
    assert html(answer).count(token) >= 2
    assert "curl https://callsphere.example/api/v1/affiliate/" in html(answer)
    assert "no-store" in answer.headers["Cache-Control"]
    assert client_with(token).get(FIGURES).json()["code"] == "alice"
    page = html(browser.get(PAGE))
    assert [text in page for text in ("Spreadsheet", token[:20], token)] == [True, True, False]


@pytest.mark.parametrize("name", ["", "x" * 101])
def test_wrong_input_makes_none(affiliate: Affiliate, alice: Person, name: str) -> None:
    answer = alice.client().post(NEW, {"name": name})
    assert (answer.status_code, list(answer.context["form"].errors)) == (422, ["name"])
    with platform_context("test"):
        assert not AffiliateKey.objects.exists()


def test_the_limit_is_told(affiliate: Affiliate, alice: Person) -> None:
    browser = alice.client()
    for name in ("One", "Two"):
        assert browser.post(NEW, {"name": name}).status_code == 200
    assert "You have 2 keys in use. Revoke one first." in html(browser.post(NEW, {"name": "Three"}), 422)


def test_who_is_switched_off_makes_none_and_ends_theirs(affiliate: Affiliate, alice: Person) -> None:
    affiliate_token(affiliate)
    support.set_active(actor=DESK, affiliate=affiliate, is_active=False, reason="Spam")
    browser = alice.client()
    page = html(browser.get(PAGE))
    assert ("Make a key" in page, "Revoke…" in page) == (False, True)
    assert "You are switched off as an affiliate" in html(browser.post(NEW, {"name": "One"}), 422)
    browser.post(revoke_page())
    with platform_context("test"):
        assert AffiliateKey.objects.get().state == "revoked"


def test_a_key_ends_at_once(affiliate: Affiliate, alice: Person) -> None:
    program = client_with(affiliate_token(affiliate))
    browser, address = alice.client(), revoke_page()
    assert "Revoke “Spreadsheet”?" in html(browser.get(address))
    assert program.get(FIGURES).status_code == 200

    answer = browser.post(address)

    assert answer.headers["Location"] == "/affiliate/#api"
    assert program.get(FIGURES).status_code == 401
    assert "“Spreadsheet” was revoked." in html(browser.get(PAGE))
    assert browser.post(address).status_code == 404


def test_others_have_nothing_here(affiliate: Affiliate, bob: Person, charlie: Person, client: Client) -> None:
    affiliate_token(affiliate)
    join(charlie, "charlie")
    address = revoke_page()
    for method in ("get", "post"):
        assert getattr(client, method)(NEW).status_code == 302
        assert getattr(client, method)(address).status_code == 302
        assert getattr(bob.client(), method)(NEW).status_code == 404
        for person in (bob, charlie):
            assert getattr(person.client(), method)(address).status_code == 404
    assert "Spreadsheet" not in html(charlie.client().get(PAGE))
    with platform_context("test"):
        assert AffiliateKey.objects.get().revoked_at is None
