"""The plan that was pressed before signing up is the one that is offered first afterwards."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from billing.models import PlanWish
from billing.wishes import COOKIE
from tenants.context import platform_context, user_context
from tests.billing.conftest import Shop
from tests.billing.web.test_pages import html
from tests.conftest import PASSWORD, Person
from tests.tenants.web.test_sign_up import link_of

pytestmark = pytest.mark.django_db
BASE = "/t/acme-dental/billing/"


def offered(page: str) -> list[str]:
    """Return the plans whose buttons stand out."""
    return re.findall(r'btn-primary w-full" aria-label="Start the trial with ([^"]*)"', page)


def sign_up(client: Client) -> None:
    client.post("/accounts/signup/", {"email": "new@example.com", "password1": PASSWORD})


def test_every_plans_button_leads_to_the_sign_up(client: Client) -> None:
    buttons = [f'href="/start/{code}/"' for code in ("one", "three", "ten")]
    for address in ("/", "/pricing/"):
        page = html(client.get(address))
        assert [button in page for button in buttons] == [True] * 3

    answer = client.get("/start/three/")

    assert (answer.status_code, answer.headers["Location"]) == (302, "/accounts/signup/")
    assert "You chose <strong>3 numbers</strong>" in html(client.get("/accounts/signup/"))


def test_the_choice_is_kept_although_the_mail_is_opened_elsewhere(
    shop: Shop, client: Client, mailoutbox: list[EmailMessage]
) -> None:
    client.get("/start/one/")
    client.get("/start/ten/")  # the last one counts
    sign_up(client)
    phone = Client()
    phone.post(link_of(mailoutbox[0]))
    phone.post("/accounts/login/", {"login": "new@example.com", "password": PASSWORD})

    answer = phone.post("/welcome/", {"name": "Brightwater Dental"})

    page = html(phone.get(answer.headers["Location"]))
    assert (offered(page), page.count("You chose this one")) == (["10 numbers"], 1)


def test_without_a_choice_the_smallest_comes_first(alice: Person, shop: Shop) -> None:
    page = html(alice.client().get(f"{BASE}plans/"))
    assert (offered(page), "You chose this one" in page) == (["1 number"], False)


def test_whoever_has_an_account_is_led_home_and_offered_it(alice: Person, shop: Shop) -> None:
    browser = alice.client()
    assert browser.get("/start/three/").headers["Location"] == "/app/"
    assert offered(html(browser.get(f"{BASE}plans/"))) == ["3 numbers"]

    browser.post(f"{BASE}plans/", {"plan": "one"})

    assert COOKIE not in {name for name, each in browser.cookies.items() if each.value}


def test_what_is_not_offered_is_not_remembered(client: Client) -> None:
    assert COOKIE not in client.get("/start/nothing/").cookies
    client.cookies[COOKIE] = "nothing"
    sign_up(client)
    with platform_context("test"):
        assert PlanWish.objects.count() == 0


def test_a_wish_is_its_persons_alone_and_ends(alice: Person, charlie: Person, shop: Shop) -> None:
    now = timezone.now()
    with platform_context("test"):
        PlanWish.objects.create(user=alice.user, plan_code="three", created_at=now - timedelta(days=29))
    with user_context(charlie.user.pk):
        assert PlanWish.objects.count() == 0
    assert offered(html(alice.client().get(f"{BASE}plans/"))) == ["3 numbers"]

    with platform_context("test"):
        PlanWish.objects.update(created_at=now - timedelta(days=31))

    assert offered(html(alice.client().get(f"{BASE}plans/"))) == ["1 number"]
