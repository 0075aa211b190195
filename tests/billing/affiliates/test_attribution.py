"""From a link or a code to the organisation: the first touch counts, for 90 days."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from billing.affiliates.attribution import COOKIE, FirstTouch, store_touch
from billing.affiliates.clicks import count_click, forget_salts
from billing.models import Affiliate, ClickSalt, Referral, ReferralClick, ReferralTouch
from tenants.audit import Actor
from tenants.context import platform_context, user_context
from tenants.models import User
from tenants.services import create_tenant
from tests.billing.affiliates.conftest import START, make_affiliate
from tests.conftest import PASSWORD, Person, make_user

pytestmark = pytest.mark.django_db


def sign_up(client: Client, code: str = "", email: str = "new@example.com") -> Any:
    values = {"email": email, "password1": PASSWORD, "referral_code": code}
    return client.post(reverse("account_signup"), values)


def touches() -> list[tuple[str, str, int]]:
    with platform_context("test"):
        rows = ReferralTouch.objects.order_by("touched_at")
        return list(rows.values_list("affiliate__code", "source", "rate"))


def referrals() -> list[tuple[str, str, int]]:
    with platform_context("test"):
        return list(Referral.objects.values_list("affiliate__code", "customer__name", "rate"))


def make_tenant(user: User, name: str = "New Ltd") -> None:
    create_tenant(name=name, owner=user, actor=Actor.user(user))


def touched(affiliate: Affiliate, ago: timedelta = timedelta(days=1)) -> User:
    """Make a person who came through this affiliate so long ago."""
    user, now = make_user("new@example.com"), timezone.now()
    store_touch(user=user, remembered=FirstTouch(affiliate.code, now - ago), code="", now=now)
    return user


# Links


def test_a_link_leads_to_the_prices_and_on_to_the_organisation(dana: Affiliate) -> None:
    client = Client()
    answer = client.get("/r/dana/")
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("billing:pricing"))
    cookie = answer.cookies[COOKIE]
    assert (cookie["max-age"], cookie["httponly"], cookie["samesite"]) == (90 * 86_400, True, "Lax")

    sign_up(client)
    make_tenant(User.objects.get(email="new@example.com"))

    assert (touches(), referrals()) == ([("dana", "link", 2_200)], [("dana", "New Ltd", 2_200)])


def test_the_first_link_counts(dana: Affiliate) -> None:
    make_affiliate("eve@example.com", "eve")
    client = Client()
    client.get("/r/dana/")
    assert COOKIE not in client.get("/r/eve/").cookies
    sign_up(client, code="eve")
    assert touches() == [("dana", "link", 2_200)]


def test_a_cookie_that_somebody_made_up_counts_nothing(dana: Affiliate) -> None:
    client = Client()
    client.cookies[COOKIE] = "dana:1700000000"
    sign_up(client)
    assert touches() == []


@pytest.mark.parametrize("code", ["nobody", "eve"])
def test_a_link_that_counts_nothing_leads_to_the_prices_too(dana: Affiliate, code: str) -> None:
    make_affiliate("eve@example.com", "eve", is_active=False)
    answer = Client().get(f"/r/{code}/")
    assert (answer.status_code, answer.headers["Location"]) == (302, reverse("billing:pricing"))
    assert COOKIE not in answer.cookies


# Codes


def test_a_code_counts_however_it_is_written(dana: Affiliate) -> None:
    sign_up(Client(), code=" DANA ")
    assert touches() == [("dana", "code", 2_200)]


def test_a_code_that_nobody_has_is_said(dana: Affiliate) -> None:
    answer = sign_up(Client(), code="nobody")
    assert "Nobody has this code. Check it, or leave the field empty." in answer.content.decode()
    assert not User.objects.filter(email="new@example.com").exists()


def test_without_either_nothing_is_stored(dana: Affiliate) -> None:
    sign_up(Client())
    make_tenant(User.objects.get(email="new@example.com"))
    assert (touches(), referrals()) == ([], [])


# Organisations


@pytest.mark.parametrize(("days", "count"), [(89, 1), (90, 0)])
def test_a_touch_counts_for_ninety_days(dana: Affiliate, days: int, count: int) -> None:
    make_tenant(touched(dana, timedelta(days=days)))
    assert len(referrals()) == count


def test_the_rate_of_the_touch_is_the_one_that_was_promised(dana: Affiliate) -> None:
    user = touched(dana)
    with platform_context("test"):
        Affiliate.objects.update(rate=1_000)
    make_tenant(user)
    assert referrals() == [("dana", "New Ltd", 2_200)]


def test_a_second_organisation_is_no_new_customer(dana: Affiliate) -> None:
    user = touched(dana)
    make_tenant(user)
    make_tenant(user, "Another")
    assert referrals() == [("dana", "New Ltd", 2_200)]


def test_nobody_brings_themselves(dana: Affiliate) -> None:
    user = User.objects.get(pk=dana.user_id)
    now = timezone.now()
    assert store_touch(user=user, remembered=FirstTouch("dana", now), code="dana", now=now) is None


def test_nor_once_they_became_an_affiliate_of_that_code(dana: Affiliate) -> None:
    user = touched(dana)
    with platform_context("test"):
        Affiliate.objects.update(user=user)
    make_tenant(user)
    assert referrals() == []


# Clicks


def visitors(affiliate: Affiliate) -> int:
    with user_context(affiliate.user_id):
        return ReferralClick.objects.count()


def test_a_visitor_counts_once_a_day(dana: Affiliate) -> None:
    for address in ("192.0.2.1", "192.0.2.1", "192.0.2.2"):
        Client(REMOTE_ADDR=address).get("/r/dana/")
    assert visitors(dana) == 2


def test_a_site_of_many_addresses_counts_once(dana: Affiliate) -> None:
    for address in ("2001:db8::1", "2001:db8::2", "2001:db8:1::1"):
        Client(REMOTE_ADDR=address).get("/r/dana/")
    assert visitors(dana) == 2


def test_what_is_no_visit_does_not_count(dana: Affiliate) -> None:
    Client().head("/r/dana/")
    Client(headers={"Sec-Purpose": "prefetch"}).get("/r/dana/")
    assert visitors(dana) == 0


def test_no_more_than_an_audience_counts(dana: Affiliate, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("billing.affiliates.clicks.MOST_A_DAY", 2)
    for number in range(4):
        Client(REMOTE_ADDR=f"192.0.2.{number}").get("/r/dana/")
    assert visitors(dana) == 2


def test_a_click_keeps_no_address_and_the_salt_goes_with_the_day(dana: Affiliate, alice: Person) -> None:
    with platform_context("test"):
        count_click(dana, "192.0.2.1", "Firefox", START)
        count_click(dana, "192.0.2.1", "Firefox", START + timedelta(days=1))
    forget_salts(START + timedelta(days=1))
    with platform_context("test"):
        first, second = ReferralClick.objects.order_by("day")
        assert first.visitor != second.visitor
        assert "192.0.2.1" not in str(vars(first))
        assert [each.day for each in ClickSalt.objects.all()] == [second.day]
    with user_context(alice.user.pk):
        assert ReferralClick.objects.count() == 0
