"""Buying: confirmed once, whatever is pressed twice; without room it says the way out."""

from __future__ import annotations

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import NUMBER, Desk, job_of, stored
from tests.trunks.numbers.pages.conftest import (
    add_own,
    buy_page,
    limit_to,
    number_page,
    page,
    plans_page,
    searched,
)
from tests.trunks.web.conftest import text_of
from trunks.models import NumberJob, NumberSearch, PhoneNumber
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db


def test_number_is_shown_before_it_is_bought(alice: Person, search: NumberSearch) -> None:
    text = text_of(alice.client().get(buy_page(alice, search)).content)
    for words in (
        "Buy +1 415-555-0101",
        "(415) 555-0101",
        "United States, San Francisco, CA",
        "0 of 100 used",
    ):
        assert words in text
    with tenant_context(alice.tenant):
        assert PhoneNumber.objects.count() == 0


def test_confirmed_it_is_ordered_and_followed(alice: Person, search: NumberSearch) -> None:
    response = alice.client().post(buy_page(alice, search), {"label": " Front desk "})
    row = stored(alice)
    assert response["Location"] == number_page("detail", alice, row)
    assert (row.number, row.label, row.state) == (NUMBER, "Front desk", "ordered")


def test_two_clicks_buy_once(alice: Person, search: NumberSearch, desk: Desk) -> None:
    browser = alice.client()
    answers = [browser.post(buy_page(alice, search), {"label": ""}) for _ in range(2)]
    provision_due()
    assert [answer["Location"] for answer in answers] == [number_page("detail", alice, stored(alice))] * 2
    with tenant_context(alice.tenant):
        assert NumberJob.objects.count() == 1
    assert desk.bought() == [NUMBER]


def test_two_clicks_for_the_last_place_buy_once(alice: Person, search: NumberSearch) -> None:
    limit_to(alice, 1)
    browser = alice.client()
    answers = [browser.post(buy_page(alice, search), {"label": ""}) for _ in range(2)]
    assert [answer["Location"] for answer in answers] == [number_page("detail", alice, stored(alice))] * 2


def test_number_that_one_has_is_not_offered_again(alice: Person, search: NumberSearch, desk: Desk) -> None:
    row = desk.order(alice)
    assert alice.client().get(buy_page(alice, search))["Location"] == number_page("detail", alice, row)


def test_without_room_the_page_says_the_way_out(alice: Person, search: NumberSearch) -> None:
    limit_to(alice, 0)
    html = alice.client().get(buy_page(alice, search)).content.decode()
    assert "Numbers come with a plan" in html
    assert f'href="{plans_page(alice)}"' in html
    assert "Buy this number" not in html


def test_room_that_was_lost_meanwhile_is_said(alice: Person, search: NumberSearch) -> None:
    limit_to(alice, 1)
    add_own(alice, make_trunk(alice))
    response = alice.client().post(buy_page(alice, search), {"label": ""})
    html = response.content.decode()
    assert (response.status_code, "Your plan has room for 1 phone number." in html) == (422, True)
    assert f'href="{plans_page(alice)}"' in html


@pytest.mark.parametrize("number", ["+14155550199", "+1", "+x"])
def test_number_that_was_not_found_is_not_there(alice: Person, search: NumberSearch, number: str) -> None:
    browser = alice.client()
    address = buy_page(alice, search, number)
    assert (browser.get(address).status_code, browser.post(address).status_code) == (404, 404)


def test_papers_are_asked_for_where_the_law_wants_them(alice: Person, desk: Desk) -> None:
    browser = alice.client()
    german = buy_page(alice, searched(alice, country="DE"), "+493023125000")
    american = buy_page(alice, searched(alice, country="US", area_code="415"))
    asked = [
        [
            name in browser.get(address).content.decode()
            for name in ('name="address_sid"', 'name="bundle_sid"')
        ]
        for address in (german, american)
    ]
    assert asked == [[True, True], [False, False]]


def test_papers_go_with_the_order(alice: Person, desk: Desk) -> None:
    search = searched(alice, country="DE")
    address, bundle = f"AD{'1' * 32}", f"BU{'2' * 32}"
    sent = {"label": "", "address_sid": address, "bundle_sid": bundle}
    alice.client().post(buy_page(alice, search, "+493023125000"), sent)
    row = stored(alice)
    assert (row.address_sid, row.bundle_sid) == (address, bundle)


def test_purchase_that_fails_says_why_and_what_to_do(alice: Person, desk: Desk) -> None:
    gone = "+14155550139"
    search = searched(alice, contains="5550139")
    browser = alice.client()
    address = browser.post(buy_page(alice, search, gone), {"label": ""})["Location"]
    provision_due()
    html = browser.get(address).content.decode()
    assert job_of(alice).state == "failed"
    assert "It was not bought" in html
    assert stored(alice).error in text_of(html.encode())
    assert page("search", alice) in html
