"""Looking for numbers: the form, the answer when a worker has found it, what the law asks for."""

from __future__ import annotations

from typing import Any

import pytest

from tenants.context import tenant_context
from tests.conftest import Person
from tests.trunks.numbers.conftest import Desk
from tests.trunks.numbers.pages.conftest import buy_page, page, searched
from tests.trunks.web.conftest import text_of
from trunks.models import NumberSearch
from trunks.numbers.search import WAITING_AT_ONCE
from trunks.numbers.worker import provision_due
from trunks.pages.base import STOP_POLLING

pytestmark = pytest.mark.django_db
WANTED = {"country": "US", "kind": "local", "area_code": "415", "contains": "", "capabilities": ["voice"]}


def ask(person: Person, **changes: Any) -> Any:
    return person.client().post(page("search", person), {**WANTED, **changes})


def results(person: Person, **wanted: Any) -> str:
    search = searched(person, **wanted)
    return text_of(person.client().get(page("search-results", person, search_id=search.pk)).content)


def test_search_is_asked_for_and_leads_to_its_page(alice: Person, desk: Desk) -> None:
    response = ask(alice, capabilities=["voice", "sms"], contains="01")
    with tenant_context(alice.tenant):
        row = NumberSearch.objects.get()
    assert response["Location"] == page("search-results", alice, search_id=row.pk)
    assert (row.country, row.area_code, row.contains, row.needs_voice, row.needs_sms, row.needs_mms) == (
        "US", "415", "01", True, True, False,
    )  # fmt: skip


def test_page_waits_until_the_worker_has_answered(alice: Person, desk: Desk) -> None:
    address = ask(alice)["Location"]
    browser = alice.client()
    waiting = browser.get(address, headers={"HX-Request": "true"})
    provision_due()
    answered = browser.get(address, headers={"HX-Request": "true"})
    assert (waiting.status_code, answered.status_code) == (200, STOP_POLLING)
    assert "Looking for numbers of United States" in waiting.content.decode()
    assert "+1 415-555-0101" in answered.content.decode()
    assert 'hx-trigger="every 1s"' not in browser.get(address).content.decode()


def test_each_number_leads_to_its_purchase(alice: Person, search: NumberSearch) -> None:
    html = alice.client().get(page("search-results", alice, search_id=search.pk)).content.decode()
    assert f'href="{buy_page(alice, search)}"' in html


def test_what_the_law_asks_for_is_said_before_buying(alice: Person, desk: Desk) -> None:
    text = results(alice, country="DE")
    for words in (
        "the law of Germany asks a business for",
        "Commercial Register Excerpt",
        "Proof of Address",
        "one in Germany",
        "030 23125000",
    ):
        assert words in text


def test_nothing_found_says_what_to_try(alice: Person, desk: Desk) -> None:
    assert "No such number is for sale" in results(alice, country="FR")


def test_search_that_failed_says_so(alice: Person, desk: Desk) -> None:
    desk.twilio.fail(status=401, times=50)
    text = results(alice)
    assert "The search did not succeed" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"country": "DE"}, "Only numbers of the US and Canada are searched by area code."),
        ({"area_code": "41x"}, "An area code has three digits, such as 415."),
        ({"contains": "!"}, "Use 2 to 16 digits, letters and *."),
        ({"country": "XX"}, "Select a valid choice"),
    ],
)
def test_wrong_input_is_told_beside_its_field(
    alice: Person, desk: Desk, changes: dict[str, str], words: str
) -> None:
    response = ask(alice, **changes)
    assert (response.status_code, words in response.content.decode()) == (422, True)
    with tenant_context(alice.tenant):
        assert NumberSearch.objects.count() == 0


def test_too_many_waiting_searches_are_refused(alice: Person, desk: Desk) -> None:
    for _ in range(WAITING_AT_ONCE):
        ask(alice)
    response = ask(alice)
    assert (response.status_code, "Wait until your other searches" in response.content.decode()) == (
        422,
        True,
    )


def test_installation_that_sells_nothing_says_so(alice: Person, settings: Any) -> None:
    settings.TWILIO_ACCOUNT_SID = ""
    assert "No numbers are sold here" in alice.client().get(page("search", alice)).content.decode()
    assert "cannot be bought on this installation" in ask(alice).content.decode()
