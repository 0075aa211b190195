"""The list of numbers, and the room of the plan."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from tenants.context import tenant_context
from tenants.room import room_of
from tests.conftest import Person
from tests.trunks.conftest import make_trunk
from tests.trunks.numbers.conftest import Desk
from tests.trunks.numbers.pages.conftest import add_own, limit_to, number_page, page, plans_page
from tests.trunks.web.conftest import text_of
from trunks.models import PhoneNumber, Trunk
from trunks.numbers.worker import provision_due

pytestmark = pytest.mark.django_db
GONE = "+14155550139"  # somebody else is always quicker


def seen(person: Person, query: str = "") -> str:
    return text_of(person.client().get(page("list", person) + query).content)


def test_an_empty_list_leads_to_the_search(alice: Person, desk: Desk) -> None:
    html = alice.client().get(page("list", alice)).content.decode()
    assert "No numbers yet" in html
    assert f'class="btn btn-primary" href="{page("search", alice)}"' in html


def test_where_nothing_is_sold_it_leads_to_ones_own_numbers(alice: Person, trunk: Trunk) -> None:
    html = alice.client().get(page("list", alice)).content.decode()
    assert f'class="btn btn-primary" href="{page("own-add", alice)}"' in html


def test_without_room_an_empty_list_leads_to_the_plans(alice: Person, desk: Desk) -> None:
    limit_to(alice, 0)
    html = alice.client().get(page("list", alice)).content.decode()
    assert f'class="btn btn-primary" href="{plans_page(alice)}"' in html


def test_a_bought_number_says_how_far_it_is(alice: Person, bought: PhoneNumber) -> None:
    text = seen(alice)
    for words in (
        "+1 415-555-0101",
        "Front desk",
        "Active",
        "No agent answers its calls yet. It has no emergency address.",
    ):
        assert words in text
    assert "1 of 100 used" in text


def test_own_number_is_to_be_verified(alice: Person, own: PhoneNumber) -> None:
    text = seen(alice)
    for words in (
        "+49 30 901820",
        "Not verified",
        "Prove that it is yours",
        "Main line",
        "Your carrier decides",
    ):
        assert words in text


def test_full_plan_says_so_and_offers_no_more(alice: Person, bought: PhoneNumber) -> None:
    limit_to(alice, 1)
    html = alice.client().get(page("list", alice)).content.decode()
    assert "1 of 1 used" in html
    assert page("search", alice) not in html
    assert plans_page(alice) in html


def test_who_may_not_see_plans_is_told_whom_to_ask(alice: Person, bob: Person, bought: PhoneNumber) -> None:
    limit_to(alice, 1)
    assert "An owner of Acme Dental can change the plan." in seen(bob)


def test_purchase_that_failed_stays_in_sight_for_a_week(alice: Person, desk: Desk) -> None:
    desk.order(alice, GONE)
    provision_due()
    assert "Not bought" in seen(alice)
    with tenant_context(alice.tenant):
        PhoneNumber.objects.update(over_at=timezone.now() - timedelta(days=8))
    assert "+1 415-555-0139" not in seen(alice)
    assert "+1 415-555-0139" in seen(alice, "?show=over")


@pytest.mark.parametrize(
    ("query", "expected"),
    [("?q=0101", True), ("?q=415-555", True), ("?q=front", True), ("?q=0102", False), ("?show=over", False),
     ("?show=nonsense", True)],
)  # fmt: skip
def test_search(alice: Person, bought: PhoneNumber, query: str, expected: bool) -> None:
    text = seen(alice, query)
    assert ("+1 415-555-0101" in text, "No number fits" in text) == (expected, not expected)


def test_pages_follow_each_other(alice: Person, trunk: Trunk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trunks.numbers.views.lists.LISTED_AT_ONCE", 1)
    add_own(alice, trunk, "+4930901820")
    add_own(alice, trunk, "+4930901821")
    browser = alice.client()
    first = browser.get(page("list", alice))
    second = browser.get(first.context["older_url"])
    assert [row.number.number for row in first.context["rows"]] == ["+4930901821"]
    assert [row.number.number for row in second.context["rows"]] == ["+4930901820"]
    assert (second.context["older_url"], second.context["newest_url"]) == ("", page("list", alice))


def test_state_refreshes_itself_and_nothing_is_sent_while_it_stays(alice: Person, desk: Desk) -> None:
    desk.order(alice)
    browser = alice.client()
    first = browser.get(page("list", alice), headers={"HX-Request": "true"}).content.decode()
    mark = first.partition('name="seen" value="')[2].partition('"')[0]
    again = browser.get(f"{page('list', alice)}?seen={mark}", headers={"HX-Request": "true"})
    assert ("Being bought" in first, again.status_code) == (True, 204)
    provision_due()
    changed = browser.get(f"{page('list', alice)}?seen={mark}", headers={"HX-Request": "true"})
    assert (changed.status_code, "Active" in changed.content.decode()) == (200, True)


def test_another_tenants_numbers_are_not_listed(alice: Person, charlie: Person, bought: PhoneNumber) -> None:
    add_own(charlie, make_trunk(charlie), "+4930901829")
    assert ("+49 30 901829" in seen(alice), "+1 415-555-0101" in seen(charlie)) == (False, False)


def test_queries_are_the_same_for_one_and_three_numbers(alice: Person, trunk: Trunk) -> None:
    browser = alice.client()

    def queries() -> int:
        browser.get(page("list", alice))
        with CaptureQueriesContext(connection) as captured:
            assert browser.get(page("list", alice)).status_code == 200
        return len(captured)

    add_own(alice, trunk, "+4930901820")
    with_one = queries()
    other = make_trunk(alice, "Second line")
    for number in ("+4930901821", "+4930901822"):
        add_own(alice, other, number)
    assert queries() == with_one


def test_audit_log_leads_to_the_number(alice: Person, bought: PhoneNumber) -> None:
    html = alice.client().get(f"/t/{alice.tenant.slug}/audit/").content.decode()
    assert number_page("detail", alice, bought) in html
    assert f'href="{page("list", alice)}">' in html.partition("<main")[2]


def test_room_of_the_plan_leads_to_the_numbers(alice: Person) -> None:
    with tenant_context(alice.tenant):
        pages = {use.counted.column: use.counted.url_name for use in room_of(alice.tenant)}
    assert pages["number_limit"] == "numbers:list"
