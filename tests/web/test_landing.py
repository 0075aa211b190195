"""The landing page says what is true of the product."""

import pytest
from django.contrib.auth.models import AnonymousUser
from django.test import RequestFactory

from callsphere.sip.causes import CAUSES
from callsphere.web import introduction, views

pytestmark = pytest.mark.django_db  # the plans are rows


def landing() -> str:
    request = RequestFactory().get("/")
    request.user = AnonymousUser()
    return views.landing(request).content.decode()


def test_landing_names_the_plans() -> None:
    html = landing()
    assert [price in html for price in ("$149", "$499", "$1,499")] == [True, True, True]
    assert "14 days free" in html


def test_landing_speaks_with_the_dictionary_of_causes() -> None:
    shown = [each.cause for each in introduction.context()["translations"]]
    assert shown == [CAUSES[each.code] for each in shown]
    html = landing()
    assert all(f"<h3>{each.title}</h3>".replace("'", "&#x27;") in html for each in shown)


def test_landing_leads_to_sign_up_and_sign_in() -> None:
    html = landing()
    assert 'href="/accounts/signup/"' in html
    assert 'href="/accounts/login/"' in html
